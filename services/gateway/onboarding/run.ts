import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { ownProblem } from '#shared/domain/onboarding/problems.ts'
import {
  begunStep,
  hasAttemptsLeft,
  nextAttemptAt,
  nextStep,
  type Step,
  type StepKey,
  settledStep,
  withStep,
} from '#shared/domain/onboarding/steps.ts'
import type { ConnectionDoc } from '#shared/model/documents.ts'
import {
  CLAIM_MS,
  type ConnectionClaim,
  claimConnection,
  freeClaim,
  getConnection,
  renewClaim,
  saveSteps,
} from '#shared/store/numbers/connections.ts'
import type { OnboardingDeps } from './deps.ts'
import { readAccounts, readNumbersOfAccounts } from './steps/accounts.ts'
import { connect } from './steps/connect.ts'
import { giveTokenBack, lookForTemplate, requestContacts, requestHistory, unsubscribe } from './steps/extras.ts'
import { choosePin, register } from './steps/registration.ts'
import type { DoStep } from './steps/step.ts'
import { subscribe, tryWebhook } from './steps/subscription.ts'
import { readScopes, takeToken } from './steps/token.ts'

const STEPS: Record<StepKey, DoStep> = {
  token: takeToken,
  scopes: readScopes,
  waba: readAccounts,
  number: readNumbersOfAccounts,
  pin: choosePin,
  register,
  subscribe,
  connect,
  contacts: requestContacts,
  history: requestHistory,
  webhook: tryWebhook,
  template: lookForTemplate,
  unsubscribe,
  revoke: giveTokenBack,
}

/** Longest wait for a further attempt within one run; longer waits are left to the background. */
const LONGEST_PAUSE_MS = 5000

/**
 * Does the steps of a connection that can be done now, one after the other, until none is left, each waits for longer, or
 * `budgetMs` is over. One executor at a time works on a connection; what a dead one began is done again, and every call to Meta is
 * harmless when repeated or asked about before. @returns the connection as it is then. @throws Outage
 */
export async function runConnection(
  deps: OnboardingDeps,
  { _id, tenantId }: Pick<ConnectionDoc, '_id' | 'tenantId'>,
  budgetMs: number,
): Promise<ConnectionDoc> {
  const claim = { _id, tenantId, owner: randomUUID() }
  const claimed = await claimConnection(deps.store, claim)
  if (claimed === null) return await getConnection(deps.store, tenantId, _id)
  const renewal = setInterval(() => void renew(deps, claim), CLAIM_MS / 3)
  try {
    await doSteps(deps, claim, claimed, performance.now() + budgetMs)
  } finally {
    clearInterval(renewal)
    await freeClaim(deps.store, claim)
  }
  return await getConnection(deps.store, tenantId, _id)
}

async function doSteps(deps: OnboardingDeps, claim: ConnectionClaim, claimed: ConnectionDoc, until: number): Promise<void> {
  let connection: ConnectionDoc | null = claimed
  while (connection !== null && performance.now() < until) {
    const now = deps.now()
    const step = nextStep(connection.steps, now)
    if (step !== null) {
      connection = await doStep(deps, claim, connection, step)
      continue
    }
    const pauseMs = (nextAttemptAt(connection.steps, now)?.getTime() ?? Number.POSITIVE_INFINITY) - now.getTime()
    if (pauseMs > LONGEST_PAUSE_MS || performance.now() + pauseMs > until) return
    await sleep(pauseMs)
  }
}

/** Stores the attempt, makes it and stores its outcome. @returns null when another executor has taken over */
async function doStep(
  deps: OnboardingDeps,
  claim: ConnectionClaim,
  connection: ConnectionDoc,
  step: Step,
): Promise<ConnectionDoc | null> {
  const { store, log } = deps
  const ids = { tenantId: String(claim.tenantId), connectionId: String(claim._id), step: step.key }
  if (!hasAttemptsLeft(step)) {
    const failed = settledStep(step, { kind: 'failed', problem: step.problem ?? UNFINISHED }, deps.now())
    log.warn({ ...ids, outcome: 'failed' }, 'connection step ended')
    return await saveSteps(store, claim, { steps: withStep(connection.steps, failed), now: deps.now() })
  }
  const begun = begunStep(step, deps.now())
  const saved = await saveSteps(store, claim, { steps: withStep(connection.steps, begun), now: deps.now() })
  if (saved === null) return null
  const { outcome, facts = {}, more = [] } = await STEPS[step.key]({ deps, connection: saved, step: begun })
  const code = 'problem' in outcome ? outcome.problem.code : null
  log.info({ ...ids, outcome: outcome.kind, ...(code !== null && { code }) }, 'connection step ended')
  const settled = withStep(saved.steps, settledStep(begun, outcome, deps.now()))
  return await saveSteps(store, claim, { steps: [...settled, ...more], facts, now: deps.now() })
}

const UNFINISHED = ownProblem('The step was begun several times and never came to its end.', 'Continue the connection.')

async function renew({ store, log }: OnboardingDeps, claim: ConnectionClaim): Promise<void> {
  try {
    await renewClaim(store, claim)
  } catch (error) {
    log.warn({ err: error }, 'claim of a connection not renewed')
  }
}
