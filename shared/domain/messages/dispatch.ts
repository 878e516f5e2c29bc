import type { Priority } from './priority.ts'
import type { OpenWait, Wait } from './waits.ts'

/**
 * The send state of an outbound message: where it stands between us and Meta. Every writer builds it with this page's
 * functions; no other file spells a state in a write (`test/lint/dispatch-writes.test.ts` sees to it).
 *
 * READY: a sender may take it. WAITING: due at `nextStepAt`, or (null) when its number is resumed. TAKEN: one sender calls
 * Meta. UNKNOWN: called, no answer; settled by a status, or by the tenant's policy at `deadlineAt`. ENDED: SENT, FAILED or
 * further; such a row has no dispatch at all.
 *
 * | from                 | to      | who                                      | why                                                |
 * | -------------------- | ------- | ---------------------------------------- | -------------------------------------------------- |
 * | (new)                | READY   | `newOutbound`: gateway, campaigns        | accepted: goes as soon as a sender takes it        |
 * | (new)                | WAITING | gateway `messages/insert`                | accepted with a time of its own                    |
 * | WAITING (scheduled)  | WAITING | store `inbox/scheduled`                  | somebody gave it another time                      |
 * | WAITING (scheduled)  | READY   | store `dispatch/release-scheduled`       | its time has come                                  |
 * | WAITING (scheduled)  | ENDED   | store `inbox/scheduled`                  | somebody cancelled it: FAILED                      |
 * | READY, WAITING       | READY   | store `dispatch/finish` `makeReady`      | due, next in its conversation, or its job was lost |
 * | READY, WAITING (due) | TAKEN   | store `dispatch/take` `takeMessages`     | a sender is about to call Meta                     |
 * | READY, WAITING (due) | WAITING | store `dispatch/take` `postponeMessages` | a limit, a pause, or an earlier message is first   |
 * | WAITING              | WAITING | store `dispatch/sweeps`, `reschedule`    | its number is resumed, its limit raised: due now   |
 * | TAKEN                | ENDED   | store `dispatch/outcome-writes`          | Meta accepted it (SENT) or refused it (FAILED)     |
 * | TAKEN                | WAITING | store `dispatch/outcome-writes`          | refused for now, or given back before the call     |
 * | TAKEN                | READY   | store `dispatch/outcome-writes`          | the window is closed: its template goes instead    |
 * | TAKEN                | UNKNOWN | store `dispatch/outcome-writes`          | no answer, or its sender stopped during the call   |
 * | UNKNOWN              | UNKNOWN | store `dispatch/sweeps`                  | it keeps its conversation waiting no longer        |
 * | UNKNOWN              | WAITING | store `dispatch/outcome-writes`          | no report by the deadline; a retry is wanted       |
 * | UNKNOWN              | ENDED   | store `dispatch/outcome-writes`          | no report by the deadline: FAILED                  |
 * | READY, WAITING       | ENDED   | store `dispatch/outcome-writes`          | waited too long; its number or campaign ended      |
 * | any but TAKEN        | ENDED   | store `dispatch/outcome-writes`          | an answer came late: accepted all the same         |
 * | any                  | ENDED   | store `contacts/erase-begin`             | its contact is erased: FAILED                      |
 * | READY                | ENDED   | fold `erased`                            | it was accepted during the erasure: FAILED         |
 * | any                  | ENDED   | fold `status`                            | Meta reported a status                             |
 * | any, ENDED           | WAITING | fold `fall-back`                         | Meta reported a closed window: its template goes   |
 * | ENDED (FAILED)       | READY   | store `dispatch/retry`                   | somebody sends it again                            |
 */
export interface Dispatch {
  state: DispatchState
  priority: Priority
  /** The number of the last attempt; 0 before the first. */
  attempt: number
  /** Identifies one take: a batch finds its own rows by it, and an answer its row. */
  token: string | null
  /** The sender process that holds it. */
  owner: string | null
  leaseUntil: Date | null
  /** When something is to be done: WAITING is due, READY is enqueued again, UNKNOWN lets its conversation go on. */
  nextStepAt: Date | null
  reason: WaitingReason | null
  /** Of UNKNOWN: when the policy decides. Of READY and WAITING: when it expires, if not by its age. */
  deadlineAt: Date | null
  /** What it waits for, also while it is due and nobody has taken it; and what it has waited for since the last attempt. */
  wait?: OpenWait | null
  waits?: Wait[]
}

export const DISPATCH_STATES = ['READY', 'TAKEN', 'WAITING', 'UNKNOWN'] as const
export type DispatchState = (typeof DISPATCH_STATES)[number]

/**
 * `quota`: the portfolio may write first to no more people today. `restricted`: the number may only answer for now. `spend`: the
 * tenant's ceiling for the month.
 */
export const WAITING_REASONS = [
  'rate',
  'pair',
  'quota',
  'media',
  'restricted',
  'spend',
  'predecessor',
  'paused',
  'scheduled',
  'retry',
  'unknown',
] as const
export type WaitingReason = (typeof WAITING_REASONS)[number]

/** A READY message that nobody took in this time is enqueued again: its send job is taken for lost. */
export const REQUEUE_AFTER_MS = 5000

const NOT_TAKEN = { token: null, owner: null, leaseUntil: null } as const

/** No sender holds it and nothing is known of an expiry: its age decides. */
const FRESH = { ...NOT_TAKEN, deadlineAt: null } as const

const requeueAt = (now: Date) => new Date(now.getTime() + REQUEUE_AFTER_MS)

export const ready = (now: Date) =>
  ({ ...FRESH, state: 'READY', nextStepAt: requeueAt(now), reason: null }) as const satisfies Partial<Dispatch>

/** @param nextStepAt null: until its number is resumed */
export const waiting = <R extends WaitingReason>(reason: R, nextStepAt: Date | null) =>
  ({ ...FRESH, state: 'WAITING', nextStepAt, reason }) as const satisfies Partial<Dispatch>

/** WAITING for a time of its own. */
export const scheduled = (sendAt: Date, now: Date) =>
  ({ ...waiting('scheduled', sendAt), wait: { reason: 'scheduled', since: now } }) as const satisfies Partial<Dispatch>

/** The attempt is counted by the update itself. */
export const taken = (take: { token: string; owner: string; leaseUntil: Date }) =>
  ({ ...take, state: 'TAKEN', nextStepAt: null, reason: null, deadlineAt: null }) as const satisfies Partial<Dispatch>

/** Token and owner stay: an answer that comes late finds its row by them. */
export const unknown = ({ blocksUntil, deadlineAt }: { blocksUntil: Date; deadlineAt: Date }) =>
  ({
    state: 'UNKNOWN',
    leaseUntil: null,
    nextStepAt: blocksUntil,
    reason: 'unknown',
    deadlineAt,
  }) as const satisfies Partial<Dispatch>

/** Nothing is left to do. */
export const ENDED = null

/** READY or WAITING becomes READY: why it waited stays until it is taken, and so does its expiry. */
export const readyAgain = (now: Date) => ({ state: 'READY', nextStepAt: requeueAt(now) }) as const satisfies Partial<Dispatch>

/** READY or WAITING becomes WAITING: its expiry stays. */
export const postponed = (reason: WaitingReason, nextStepAt: Date | null) =>
  ({ state: 'WAITING', nextStepAt, reason }) as const satisfies Partial<Dispatch>

/** A wait begins after an attempt, whose entry has taken the earlier ones along. */
export const newWait = (reason: WaitingReason, since: Date) =>
  ({ wait: { reason, since }, waits: [] as Wait[] }) satisfies Partial<Dispatch>

/** After an attempt it waits for nothing. */
export const noWait = () => ({ wait: null, waits: [] as Wait[] }) satisfies Partial<Dispatch>

/** A state as a whole, for a row that has none. @param attempt the number of the last one */
export const dispatchOf = (priority: Priority, fields: Omit<Dispatch, 'priority' | 'attempt'>, attempt = 0): Dispatch => ({
  priority,
  attempt,
  ...fields,
})

/** Fields for the `$set` of an update: `{ 'dispatch.state': 'READY', … }`. */
export function asUpdate<F extends Partial<Dispatch>>(fields: F): Prefixed<F> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [`dispatch.${name}`, value])) as Prefixed<F>
}

type Prefixed<F> = { [K in keyof F & string as `dispatch.${K}`]: F[K] }

/** A filter: rows in this state. */
export const inState = <S extends DispatchState>(state: S) => ({ 'dispatch.state': state })

/** A filter: rows in one of these states. A model's query wraps the operator with `trusted`. */
export const inStates = <S extends DispatchState>(...states: S[]) => ({ 'dispatch.state': { $in: states } })

/** A filter: rows in another state, and those that have ended. */
export const notInState = <S extends DispatchState>(state: S) => ({ 'dispatch.state': { $ne: state } })

/** A filter: rows that have not ended. */
export const unfinished = () => ({ 'dispatch.state': { $exists: true } })

/** A filter: rows whose state, attempt and holder are still those that were read. */
export const unchanged = (read: Dispatch | null | undefined) => ({
  'dispatch.state': read?.state ?? null,
  'dispatch.token': read?.token ?? null,
  'dispatch.attempt': read?.attempt ?? null,
})
