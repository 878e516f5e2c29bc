import type { mongo } from 'mongoose'
import { asUpdate, ENDED, inState, newWait, notInState, noWait, ready, unknown, waiting } from '../../domain/messages/dispatch.ts'
import { mayFallBack } from '../../domain/messages/fallback.ts'
import type { ConversationDoc, Dispatch, Fallback, MessageDoc, MessageErrorDoc, TimelineEntry } from '../../model/documents.ts'
import { fallbackNote, fallenBack } from '../../model/fallback.ts'
import { appended } from '../../model/timeline.ts'
import { waitEntries } from '../../views/wait-entries.ts'

/** What becomes of a message after its attempt, or instead of one. */
export type Step =
  /** `note`: of SendResult, such as "held for quality assessment". `named`: keys that Meta gave the recipient instead. */
  | { kind: 'sent'; wamid: string | null; note: string | null; named?: { waId?: string; userId?: string } }
  | {
      kind: 'waiting'
      reason: 'retry' | 'rate' | 'pair' | 'paused' | 'media'
      /** null: until the number is resumed. */
      nextStepAt: Date | null
      usesAttempt: boolean
      /** The error that its conversation shows meanwhile. */
      shown?: MessageErrorDoc
    }
  /** Called, no answer: settled by a status, else at `deadlineAt`. The conversation's next message waits until `blocksUntil`. */
  | { kind: 'unknown'; deadlineAt: Date; blocksUntil: Date }
  /** The window is closed: its template goes instead, from the start. */
  | { kind: 'fallback'; because: 'sending' | 'refused'; usesAttempt: boolean }
  | { kind: 'failed'; error: MessageErrorDoc }

export interface Settlement {
  /** The row as it was taken, or as a sweep found it. */
  message: MessageDoc
  step: Step
  at: Date
  /** For the timeline: the attempt, or a note why none was made. */
  entry: TimelineEntry
  /** Of the request that caused the message. */
  traceparent?: string | null
}

/** Explicit `_id` hint: without it the planner compares every index that starts with `tenantId`. */
export const BY_ID = { _id: 1 } as const

export const asTemplate = (message: MessageDoc, { because }: Step & { kind: 'fallback' }, at: Date) =>
  fallenBack(message, message.fallback as Fallback, because, at)

/** The filters keep what statuses have written meanwhile: only what is still QUEUED in the list moves on. */
export function conversationWrites({ message, step, at }: Settlement): mongo.AnyBulkWriteOperation<ConversationDoc>[] {
  const mine = { _id: message.conversationId, tenantId: message.tenantId }
  const asLast = { ...mine, 'lastMessage.messageId': message._id, 'lastMessage.status': 'QUEUED' as const }
  if (step.kind === 'sent') {
    const $set = { 'lastMessage.status': 'SENT' as const, lastError: null, updatedAt: at }
    return [{ updateOne: { filter: asLast, update: { $set }, hint: BY_ID } }]
  }
  if (step.kind === 'fallback') {
    const { type, content } = asTemplate(message, step, at)
    const $set = { 'lastMessage.type': type, 'lastMessage.text': content.text }
    return [{ updateOne: { filter: asLast, update: { $set }, hint: BY_ID } }]
  }
  const error = step.kind === 'failed' ? step.error : step.kind === 'waiting' ? step.shown : undefined
  if (error === undefined) return []
  const shown = { updateOne: { filter: mine, update: { $set: { lastError: error, updatedAt: at } }, hint: BY_ID } }
  if (step.kind !== 'failed') return [shown]
  return [shown, { updateOne: { filter: asLast, update: { $set: { 'lastMessage.status': 'FAILED' as const } }, hint: BY_ID } }]
}

/** Applies only while the row stands as the settlement found it: the same take, or (for a sweep) the same state. */
export function messageWrite(settlement: Settlement): mongo.AnyBulkWriteOperation<MessageDoc> {
  return { updateOne: { filter: stillInHand(settlement.message), update: updateFor(settlement), hint: BY_ID } }
}

function stillInHand({ _id, tenantId, dispatch }: MessageDoc) {
  const { state, token, attempt } = dispatch as Dispatch
  const own = token === null ? { ...inState(state), 'dispatch.token': null } : { 'dispatch.token': token }
  return { _id, tenantId, ...own, 'dispatch.attempt': attempt }
}

function updateFor({ message, step, at, entry }: Settlement): mongo.UpdateFilter<MessageDoc> {
  const attempt = (message.dispatch as Dispatch).attempt
  const startedAt = new Date(entry.at.getTime() - (entry.latencyMs ?? 0))
  const entries = [...waitEntries(message.dispatch, startedAt), entry]
  const noted = { $push: appended(...entries) }
  const settled = { statusUpdatedAt: at, dispatch: ENDED, updatedAt: at }
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
      // Where no call was made, the entry says so already.
      const { because } = step
      const notes = because === 'refused' ? [fallbackNote(message.fallback as Fallback, because, at)] : []
      return {
        $set: {
          ...asTemplate(message, step, at),
          updatedAt: at,
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
 * Writes for a row that moved on while its call was under way: a status was faster than the answer, a deadline passed, or the
 * policy made another attempt. The attempt joins the timeline; an acceptance gives its wamid to a row that has none, and ends
 * one that still waits or that we had declared failed.
 */
export function overtakenWrites({ message, step, at, entry }: Settlement): mongo.AnyBulkWriteOperation<MessageDoc>[] {
  if (entry.kind !== 'attempt') return []
  const mine = { _id: message._id, tenantId: message.tenantId }
  // A wamid that Meta has refused since changes nothing: its template is on the way.
  const stands = { ...mine, ...(step.kind === 'sent' && step.wamid && { previousIds: { $ne: step.wamid } }) }
  const push = { updateOne: { filter: mine, update: { $push: appended(entry) } } }
  if (step.kind !== 'sent') return [push]
  const provisional = { status: 'FAILED' as const, 'error.source': 'platform' as const }
  const waits = { status: 'QUEUED' as const, ...notInState('TAKEN') }
  const $set = { status: 'SENT' as const, statusUpdatedAt: at, error: null, dispatch: ENDED, updatedAt: at }
  return [
    push,
    { updateOne: { filter: { ...stands, $or: [provisional, waits] }, update: { $set } } },
    { updateOne: { filter: { ...stands, wamid: null }, update: { $set: { wamid: step.wamid } } } },
  ]
}

/** Whether `overtakenWrites` make the row SENT, as it was found. */
export function isSentLate(row: MessageDoc, { step, entry }: Settlement): boolean {
  if (step.kind !== 'sent' || entry.kind !== 'attempt') return false
  const isProvisional = row.status === 'FAILED' && row.error?.source === 'platform'
  const waits = row.status === 'QUEUED' && row.dispatch?.state !== 'TAKEN'
  const isTakenBack = step.wamid !== null && row.previousIds?.includes(step.wamid)
  return (isProvisional || waits) && !isTakenBack
}
