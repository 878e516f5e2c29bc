import { Outage } from '#shared/domain/errors.ts'
import type { Dispatch, MessageDoc } from '#shared/model/documents.ts'
import type { Logger } from '#shared/process/logger.ts'
import type { Store } from '#shared/store/connect.ts'
import { numbersWith } from '#shared/store/dispatch/sweeps.ts'
import { isOutage } from '#shared/store/outage.ts'

type State = Dispatch['state']
/** Without a number: of all of them. */
export type Find = (limit: number, phoneNumberId?: string) => Promise<MessageDoc[]>

/** Numbers that are looked at beside each other: a round over hundreds of them must not take their time from all. */
const AT_ONCE = 4

/**
 * Numbers in turn, so that no tenant's work stands behind another's: a round that ends early goes on behind its last one the next
 * time, and what fails at one keeps no other. Without our own servers nothing goes on.
 */
export function createRoundRobin(store: Store, log: Logger) {
  const last = new Map<string, string>()

  /** From the one behind whoever came last. */
  async function inOrder(sweep: string, state: State): Promise<string[]> {
    const ids = (await numbersWith(store, state)).toSorted()
    const before = last.get(sweep) ?? ''
    const first = ids.findIndex(id => id > before)
    return first <= 0 ? ids : [...ids.slice(first), ...ids.slice(0, first)]
  }

  /** Null: it failed, which is logged. @throws Outage */
  async function alone<T>(about: object, work: () => Promise<T>): Promise<T | null> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof Outage) throw error
      if (isOutage(error)) throw new Outage('MongoDB is away', { cause: error })
      log.error({ err: error, ...about }, 'left out of a sweep')
      return null
    }
  }

  /** @param work answers how much it did: after `most` of it the round ends. @throws Outage */
  async function each(
    sweep: string,
    state: State,
    work: (phoneNumberId: string) => Promise<number>,
    most = Infinity,
  ): Promise<void> {
    const ids = await inOrder(sweep, state)
    for (let i = 0, done = 0; i < ids.length && done < most; i += AT_ONCE) {
      const some = ids.slice(i, i + AT_ONCE)
      const counts = await Promise.all(some.map(phoneNumberId => alone({ sweep, phoneNumberId }, () => work(phoneNumberId))))
      done += counts.reduce<number>((sum, count) => sum + (count ?? 0), 0)
      last.set(sweep, some.at(-1) as string)
    }
  }

  /** A round's worth of rows: where there are more, an equal part of each number's. @throws Outage */
  async function part(sweep: string, state: State, most: number, find: Find): Promise<MessageDoc[]> {
    const all = await find(most)
    if (all.length < most) return all
    const ids = await inOrder(sweep, state)
    const limit = Math.ceil(most / Math.max(1, ids.length))
    const rows: MessageDoc[] = []
    for (const phoneNumberId of ids) {
      if (rows.length >= most) break
      rows.push(...(await find(limit, phoneNumberId)))
      last.set(sweep, phoneNumberId)
    }
    return rows
  }

  return { each, part, alone }
}
export type RoundRobin = ReturnType<typeof createRoundRobin>
