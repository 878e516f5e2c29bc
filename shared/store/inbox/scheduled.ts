import { isDeepStrictEqual } from 'node:util'
import { ApiError } from '../../domain/errors.ts'
import { asUpdate, ENDED, inState } from '../../domain/messages/dispatch.ts'
import type { ConversationDoc, Id, MessageDoc, MessageErrorDoc, TimelineEntry } from '../../model/documents.ts'
import { appended } from '../../model/timeline.ts'
import { type Store, trusted } from '../connect.ts'
import { findPage, type Page, type PageRequest } from '../pages.ts'
import type { Session } from '../transaction.ts'
import { getMessage } from './messages.ts'
import { visibleMessages, withAll } from './visibility.ts'

/** Filter for messages that are still scheduled: neither released nor cancelled. */
export const STILL_SCHEDULED = { status: 'QUEUED', ...inState('WAITING'), 'dispatch.reason': 'scheduled' } as const

type Key = Id | string

export interface ScheduledFilter {
  clientId?: string | undefined
  conversationId?: string | undefined
  from?: Date | undefined
  to?: Date | undefined
}

/** Scheduled messages, the next one first. A scheduled campaign has none: its messages are created when it starts. */
export async function listScheduled(
  store: Store,
  tenantId: Key,
  { clientId, conversationId, from, to }: ScheduledFilter,
  page: PageRequest,
): Promise<Page<MessageDoc>> {
  const filter = {
    tenantId,
    ...STILL_SCHEDULED,
    ...(clientId && { clientId }),
    ...(conversationId && { conversationId }),
    ...((from || to) && { sendAt: trusted({ ...(from && { $gte: from }), ...(to && { $lt: to }) }) }),
    ...withAll(await visibleMessages(store, tenantId)),
  }
  const projection = { timeline: 0, payload: 0 } as const
  return await findPage<MessageDoc>(store.models.messages, filter, 'sendAt', page, { ascending: true, projection })
}

/** Scheduled messages of a conversation at most: each search for its next message reads all of them. */
const MAX_IN_CONVERSATION = 100

/** @throws ApiError 422 SCHEDULE_FULL */
export async function requireRoomFor(store: Store, conversation: Pick<ConversationDoc, '_id' | 'tenantId'>): Promise<void> {
  const filter = { tenantId: conversation.tenantId, conversationId: conversation._id, ...STILL_SCHEDULED }
  if ((await store.models.messages.countDocuments(filter, { limit: MAX_IN_CONVERSATION })) >= MAX_IN_CONVERSATION)
    throw new ApiError(422, 'SCHEDULE_FULL', `A conversation can have at most ${MAX_IN_CONVERSATION} scheduled messages.`)
}

/** @throws ApiError 404, 409 ALREADY_RELEASED */
export async function getScheduled(store: Store, tenantId: Key, id: Key): Promise<MessageDoc> {
  const message = await getMessage(store, tenantId, id)
  if (!isScheduled(message)) throw alreadyReleased(message)
  return message
}

export const isScheduled = ({ status, dispatch }: MessageDoc): boolean =>
  status === STILL_SCHEDULED.status &&
  dispatch?.state === STILL_SCHEDULED['dispatch.state'] &&
  dispatch.reason === STILL_SCHEDULED['dispatch.reason']

type Content = Pick<MessageDoc, 'fallback' | 'expiresAt' | 'cost' | 'metaCost'> &
  Partial<Pick<MessageDoc, 'type' | 'content' | 'payload' | 'directSend' | 'marketingMessages'>>

/** Gives a scheduled message another time and content. @throws ApiError 409 ALREADY_RELEASED, MESSAGE_CHANGED */
export function changeScheduled(
  store: Store,
  before: MessageDoc,
  { sendAt, content, entries, by }: { sendAt: Date; content: Content; entries: TimelineEntry[]; by: Id },
  session: Session,
): Promise<MessageDoc> {
  const $set = { ...content, sendAt, at: sendAt, updatedBy: by, ...asUpdate({ nextStepAt: sendAt }) }
  return updateScheduled(store, before, { $set, $push: appended(...entries) }, session)
}

/** Cancels a scheduled message: its status becomes FAILED. @throws ApiError 409 ALREADY_RELEASED, MESSAGE_CHANGED */
export function cancelScheduled(
  store: Store,
  before: MessageDoc,
  { at, error, entries, by }: { at: Date; error: MessageErrorDoc; entries: TimelineEntry[]; by: Id },
  session: Session,
): Promise<MessageDoc> {
  const $set = { status: 'FAILED' as const, statusUpdatedAt: at, error, dispatch: ENDED, at, updatedBy: by }
  return updateScheduled(store, before, { $set, $push: appended(...entries) }, session)
}

/**
 * Updates a scheduled message if nobody has changed it since it was read. What the platform notes with it by itself, such as its place
 * in the conversation, does not count.
 */
async function updateScheduled(
  store: Store,
  before: MessageDoc,
  update: { $set: Partial<MessageDoc> & Record<string, unknown>; $push: object },
  session: Session,
): Promise<MessageDoc> {
  const { tenantId, _id } = before
  const updateAsOf = async ({ updatedAt }: MessageDoc) =>
    await store.models.messages
      .findOneAndUpdate({ tenantId, _id, ...STILL_SCHEDULED, updatedAt }, update, { session, returnDocument: 'after' })
      .lean()
  const after = await updateAsOf(before)
  if (after !== null) return after
  const now = await store.models.messages.findOne({ tenantId, _id }, null, { session }).lean()
  if (now === null || !isScheduled(now)) throw alreadyReleased(now ?? before)
  // The transaction sees one state of the row: it matches what was just read.
  const again = isDeepStrictEqual(changeable(now), changeable(before)) ? await updateAsOf(now) : null
  if (again !== null) return again
  throw new ApiError(409, 'MESSAGE_CHANGED', 'The message was changed by another request. Read it again and retry.')
}

/** What people change of a scheduled message. */
const changeable = ({ type, content, payload, fallback, sendAt, expiresAt, updatedBy }: MessageDoc) => ({
  ...{ type, content, payload, sendAt },
  ...{ fallback: fallback ?? null, expiresAt: expiresAt ?? null, updatedBy: String(updatedBy) },
})

const alreadyReleased = ({ status, sendAt }: MessageDoc) =>
  new ApiError(
    409,
    'ALREADY_RELEASED',
    sendAt === null ? 'The message is not scheduled.' : 'The message is no longer scheduled: it was released, sent or cancelled.',
    { extra: { messageStatus: status } },
  )
