import { Outage } from '#shared/domain/errors.ts'
import type { Dispatch, MessageDoc } from '#shared/model/documents.ts'
import type { Logger } from '#shared/process/logger.ts'
import type { Store } from '#shared/store/connect.ts'
import { numbersWith } from '#shared/store/dispatch/sweeps.ts'
import { isOutage } from '#shared/store/outage.ts'

type State = Dispatch['state']
/** Finds rows of a number, or of all numbers. */
export type Find = (limit: number, phoneNumberId?: string) => Promise<MessageDoc[]>

/** Numbers that are worked on at the same time. */
const AT_ONCE = 4

/**
 * Takes numbers in turn, so that no tenant's work stands behind another's: a round that ends early continues after its last number
 * the next time, and an error at one number holds up no other. An outage of our own servers ends the round.
 */
export function createRoundRobin(store: Store, log: Logger) {
  const last = new Map<string, string>()

  /** The numbers with rows in this state, starting after the last one served. */
  async function inOrder(job: string, state: State): Promise<string[]> {
    const ids = (await numbersWith(store, state)).toSorted()
    const before = last.get(job) ?? ''
    const first = ids.findIndex(id => id > before)
    return first <= 0 ? ids : [...ids.slice(first), ...ids.slice(0, first)]
  }

  /** Runs `work` and logs its error, in which case the result is null. @throws Outage */
  async function alone<T>(about: object, work: () => Promise<T>): Promise<T | null> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof Outage) throw error
      if (isOutage(error)) throw new Outage('MongoDB is away', { cause: error })
      log.error({ err: error, ...about }, 'background job failed in part')
      return null
    }
  }

  /** Runs `work` for each number. @param work returns how many rows it handled; the round ends after `most` rows. @throws Outage */
  async function each(
    job: string,
    state: State,
    work: (phoneNumberId: string) => Promise<number>,
    most = Infinity,
  ): Promise<void> {
    const ids = await inOrder(job, state)
    for (let i = 0, done = 0; i < ids.length && done < most; i += AT_ONCE) {
      const some = ids.slice(i, i + AT_ONCE)
      const counts = await Promise.all(some.map(phoneNumberId => alone({ job, phoneNumberId }, () => work(phoneNumberId))))
      done += counts.reduce<number>((sum, count) => sum + (count ?? 0), 0)
      last.set(job, some.at(-1) as string)
    }
  }

  /** At most about `most` rows; when there are more, an equal part of each number. @throws Outage */
  async function part(job: string, state: State, most: number, find: Find): Promise<MessageDoc[]> {
    const all = await find(most)
    if (all.length < most) return all
    const ids = await inOrder(job, state)
    const limit = Math.ceil(most / Math.max(1, ids.length))
    const rows: MessageDoc[] = []
    for (const phoneNumberId of ids) {
      if (rows.length >= most) break
      rows.push(...(await find(limit, phoneNumberId)))
      last.set(job, phoneNumberId)
    }
    return rows
  }

  return { each, part, alone }
}
export type RoundRobin = ReturnType<typeof createRoundRobin>
