import type { mongo } from 'mongoose'
import { errorView, messageView } from '../contracts/to-views.ts'
import { appended, waitEntries } from './dispatch-waits.ts'
import type { ConversationDoc, Dispatch, EventDoc, MessageDoc, MessageErrorDoc, TimelineEntry } from './documents.ts'

/** What became of a message in hand. */
export type Step =
  /** @see SendResult for `note`: such as "held for quality assessment" */
  | { kind: 'sent'; wamid: string | null; note: string | null }
  | {
      kind: 'waiting'
      reason: 'retry' | 'rate' | 'pair' | 'paused' | 'media'
      /** null: until the number is resumed. */
      nextStepAt: Date | null
      usesAttempt: boolean
    }
  /** Called, no answer: settled by a status, else at `deadlineAt`. The conversation's next message waits till `blocksUntil`. */
  | { kind: 'unknown'; deadlineAt: Date; blocksUntil: Date }
  | { kind: 'failed'; error: MessageErrorDoc }

export interface Settlement {
  /** As it was taken, or as a sweep found it. */
  message: MessageDoc
  step: Step
  at: Date
  /** Joins the timeline: the attempt, or a note why none was made. */
  entry: TimelineEntry
  /** Of the request that this goes back to. */
  traceparent?: string | null
}

/** Said aloud: for each statement the planner would otherwise weigh every index that begins with the tenant. */
export const BY_ID = { _id: 1 } as const

/** What the sockets hear; null for steps that only the timeline tells. Written again, it is the same row. */
export function eventOf({ message, step, at }: Settlement): EventDoc | null {
  if (step.kind !== 'sent' && step.kind !== 'failed') return null
  const after = messageAfter(message, step, at)
  const told = {
    conversationId: String(message.conversationId),
    messageId: String(message._id),
    externalMessageId: after.wamid,
    status: step.kind,
    message: messageView(after),
  }
  return {
    _id: `d:${message._id}:${step.kind}:${at.getTime()}`,
    tenantId: message.tenantId,
    name: step.kind === 'sent' ? 'message:sent' : 'message:status',
    at,
    clientId: message.clientId,
    conversationId: message.conversationId,
    userId: null,
    payload: step.kind === 'sent' ? told : { ...told, error: errorView(step.error) },
    createdAt: at,
  }
}

function messageAfter(message: MessageDoc, step: Step & { kind: 'sent' | 'failed' }, at: Date): MessageDoc {
  const common = { ...message, statusUpdatedAt: at, updatedAt: at, dispatch: null }
  return step.kind === 'sent'
    ? { ...common, status: 'SENT', wamid: step.wamid, error: null }
    : { ...common, status: 'FAILED', error: step.error }
}

/** The filters keep what statuses have told meanwhile: only what is still QUEUED in the list moves on. */
export function conversationWrites({ message, step, at }: Settlement): mongo.AnyBulkWriteOperation<ConversationDoc>[] {
  const mine = { _id: message.conversationId, tenantId: message.tenantId }
  const asLast = { ...mine, 'lastMessage.messageId': message._id, 'lastMessage.status': 'QUEUED' as const }
  if (step.kind === 'sent') {
    const $set = { 'lastMessage.status': 'SENT' as const, lastError: null, updatedAt: at }
    return [{ updateOne: { filter: asLast, update: { $set }, hint: BY_ID } }]
  }
  if (step.kind !== 'failed') return []
  return [
    { updateOne: { filter: mine, update: { $set: { lastError: step.error, updatedAt: at } }, hint: BY_ID } },
    { updateOne: { filter: asLast, update: { $set: { 'lastMessage.status': 'FAILED' as const } }, hint: BY_ID } },
  ]
}

/** Applies only while the row is where the settlement found it: the same take, or (for a sweep) the same state. */
export function messageWrite(settlement: Settlement): mongo.AnyBulkWriteOperation<MessageDoc> {
  return { updateOne: { filter: stillInHand(settlement.message), update: updateFor(settlement), hint: BY_ID } }
}

function stillInHand({ _id, tenantId, dispatch }: MessageDoc) {
  const { state, token, attempt } = dispatch as Dispatch
  const own = token === null ? { 'dispatch.state': state, 'dispatch.token': null } : { 'dispatch.token': token }
  return { _id, tenantId, ...own, 'dispatch.attempt': attempt }
}

function updateFor({ message, step, at, entry }: Settlement): mongo.UpdateFilter<MessageDoc> {
  const attempt = (message.dispatch as Dispatch).attempt
  const startedAt = new Date(entry.at.getTime() - (entry.latencyMs ?? 0))
  const entries = [...waitEntries(message.dispatch, startedAt), entry]
  const noted = { $push: appended(...entries) }
  const waitsFor = (reason: string) => ({ 'dispatch.wait': { reason, since: at }, 'dispatch.waits': [] })
  const settled = { statusUpdatedAt: at, dispatch: null, updatedAt: at }
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
          'dispatch.state': 'UNKNOWN' as const,
          'dispatch.reason': 'unknown' as const,
          'dispatch.leaseUntil': null,
          'dispatch.nextStepAt': step.blocksUntil,
          'dispatch.deadlineAt': step.deadlineAt,
          ...waitsFor('unknown'),
        },
        ...noted,
      }
    case 'waiting':
      return {
        $set: {
          'dispatch.state': 'WAITING' as const,
          'dispatch.reason': step.reason,
          'dispatch.nextStepAt': step.nextStepAt,
          'dispatch.attempt': step.usesAttempt ? attempt : attempt - 1,
          'dispatch.token': null,
          'dispatch.owner': null,
          'dispatch.leaseUntil': null,
          'dispatch.deadlineAt': null,
          ...waitsFor(step.reason),
        },
        ...noted,
      }
  }
}

/**
 * For a row that moved on while its call was under way: a status was faster than the answer, a deadline passed, the policy
 * made another attempt of it. The attempt joins the timeline; an acceptance lends its wamid to a row that has none, and
 * ends one that still waits or that we had declared failed.
 */
export function overtakenWrites({ message, step, at, entry }: Settlement): mongo.AnyBulkWriteOperation<MessageDoc>[] {
  if (entry.kind !== 'attempt') return []
  const mine = { _id: message._id, tenantId: message.tenantId }
  const push = { updateOne: { filter: mine, update: { $push: appended(entry) } } }
  if (step.kind !== 'sent') return [push]
  const provisional = { status: 'FAILED' as const, 'error.source': 'platform' as const }
  const waits = { status: 'QUEUED' as const, 'dispatch.state': { $ne: 'TAKEN' as const } }
  const $set = { status: 'SENT' as const, statusUpdatedAt: at, error: null, dispatch: null, updatedAt: at }
  return [
    push,
    { updateOne: { filter: { ...mine, $or: [provisional, waits] }, update: { $set } } },
    { updateOne: { filter: { ...mine, wamid: null }, update: { $set: { wamid: step.wamid } } } },
  ]
}
