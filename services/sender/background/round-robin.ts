import { Outage } from '#shared/domain/errors.ts'
import type { Dispatch, MessageDoc } from '#shared/model/documents.ts'
import type { Logger } from '#shared/process/logger.ts'
import type { Store } from '#shared/store/connect.ts'
import { numbersWith } from '#shared/store/dispatch/sweeps.ts'
import { isOutage } from '#shared/store/outage.ts'

type State = Dispatch['state']
/** Finds rows of one number, or of all numbers. */
export type Find = (limit: number, phoneNumberId?: string) => Promise<MessageDoc[]>

/** Numbers that are served at the same time. */
const CONCURRENCY = 4

/**
 * Serves numbers in round robin, so that no tenant's work waits for another's. A round that ends early is continued after its
 * last number by the next one, and an error at one number does not affect the others. An outage ends the round.
 */
export function createRoundRobin(store: Store, log: Logger) {
  const last = new Map<string, string>()

  /** The numbers with rows in this state, starting after the number served last. */
  async function inOrder(job: string, state: State): Promise<string[]> {
    const ids = (await numbersWith(store, state)).toSorted()
    const before = last.get(job) ?? ''
    const first = ids.findIndex(id => id > before)
    return first <= 0 ? ids : [...ids.slice(first), ...ids.slice(0, first)]
  }

  /** Runs `work`; logs an error and returns null, so that other work continues. @throws Outage */
  async function isolate<T>(logFields: object, work: () => Promise<T>): Promise<T | null> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof Outage) throw error
      if (isOutage(error)) throw new Outage('MongoDB is away', { cause: error })
      log.error({ err: error, ...logFields }, 'background job partly failed')
      return null
    }
  }

  /**
   * Runs `work` for each number.
   * @param work returns how many rows it handled
   * @param limit number of rows after which the round ends
   * @returns how many numbers have rows in this state
   * @throws Outage
   */
  async function each(
    job: string,
    state: State,
    work: (phoneNumberId: string) => Promise<number>,
    limit = Infinity,
  ): Promise<number> {
    const ids = await inOrder(job, state)
    for (let i = 0, done = 0; i < ids.length && done < limit; i += CONCURRENCY) {
      const group = ids.slice(i, i + CONCURRENCY)
      const counts = await Promise.all(group.map(phoneNumberId => isolate({ job, phoneNumberId }, () => work(phoneNumberId))))
      done += counts.reduce<number>((sum, count) => sum + (count ?? 0), 0)
      last.set(job, group.at(-1) as string)
    }
    return ids.length
  }

  /** Finds about `limit` rows at most; when there are more, equally many of each number. @throws Outage */
  async function equalShare(job: string, state: State, limit: number, find: Find): Promise<MessageDoc[]> {
    const all = await find(limit)
    if (all.length < limit) return all
    const ids = await inOrder(job, state)
    const share = Math.ceil(limit / Math.max(1, ids.length))
    const rows: MessageDoc[] = []
    for (const phoneNumberId of ids) {
      if (rows.length >= limit) break
      rows.push(...(await find(share, phoneNumberId)))
      last.set(job, phoneNumberId)
    }
    return rows
  }

  return { each, equalShare, isolate }
}
export type RoundRobin = ReturnType<typeof createRoundRobin>
