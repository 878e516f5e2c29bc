/** How what waits goes out where several share a rate: pure, so that a change of limits can be tried on paper. */

/** What waits at one number and goes out one by one: its replies, or one campaign. */
export interface SendFlow {
  phoneNumberId: string
  /** Whose messaging limit the number counts against. */
  portfolioId: string
  /** All of the first go before any of the second. */
  priority: 'chat' | 'campaign'
  count: number
  /** A second, of its own; Infinity: as fast as its number. */
  mostPerSecond: number
}

export interface Rates {
  /** Messages a second of each number; without one it sends nothing. */
  numbers: ReadonlyMap<string, number>
  /** A second, of all numbers together: what the tenant allows itself; Infinity: no limit. */
  sharedRate: number
}

export interface End {
  /** Until its last one has gone; null: never, as things stand. */
  seconds: number | null
  /** What has gone by then, of all flows and of those of its portfolio. */
  gone: number
  goneOfPortfolio: number
}

const TURNS = ['chat', 'campaign'] as const
/** Less than that is nothing. */
const NEARLY = 1e-9

/** Messages a second of each flow now: of a turn all grow alike, each until it meets a limit; what is left goes to the next. */
export function share(flows: readonly SendFlow[], { numbers, sharedRate }: Rates): number[] {
  const given = flows.map(() => 0)
  const left = new Map(numbers)
  let leftOfShared = sharedRate
  for (const priority of TURNS) {
    const room = (i: number) => {
      const { phoneNumberId, mostPerSecond } = flows[i] as SendFlow
      return { own: mostPerSecond - (given[i] as number), number: left.get(phoneNumberId) ?? 0 }
    }
    const mayGrow = (i: number) => leftOfShared > NEARLY && room(i).own > NEARLY && room(i).number > NEARLY
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

/** When the last one of each flow has gone, from one end to the next: whoever has ended leaves their part to the others. */
export function forecastCapacity(flows: readonly SendFlow[], rates: Rates): End[] {
  const waiting = flows.map(flow => ({ ...flow }))
  const ends = flows.map(({ count }): End => ({ seconds: count > 0 ? null : 0, gone: 0, goneOfPortfolio: 0 }))
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
      if (count === 0 && ends[i]?.seconds === null) ends[i] = { seconds, ...goneBy(flows, waiting, flows[i] as SendFlow) }
  }
}

function goneBy(
  flows: readonly SendFlow[],
  waiting: readonly SendFlow[],
  { portfolioId }: SendFlow,
): Pick<End, 'gone' | 'goneOfPortfolio'> {
  const gone = flows.map(({ count }, i) => count - (waiting[i] as SendFlow).count)
  const sum = (counts: number[]) => Math.round(counts.reduce((a, b) => a + b, 0))
  return { gone: sum(gone), goneOfPortfolio: sum(gone.filter((_, i) => flows[i]?.portfolioId === portfolioId)) }
}

/** A window of a day lets only so many through; some of it is used. */
export interface Day {
  limit: number
  used: number
  /** All that go by then. */
  gone: number
}

const DAY_SECONDS = 86_400

/** Whole seconds until the last one, where days end before; null: never. */
export function lastGone(seconds: number | null, days: readonly Day[]): number | null {
  if (seconds === null || seconds === 0) return seconds
  const whole = days.map(({ limit, used, gone }) => (limit < 1 ? Infinity : Math.max(0, Math.ceil((gone + used) / limit) - 1)))
  const last = Math.max(seconds, ...whole.map(count => count * DAY_SECONDS))
  return Number.isFinite(last) ? Math.ceil(last - NEARLY) : null
}

/** These wait for a moment or a person, not for their turn: no rate brings them nearer. */
const HELD: ReadonlySet<string> = new Set(['paused', 'scheduled', 'unknown'])

/** Whether what waits for this goes as fast as the limits let it. */
export const moves = (reason: string): boolean => !HELD.has(reason)
