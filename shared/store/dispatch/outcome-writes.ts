import type { mongo } from 'mongoose'
import { asUpdate, ENDED, inState, newWait, notInState, noWait, ready, unknown, waiting } from '../../domain/messages/dispatch.ts'
import { mayFallBack } from '../../domain/messages/fallback.ts'
import type { ConversationDoc, Dispatch, Fallback, MessageDoc, MessageErrorDoc, TimelineEntry } from '../../model/documents.ts'
import { fallbackNote, fallenBack } from '../../model/fallback.ts'
import { appended, bareEntry } from '../../model/timeline.ts'
import { waitEntries } from '../../views/wait-entries.ts'

/** The result of an attempt for its message, or the decision that replaces an attempt. */
export type Step =
  /** `note`: Meta's remark, such as "held for quality assessment". `named`: other keys that Meta's answer gives the recipient. */
  | { kind: 'sent'; wamid: string | null; note: string | null; named?: { waId?: string; userId?: string } }
  | {
      kind: 'waiting'
      reason: 'retry' | 'rate' | 'pair' | 'paused' | 'media'
      /** null: until the number is resumed. */
      nextStepAt: Date | null
      usesAttempt: boolean
      /** Error that the conversation shows during the wait. */
      shown?: MessageErrorDoc
    }
  /**
   * A call without an answer: settled by a status, else at `deadlineAt`. The conversation's next message waits until
   * `blocksUntil`.
   */
  | { kind: 'unknown'; deadlineAt: Date; blocksUntil: Date }
  /** The service window is closed, or Direct Send refused: the fallback template is sent instead, starting at READY. */
  | { kind: 'fallback'; because: 'sending' | 'refused' | 'not-eligible'; usesAttempt: boolean }
  | { kind: 'failed'; error: MessageErrorDoc }

export interface Settlement {
  /** The row as the sender took it, or as a sweep read it. */
  message: MessageDoc
  step: Step
  at: Date
  /** Timeline entry: the attempt, or a note why there was none. */
  entry: TimelineEntry
  /** Trace of the request that caused the message. */
  traceparent?: string | null
}

/** Explicit `_id` hint: without it the planner compares every index that starts with `tenantId`. */
export const BY_ID = { _id: 1 } as const

export const asTemplate = (message: MessageDoc, { because }: Step & { kind: 'fallback' }, at: Date) =>
  fallenBack(message, message.fallback as Fallback, because, at)

/** Whether the outcome changes what the conversation shows of the message: the recorder then shows it anew. */
export const isProjected = ({ step }: Settlement): boolean =>
  step.kind === 'sent' || step.kind === 'failed' || step.kind === 'fallback'

/** The error that a conversation shows while a message waits, for example for a paused number. */
export function conversationWrites({ message, step, at }: Settlement): mongo.AnyBulkWriteOperation<ConversationDoc>[] {
  if (step.kind !== 'waiting' || step.shown === undefined) return []
  const filter = { _id: message.conversationId, tenantId: message.tenantId, deletedAt: null }
  const lastError = { ...step.shown, at: message.at, messageId: message._id }
  return [{ updateOne: { filter, update: { $set: { lastError, updatedAt: at } }, hint: BY_ID } }]
}

/**
 * The update of the message. It applies only if the row is unchanged since the settlement read it: the same take, or the same
 * state, and not emptied by an erasure.
 */
export function messageWrite(settlement: Settlement): mongo.AnyBulkWriteOperation<MessageDoc> {
  return { updateOne: { filter: stillInHand(settlement.message), update: updateFor(settlement), hint: BY_ID } }
}

function stillInHand({ _id, tenantId, dispatch }: MessageDoc) {
  const { state, token, attempt } = dispatch as Dispatch
  const own = token === null ? { ...inState(state), 'dispatch.token': null } : { 'dispatch.token': token }
  return { _id, tenantId, ...own, 'dispatch.attempt': attempt, erasedAt: null }
}

function updateFor({ message, step, at, entry }: Settlement): mongo.UpdateFilter<MessageDoc> {
  const attempt = (message.dispatch as Dispatch).attempt
  const startedAt = new Date(entry.at.getTime() - (entry.latencyMs ?? 0))
  const entries = [...waitEntries(message.dispatch, startedAt), entry]
  const noted = { $push: appended(...entries) }
  const settled = { statusUpdatedAt: at, dispatch: ENDED, updatedAt: at, unprojectedSince: at }
  switch (step.kind) {
    case 'sent': {
      const notes: TimelineEntry[] = step.note === null ? [] : [{ kind: 'note', at, detail: step.note }]
      const $set = { status: 'SENT' as const, wamid: step.wamid, error: null, ...settled }
      return { $set, $push: appended(...entries, ...notes) }
    }
    case 'failed':
      return { $set: { status: 'FAILED' as const, error: step.error, ...settled }, ...noted }
    case 'unknown':
      return {
        $set: {
          ...asUpdate({ ...unknown(step), ...newWait('unknown', at) }),
          ...(mayFallBack(message.fallback) && { 'fallback.unsettled': attempt }),
        },
        ...noted,
      }
    case 'fallback': {
      // Without a call, `entry` is already the note about the fallback.
      const { because } = step
      const notes = because === 'sending' ? [] : [fallbackNote(message.fallback as Fallback, because, at)]
      return {
        $set: {
          ...asTemplate(message, step, at),
          updatedAt: at,
          unprojectedSince: at,
          ...asUpdate({ ...ready(at), attempt: step.usesAttempt ? attempt : attempt - 1, ...noWait() }),
        },
        $push: appended(...entries, ...notes),
      }
    }
    case 'waiting':
      return {
        $set: asUpdate({
          ...waiting(step.reason, step.nextStepAt),
          attempt: step.usesAttempt ? attempt : attempt - 1,
          ...newWait(step.reason, at),
        }),
        ...noted,
      }
  }
}

/**
 * Updates of a row that changed during its call: a status arrived before the answer, a deadline passed, or the setting for
 * unknown outcomes started another attempt. The attempt is added to the timeline. An acceptance sets the wamid of a row that has
 * none, and makes a row SENT that still waits or that the platform declared failed. A row that was emptied by an erasure gets
 * neither Meta's id nor what Meta wrote. None needs the one before it: an id that another message has is refused alone.
 */
export function overtakenWrites({ message, step, at, entry }: Settlement): mongo.AnyBulkWriteOperation<MessageDoc>[] {
  if (entry.kind !== 'attempt') return []
  const own = { _id: message._id, tenantId: message.tenantId }
  // A wamid in previousIds was refused by Meta later: its fallback is on the way, so nothing changes.
  const notReplaced = { ...own, ...(step.kind === 'sent' && step.wamid && { previousIds: { $ne: step.wamid } }) }
  const push = [
    { updateOne: { filter: { ...own, erasedAt: null }, update: { $push: appended(entry) } } },
    { updateOne: { filter: { ...own, erasedAt: { $ne: null } }, update: { $push: appended(bareEntry(entry)) } } },
  ]
  if (step.kind !== 'sent') return push
  const provisional = { status: 'FAILED' as const, 'error.source': 'platform' as const }
  const waits = { status: 'QUEUED' as const, ...notInState('TAKEN') }
  const $set = { status: 'SENT' as const, statusUpdatedAt: at, error: null, dispatch: ENDED, updatedAt: at, unprojectedSince: at }
  return [
    ...push,
    // First: whoever reads a row that is SENT, even after a crash between the two, finds it by Meta's id.
    { updateOne: { filter: { ...notReplaced, wamid: null, erasedAt: null }, update: { $set: { wamid: step.wamid } } } },
    { updateOne: { filter: { ...notReplaced, $or: [provisional, waits] }, update: { $set } } },
  ]
}

/** Whether `overtakenWrites` make this row SENT. */
export function isSentLate(row: MessageDoc, { step, entry }: Settlement): boolean {
  if (step.kind !== 'sent' || entry.kind !== 'attempt') return false
  const isProvisional = row.status === 'FAILED' && row.error?.source === 'platform'
  const waits = row.status === 'QUEUED' && row.dispatch?.state !== 'TAKEN'
  const isReplaced = step.wamid !== null && row.previousIds?.includes(step.wamid)
  return (isProvisional || waits) && !isReplaced
}
