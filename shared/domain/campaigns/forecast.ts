/** Forecast of how waiting messages go out when several flows share a rate. Pure, so that a change of limits can be simulated. */

/** Messages that wait at one number and go out one by one: its replies, or one campaign. */
export interface SendFlow {
  phoneNumberId: string
  /** Portfolio whose messaging limit the number counts against. */
  portfolioId: string
  /** All `chat` messages go before any of `campaign`. */
  priority: 'chat' | 'campaign'
  count: number
  /** The flow's own limit in messages a second; Infinity: as fast as its number. */
  mostPerSecond: number
}

export interface Rates {
  /** Messages a second by number; a number that is missing sends nothing. */
  numbers: ReadonlyMap<string, number>
  /** Messages a second of all numbers together, as the tenant limits itself; Infinity: no limit. */
  sharedRate: number
}

export interface End {
  /** Time until the last message is sent; null: never, under the present limits. */
  seconds: number | null
  /** Messages sent by then, of all flows and of those of its portfolio. */
  sent: number
  sentOfPortfolio: number
}

const PRIORITIES_IN_ORDER = ['chat', 'campaign'] as const
/** Tolerance for rounding: smaller rates count as zero. */
const TOLERANCE = 1e-9

/**
 * Present rate of each flow. The flows of one priority grow alike, each until it meets a limit; the rest goes to the next
 * priority.
 */
export function share(flows: readonly SendFlow[], { numbers, sharedRate }: Rates): number[] {
  const given = flows.map(() => 0)
  const left = new Map(numbers)
  let leftOfShared = sharedRate
  for (const priority of PRIORITIES_IN_ORDER) {
    const room = (i: number) => {
      const { phoneNumberId, mostPerSecond } = flows[i] as SendFlow
      return { own: mostPerSecond - (given[i] as number), number: left.get(phoneNumberId) ?? 0 }
    }
    const mayGrow = (i: number) => leftOfShared > TOLERANCE && room(i).own > TOLERANCE && room(i).number > TOLERANCE
    let open = flows.flatMap((flow, i) => (flow.priority === priority && flow.count > 0 ? [i] : [])).filter(mayGrow)
    while (open.length > 0) {
      const beside = Map.groupBy(open, i => (flows[i] as SendFlow).phoneNumberId)
      const steps = open.map(i => {
        const { own, number } = room(i)
        return Math.min(own, number / (beside.get((flows[i] as SendFlow).phoneNumberId)?.length ?? 1))
      })
      const step = Math.min(leftOfShared / open.length, ...steps)
      for (const i of open) given[i] = (given[i] as number) + step
      for (const [id, sharing] of beside) left.set(id, (left.get(id) ?? 0) - step * sharing.length)
      leftOfShared -= step * open.length
      open = open.filter(mayGrow)
    }
  }
  return given
}

/** End of each flow, computed from one end to the next: a flow that has ended leaves its share to the others. */
export function forecastCapacity(flows: readonly SendFlow[], rates: Rates): End[] {
  const waiting = flows.map(flow => ({ ...flow }))
  const ends = flows.map(({ count }): End => ({ seconds: count > 0 ? null : 0, sent: 0, sentOfPortfolio: 0 }))
  for (let seconds = 0; ; ) {
    const rate = share(waiting, rates)
    const next = Math.min(...waiting.map(({ count }, i) => (count > 0 && rate[i] ? count / rate[i] : Infinity)))
    if (next === Infinity) return ends
    seconds += next
    for (const [i, flow] of waiting.entries()) {
      const after = flow.count - next * (rate[i] as number)
      flow.count = after > 1e-6 ? after : 0
    }
    for (const [i, { count }] of waiting.entries())
      if (count === 0 && ends[i]?.seconds === null) ends[i] = { seconds, ...sentUntil(flows, waiting, flows[i] as SendFlow) }
  }
}

function sentUntil(
  flows: readonly SendFlow[],
  waiting: readonly SendFlow[],
  { portfolioId }: SendFlow,
): Pick<End, 'sent' | 'sentOfPortfolio'> {
  const sent = flows.map(({ count }, i) => count - (waiting[i] as SendFlow).count)
  const sum = (counts: number[]) => Math.round(counts.reduce((a, b) => a + b, 0))
  return { sent: sum(sent), sentOfPortfolio: sum(sent.filter((_, i) => flows[i]?.portfolioId === portfolioId)) }
}

/** A daily limit, part of which is used up. */
export interface Day {
  limit: number
  used: number
  /** Messages that count against the limit until the flow ends. */
  sent: number
}

const DAY_SECONDS = 86_400

/** Whole seconds until the last message under the rate and the daily limits; null: never. */
export function secondsUntilLast(seconds: number | null, days: readonly Day[]): number | null {
  if (seconds === null || seconds === 0) return seconds
  const whole = days.map(({ limit, used, sent }) => (limit < 1 ? Infinity : Math.max(0, Math.ceil((sent + used) / limit) - 1)))
  const last = Math.max(seconds, ...whole.map(count => count * DAY_SECONDS))
  return Number.isFinite(last) ? Math.ceil(last - TOLERANCE) : null
}

/** Waiting reasons that end at a time or by a person: a higher rate does not shorten them. */
const HELD: ReadonlySet<string> = new Set(['paused', 'scheduled', 'unknown', 'spend'])

/** Whether messages that wait for this reason go out as fast as the limits allow. */
export const isRateLimited = (reason: string): boolean => !HELD.has(reason)
