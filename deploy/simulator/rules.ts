/** How accepted messages go on; times are ms after acceptance, null leaves the status out. */
export interface DeliveryRules {
  sentMs: number | null
  deliveredMs: number | null
  readMs: number | null
  /** Share of accepted messages that fail later, with `failCode`. */
  failRate: number
  failCode: number
  /** Share of webhooks that come twice; `copies` sends every one so often. */
  duplicateRate: number
  copies: number
  /** Statuses of one message come in random order. */
  shuffle: boolean
  /** Share of read messages without a `delivered`; true = all. */
  skipDelivered: boolean | number
  /** Every webhook waits a random time up to this. */
  jitterMs: number
  /** At most so many changes in one POST, collected for `batchMs`. */
  batch: number
  batchMs: number
}

export interface Rules {
  window: boolean
  pair: boolean
  throughput: boolean
  /** Management calls per WABA and hour. */
  managementCalls: boolean
  /** Links of media are fetched; otherwise they are believed unless their host ends in `.invalid`. */
  fetchLinks: boolean
  /** Usage headers on every answer. */
  usageHeaders: boolean
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
}
