/**
 * Steps that connect numbers, in their order. What a step is about decides how often it stands in the list: once, once for each
 * business account, or once for each number. A step that is not `required` may fail without holding the number back.
 *
 * | step | about | required | does |
 * | --- | --- | --- | --- |
 * | `token` | connection | yes | exchanges the sign-up's code for an access token, or takes the given token |
 * | `scopes` | connection | yes | asks Meta what the token may do, and for which accounts |
 * | `waba` | connection | yes | reads the business accounts |
 * | `number` | connection | yes | reads their numbers and keeps a row for each |
 * | `pin` | number | yes | chooses the PIN of two-step verification and stores it sealed, before Meta hears of it |
 * | `register` | number | yes | registers the number with the Cloud API |
 * | `subscribe` | account | yes | sends the account's webhooks to this platform |
 * | `connect` | number | yes | the number becomes active with the new token, in one transaction |
 * | `contacts`, `history` | number | no | asks for the data of the WhatsApp Business app (coexistence) |
 * | `webhook` | number | no | tries the way of a webhook |
 * | `template` | account | no | looks for an approved template |
 * | `unsubscribe` | account | no | ends the account's webhooks (disconnect) |
 * | `revoke` | connection | no | gives the token back (disconnect) |
 */
export const STEP_KEYS = [
  'token',
  'scopes',
  'waba',
  'number',
  'pin',
  'register',
  'subscribe',
  'connect',
  'contacts',
  'history',
  'webhook',
  'template',
  'unsubscribe',
  'revoke',
] as const
export type StepKey = (typeof STEP_KEYS)[number]

/**
 * `PENDING`: to be done, at `nextAt` if that is set. `RUNNING`: begun; without a living executor it is done again. `DONE` and
 * `SKIPPED` are over. `TODO`: something is left for people and holds nothing back. `FAILED`: somebody must act.
 */
export const STEP_STATES = ['PENDING', 'RUNNING', 'DONE', 'SKIPPED', 'TODO', 'FAILED'] as const
export type StepState = (typeof STEP_STATES)[number]

/** Why a step did not succeed: Meta's code and own text, our sentence and the cure. */
export interface StepProblem {
  code: number | null
  subcode: number | null
  /** Meta's text, without tokens and phone numbers. */
  metaText: string | null
  sentence: string
  cure: string
}

export interface Step {
  key: StepKey
  wabaId: string | null
  phoneNumberId: string | null
  state: StepState
  /** Begin of the last attempt, or its end. */
  at: Date | null
  attempts: number
  /** Time of the next attempt; null: at once. */
  nextAt: Date | null
  problem: StepProblem | null
  /** What was found or mended, for people. */
  note: string | null
}

/** Result of one attempt. `again`: Meta did not answer or asked for a wait of `afterMs`. */
export type StepOutcome =
  | { kind: 'done' | 'skipped'; note?: string }
  | { kind: 'todo' | 'failed'; problem: StepProblem }
  | { kind: 'again'; problem: StepProblem; afterMs?: number }

/** State of a whole connection. `OPEN`: the sign-up dialog has not returned yet. */
export const CONNECTION_STATES = ['OPEN', 'RUNNING', 'DONE', 'FAILED', 'CANCELLED', 'EXPIRED'] as const
export type ConnectionState = (typeof CONNECTION_STATES)[number]

const OPTIONAL: ReadonlySet<StepKey> = new Set(['contacts', 'history', 'webhook', 'template', 'unsubscribe', 'revoke'])
export const isRequired = (key: StepKey): boolean => !OPTIONAL.has(key)

/** A number as the `number` step found it. */
export interface FoundNumber {
  phoneNumberId: string
  wabaId: string
  /** Whether it is also used in the WhatsApp Business app: it is registered there, and its data can be read once. */
  coexistence: boolean
}

const stepOf = (key: StepKey, wabaId: string | null = null, phoneNumberId: string | null = null): Step => ({
  key,
  wabaId,
  phoneNumberId,
  state: 'PENDING',
  at: null,
  attempts: 0,
  nextAt: null,
  problem: null,
  note: null,
})

/** Steps with which every connection begins. */
export const firstSteps = (): Step[] => [stepOf('token'), stepOf('scopes'), stepOf('waba'), stepOf('number')]

/** Steps that follow once the numbers are known. */
export function laterSteps(numbers: readonly FoundNumber[]): Step[] {
  const wabaIds = [...new Set(numbers.map(({ wabaId }) => wabaId))]
  const ofNumbers = (keys: readonly StepKey[], some = numbers) =>
    some.flatMap(({ wabaId, phoneNumberId }) => keys.map(key => stepOf(key, wabaId, phoneNumberId)))
  const shared = numbers.filter(({ coexistence }) => coexistence)
  return [
    ...ofNumbers(['pin', 'register']),
    ...wabaIds.map(wabaId => stepOf('subscribe', wabaId)),
    ...ofNumbers(['connect']),
    ...ofNumbers(['contacts', 'history'], shared),
    ...ofNumbers(['webhook']),
    ...wabaIds.map(wabaId => stepOf('template', wabaId)),
  ]
}

/** Steps that give an account and a token back to Meta. */
export const disconnectSteps = (wabaId: string): Step[] => [stepOf('unsubscribe', wabaId), stepOf('revoke')]

const mayRun = ({ state }: Step) => state === 'PENDING' || state === 'RUNNING'
const isOver = ({ state }: Step) => state === 'DONE' || state === 'SKIPPED'
const concerns = (earlier: Step, step: Step) =>
  (earlier.wabaId === null || step.wabaId === null || earlier.wabaId === step.wabaId) &&
  (earlier.phoneNumberId === null || earlier.phoneNumberId === step.phoneNumberId)

/**
 * Whether what a step builds on is there. A step of an account needs one number of it that came so far; a number whose own step
 * failed holds back no other number.
 */
function isReady(step: Step, steps: readonly Step[]): boolean {
  const before = steps.slice(0, steps.indexOf(step))
  const needed = before.filter(earlier => isRequired(earlier.key) && concerns(earlier, step))
  if (!needed.every(isOver)) return false
  // The token that is given back last is needed until then.
  if (step.key === 'revoke' && before.some(mayRun)) return false
  if (step.wabaId === null || step.phoneNumberId !== null) return true
  const ofNumbers = before.filter(({ key, wabaId, phoneNumberId }) => isRequired(key) && wabaId === step.wabaId && phoneNumberId)
  const numbers = Map.groupBy(ofNumbers, ({ phoneNumberId }) => phoneNumberId)
  return numbers.size === 0 || [...numbers.values()].some(own => own.every(isOver))
}

/** Steps that can be done as soon as their time has come, in order. */
const runnable = (steps: readonly Step[]): Step[] => steps.filter(step => mayRun(step) && isReady(step, steps))

/** The step to do now; null when none is left, or each waits for its time. */
export const nextStep = (steps: readonly Step[], now: Date): Step | null =>
  runnable(steps).find(({ nextAt }) => nextAt === null || nextAt <= now) ?? null

/** Time of the next attempt of the steps that wait; null when none does. */
export function nextAttemptAt(steps: readonly Step[], now: Date): Date | null {
  const times = runnable(steps).map(({ nextAt }) => nextAt ?? now)
  return times.length === 0 ? null : new Date(Math.min(...times.map(at => at.getTime())))
}

/** State of a connection by its steps: it fails once nothing can go on and a required step has not succeeded. */
export function stateOf(steps: readonly Step[]): 'RUNNING' | 'DONE' | 'FAILED' {
  if (runnable(steps).length > 0) return 'RUNNING'
  return steps.every(step => isOver(step) || !isRequired(step.key)) ? 'DONE' : 'FAILED'
}

/** The required step that holds a connection back; null when none does. */
export const failedStep = (steps: readonly Step[]): Step | null =>
  steps.find(({ key, state }) => isRequired(key) && state === 'FAILED') ?? null

/** Waits before further attempts, the first after the first failure. */
const BACKOFF_MS = [1000, 2000, 5000, 30_000, 120_000, 600_000]
/** Attempts of a step, in all. After the last one somebody decides. */
export const MAX_ATTEMPTS = BACKOFF_MS.length + 1

/** The step as it is stored before its attempt, so that an executor that dies is noticed. */
export const begunStep = (step: Step, now: Date): Step => ({
  ...step,
  state: 'RUNNING',
  at: now,
  attempts: step.attempts + 1,
  nextAt: null,
})

/** Whether an attempt may be made: executors that die again and again in one step use its attempts up. */
export const hasAttemptsLeft = ({ attempts }: Step): boolean => attempts < MAX_ATTEMPTS

/** The step after an attempt. */
export function settledStep(step: Step, outcome: StepOutcome, now: Date): Step {
  const over = { ...step, at: now, nextAt: null }
  switch (outcome.kind) {
    case 'done':
      return { ...over, state: 'DONE', problem: null, note: outcome.note ?? null }
    case 'skipped':
      return { ...over, state: 'SKIPPED', problem: null, note: outcome.note ?? null }
    case 'todo':
      return { ...over, state: 'TODO', problem: outcome.problem }
    case 'failed':
      return { ...over, state: 'FAILED', problem: outcome.problem }
    case 'again': {
      const { problem } = outcome
      if (!hasAttemptsLeft(step)) return { ...over, state: 'FAILED', problem }
      const backoffMs = BACKOFF_MS[step.attempts - 1] ?? 0
      const nextAt = new Date(now.getTime() + Math.max(backoffMs, outcome.afterMs ?? 0))
      return { ...over, state: 'PENDING', problem, nextAt }
    }
  }
}

/** The steps as they are when somebody continues: what failed, waits or was left to people is tried again at once. */
export const continuedSteps = (steps: readonly Step[]): Step[] =>
  steps.map(step =>
    ['FAILED', 'TODO', 'PENDING'].includes(step.state) ? { ...step, state: 'PENDING', attempts: 0, nextAt: null } : step,
  )

/** The list with one step replaced. */
export const withStep = (steps: readonly Step[], changed: Step): Step[] =>
  steps.map(step => (isSame(step, changed) ? changed : step))

export const isSame = (a: Step, b: Step): boolean =>
  a.key === b.key && a.wabaId === b.wabaId && a.phoneNumberId === b.phoneNumberId
