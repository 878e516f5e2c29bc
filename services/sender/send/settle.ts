import { later } from '#shared/domain/later.ts'
import { fallbackCause, mayFallBack } from '#shared/domain/messages/fallback.ts'
import { afterFailure, afterUnsent, type FailureVerdict } from '#shared/domain/messages/retry.ts'
import {
  type DescribedError,
  describeError,
  errorDoc,
  type PlatformFailure,
  platformError,
} from '#shared/domain/messages/send-errors.ts'
import type { Accepted, Refused, SendResult } from '#shared/meta/client.ts'
import type { Dispatch, Fallback, MessageDoc, TenantDoc, TimelineEntry } from '#shared/model/documents.ts'
import { fallbackNote } from '#shared/model/fallback.ts'
import type { Settlement, Step } from '#shared/store/dispatch/outcome-writes.ts'
import { UNKNOWN_BLOCKS_MS } from '#shared/store/dispatch/take.ts'

export interface SettleOptions {
  /** MongoDB's time. */
  at: Date
  unknownDeadlineMs: number
  random?: () => number
}

/** The consequence of a call's result for its message and, after a refusal, beyond the message. */
export interface Decision {
  settlement: Settlement
  /** `askedMs`: the wait that Meta asked for; 0 when it asked for none. */
  refusal: { error: DescribedError; verdict: FailureVerdict; askedMs: number } | null
}

export function decide(message: MessageDoc, result: SendResult, options: SettleOptions): Decision {
  const entry = attemptEntry(message, result, options.at)
  const settle = (step: Step): Settlement => ({ message, step, at: options.at, entry })
  switch (result.kind) {
    case 'accepted':
      return { settlement: settle(sentStep(message, result)), refusal: null }
    case 'unknown':
      return { settlement: settle(unknownStep(options)), refusal: null }
    case 'unsent': {
      const delayMs = afterUnsent(repeated(message, sameAs(entry)), options.random)
      return { settlement: settle(waiting('retry', later(options.at, delayMs), false)), refusal: null }
    }
    case 'refused': {
      const refusal = decideRefusal(message, result, entry, options)
      return { settlement: settle(refusedStep(message, result, refusal.verdict, options.at)), refusal }
    }
  }
}

function sentStep({ contactKey }: MessageDoc, { wamid, messageStatus, waId, userId }: Accepted): Step {
  // Meta nearly always returns the key that the message was sent to. Sometimes `waId` holds a user id.
  const phone = waId !== null && waId !== contactKey && /^\d{5,20}$/.test(waId) ? waId : null
  const user = userId !== null && userId !== contactKey ? userId : null
  const named = { ...(phone !== null && { waId: phone }), ...(user !== null && { userId: user }) }
  return { kind: 'sent', wamid, note: heldNote(messageStatus), ...((phone ?? user) && { named }) }
}

/** The step of an attempt whose outcome is unknown; a status with our callback data may still report it. */
export function unknownStep({ at, unknownDeadlineMs }: SettleOptions): Step {
  return {
    kind: 'unknown',
    deadlineAt: later(at, unknownDeadlineMs),
    blocksUntil: later(at, Math.min(UNKNOWN_BLOCKS_MS, unknownDeadlineMs)),
  }
}

/** Fails the message without a call. @param detail shown to the tenant's users; must not hold the message's text */
export function failedWithoutCall(
  message: MessageDoc,
  failure: PlatformFailure,
  at: Date,
  detail: string | null = null,
): Settlement {
  const error = platformError(failure, detail)
  return { message, step: { kind: 'failed', error }, at, entry: { kind: 'note', at, detail: detail ?? error.title } }
}

/** Settles a message whose customer service window has closed: its fallback template is sent instead, or the message fails. */
export function windowClosed(message: MessageDoc, at: Date): Settlement {
  if (!mayFallBack(message.fallback))
    return failedWithoutCall(message, 'window-closed', at, message.fallback?.unsettled ? TEMPLATE_STAYS : null)
  const entry = fallbackNote(message.fallback as Fallback, 'sending', at)
  return { message, step: { kind: 'fallback', because: 'sending', usesAttempt: false }, at, entry }
}

const TEMPLATE_STAYS = 'The fallback template was not sent, because an earlier attempt may have arrived.'

/** Returns the message to its queue without a call, for example when its number was paused between take and call. */
export function returned(
  message: MessageDoc,
  reason: 'paused' | 'rate' | 'media',
  nextStepAt: Date | null,
  at: Date,
): Settlement {
  return {
    message,
    step: waiting(reason, nextStepAt, false),
    at,
    entry: note(at, 'The message was returned to the queue before it was sent.'),
  }
}

/** Attempts of a message whose outcomes stay unknown; more than one only if the tenant's policy is `retry`. */
const MAX_UNKNOWN = 2

/** Decides at the deadline of an attempt whose outcome was never reported. */
export function byPolicy(message: MessageDoc, policy: TenantDoc['settings']['unknownOutcome'], at: Date): Settlement {
  const attempt = (message.dispatch as Dispatch).attempt
  if (policy !== 'retry' || attempt >= MAX_UNKNOWN)
    return { message, at, step: { kind: 'failed', error: platformError('unknown-outcome') }, entry: policyNote(at, NOT_REPORTED) }
  const step = { kind: 'waiting', reason: 'retry', nextStepAt: at, usesAttempt: true } as const
  return { message, at, step, entry: policyNote(at, `${NOT_REPORTED} It is sent once more, as your organisation has chosen.`) }
}

const NOT_REPORTED = 'WhatsApp did not report whether it accepted this attempt.'
const note = (at: Date, detail: string) => ({ kind: 'note', at, detail }) as const
/** Marks the end of the wait for an outcome that was never reported. */
const policyNote = (at: Date, detail: string) => ({ ...note(at, detail), reason: 'policy' })

function decideRefusal(message: MessageDoc, result: Refused, entry: TimelineEntry, { random }: SettleOptions) {
  const error = describeError(result.error)
  const { attempt } = message.dispatch as Dispatch
  const verdict = afterFailure(
    { error, attempt, repeated: repeated(message, sameAs(entry)), retryAfterMs: result.retryAfterMs },
    random,
  )
  return { error, verdict, askedMs: result.retryAfterMs }
}

function refusedStep(message: MessageDoc, result: Refused, verdict: FailureVerdict, at: Date): Step {
  switch (verdict.kind) {
    case 'fail': {
      const because = fallbackCause(result.error, message)
      if (because !== null && mayFallBack(message.fallback)) return { kind: 'fallback', because, usesAttempt: true }
      return { kind: 'failed', error: errorDoc(result.error) }
    }
    case 'retry':
      return waiting('retry', later(at, verdict.delayMs), true)
    case 'later':
      return waiting(verdict.scope === 'pair' ? 'pair' : 'rate', later(at, verdict.delayMs), false)
    case 'hold-campaigns':
      return waiting('rate', later(at, verdict.delayMs), false)
    case 'pause':
      return { ...waiting('paused', null, false), shown: errorDoc(result.error) }
  }
}

function attemptEntry(message: MessageDoc, result: SendResult, at: Date): TimelineEntry {
  const code = result.kind === 'refused' ? result.error.code : null
  const detail = result.kind === 'refused' ? result.error.detail : 'why' in result ? result.why : null
  return {
    kind: 'attempt',
    at,
    attempt: (message.dispatch as Dispatch).attempt,
    outcome: result.kind,
    latencyMs: result.latencyMs,
    ...(result.httpStatus !== null && { httpStatus: result.httpStatus }),
    ...(code !== null && { code }),
    ...(result.traceId !== null && { traceId: result.traceId }),
    ...(detail && { detail: detail.slice(0, 300) }),
  }
}

/** Number of consecutive last attempts that ended like this one. */
function repeated(message: MessageDoc, isSame: (entry: TimelineEntry) => boolean): number {
  const attempts = message.timeline.filter(({ kind }) => kind === 'attempt')
  const different = attempts.findLastIndex(entry => !isSame(entry))
  return attempts.length - 1 - different
}

const sameAs = (one: TimelineEntry) => (other: TimelineEntry) => other.outcome === one.outcome && other.code === one.code

const waiting = (reason: WaitingStep['reason'], nextStepAt: Date | null, usesAttempt: boolean): WaitingStep => ({
  kind: 'waiting',
  reason,
  nextStepAt,
  usesAttempt,
})

type WaitingStep = Step & { kind: 'waiting' }

/** A note for a template that Meta accepted but holds back, up to an hour; null otherwise. */
function heldNote(messageStatus: string | null): string | null {
  return messageStatus === null || messageStatus === 'accepted' ? null : `Meta answered: ${messageStatus}`
}
