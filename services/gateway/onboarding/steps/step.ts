import { refusedStep, unansweredStep } from '#shared/domain/onboarding/problems.ts'
import type { Step, StepKey, StepOutcome } from '#shared/domain/onboarding/steps.ts'
import type { GraphResult } from '#shared/meta/client.ts'
import type { ConnectionDoc, ConnectionNumber } from '#shared/model/documents.ts'
import type { ConnectionFacts } from '#shared/store/numbers/connections.ts'
import { type OnboardingDeps, unseal } from '../deps.ts'

/** What a step is given. */
export interface StepContext {
  deps: OnboardingDeps
  connection: ConnectionDoc
  step: Step
}

/** What a step answers: its outcome, what it found, and the steps that follow from that. */
export interface StepResult {
  outcome: StepOutcome
  facts?: ConnectionFacts
  more?: Step[]
}

export type DoStep = (context: StepContext) => Promise<StepResult>

type Unfinished = Exclude<GraphResult, { kind: 'ok' }>

/** Outcome of a call that Meta refused or that has no answer. */
export const failedCall = (key: StepKey, result: Unfinished): StepOutcome =>
  result.kind === 'refused'
    ? refusedStep(key, result.error, result.retryAfterMs)
    : unansweredStep(result.kind === 'unsent' ? result.retryAfterMs : 0)

export const resultOf = (outcome: StepOutcome, facts?: ConnectionFacts): StepResult => ({ outcome, ...(facts && { facts }) })
export const done = (note?: string): StepResult => resultOf({ kind: 'done', ...(note && { note }) })
export const skipped = (note: string): StepResult => resultOf({ kind: 'skipped', note })

/** The connection's access token. @throws Error before the step `token` is over: a bug */
export function tokenFor({ deps, connection }: StepContext): string {
  const token = unseal(deps.keyring, connection, 'accessToken')
  if (token === null) throw new Error('the connection has no readable token')
  return token
}

/** The number that the step is about. @throws Error for a step that is about none: a bug */
export function numberOf({ connection, step }: StepContext): ConnectionNumber {
  const number = connection.numbers.find(({ phoneNumberId }) => phoneNumberId === step.phoneNumberId)
  if (number === undefined) throw new Error('the step is about no number')
  return number
}

/** The account that the step is about. @throws Error for a step that is about none: a bug */
export function wabaIdOf({ step }: StepContext): string {
  if (step.wabaId === null) throw new Error('the step is about no account')
  return step.wabaId
}
