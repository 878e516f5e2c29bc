/** Which webhooks follow an accepted message. Times are ms after acceptance; null leaves the status out. */
export interface DeliveryRules {
  sentMs: number | null
  deliveredMs: number | null
  readMs: number | null
  /** Share of accepted messages that fail with `failCode`. */
  failRate: number
  failCode: number
  /** Share of webhooks that are sent twice. */
  duplicateRate: number
  /** How many times every webhook is sent. */
  copies: number
  /** Sends the statuses of a message in random order. */
  shuffle: boolean
  /** Share of read messages that get no `delivered`; true = all. */
  skipDelivered: boolean | number
  /** Longest random delay of a webhook. */
  jitterMs: number
  /** Most changes in one POST; they are collected for `batchMs`. */
  batch: number
  batchMs: number
}

/** The rules of Meta that are enforced. */
export interface Rules {
  /** The 24-hour customer service window. */
  window: boolean
  /** One message per 6 s to one person. */
  pair: boolean
  /** Messages per second of a number. */
  throughput: boolean
  /** Management calls per WABA and hour. */
  managementCalls: boolean
  /** Fetches links of media; otherwise a link fails only when its host ends in `.invalid`. */
  fetchLinks: boolean
  /** Adds usage headers to every answer. */
  usageHeaders: boolean
  /** The free replies of a month say so; otherwise they look like billed ones, and only the invoice knows. Which it is, Meta does not document. */
  markFreeReplies: boolean
}

export const DEFAULT_DELIVERY: DeliveryRules = {
  sentMs: 100,
  deliveredMs: 400,
  readMs: 1000,
  failRate: 0,
  failCode: 131026,
  duplicateRate: 0,
  copies: 1,
  shuffle: false,
  skipDelivered: false,
  jitterMs: 0,
  batch: 1,
  batchMs: 20,
}

export const DEFAULT_RULES: Rules = {
  window: true,
  pair: true,
  throughput: true,
  managementCalls: true,
  fetchLinks: false,
  usageHeaders: false,
  markFreeReplies: true,
}
