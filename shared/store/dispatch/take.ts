import { setTimeout as sleep } from 'node:timers/promises'
import type { SendJob } from '../../contracts/send-job.ts'
import { Outage } from '../../domain/errors.ts'
import { needsWindow } from '../../domain/messages/direct-send.ts'
import { asUpdate, inState, postponed, taken, unfinished } from '../../domain/messages/dispatch.ts'
import type { Id, MessageDoc } from '../../model/documents.ts'
import { toId } from '../../model/ids.ts'
import type { Store } from '../connect.ts'
import { orOutage } from '../outage.ts'
import { BY_ID } from './outcome-writes.ts'
import { waitingFor } from './waits.ts'

/**
 * Takes messages, or postpones them. `now` is MongoDB's time in every function (`serverClock`), so that
 * processes with different clocks agree on what is due and on when a lease ends.
 */

/** Duration of a take: longer than a call may last, and never renewed. */
export const LEASE_MS = 60_000
/** A message that waits for an earlier one of its conversation becomes due after this time, if it is not enqueued before. */
export const PREDECESSOR_RECHECK_MS = 30_000
/** Time for which an attempt without an answer blocks the next message of its conversation. */
export const UNKNOWN_BLOCKS_MS = 15_000

const MAJORITY = { writeConcern: { w: 'majority', j: true } } as const

/** Explicit hint: the planner may prefer the conversation's index, which holds every message. */
export const UNFINISHED_INDEX = { hint: 'dispatch_predecessor' } as const

/** A message or a send job. */
export interface InConversation {
  conversationId: Id | string
  tenantId: Id | string
}

/** Stage that matches messages which block the others of their conversation; run it with UNFINISHED_INDEX. */
export function unfinishedOf(conversations: readonly InConversation[], now: Date) {
  return {
    $match: {
      conversationId: { $in: conversationIds(conversations) },
      tenantId: { $in: tenantIds(conversations) },
      ...unfinished(),
      $nor: [
        { ...inState('UNKNOWN'), 'dispatch.nextStepAt': { $not: { $gt: now } } },
        {
          ...inState('WAITING'),
          'dispatch.reason': { $in: ['scheduled', 'restricted', 'spend'] },
          'dispatch.nextStepAt': { $gt: now },
        },
      ],
    },
  }
}

export interface Take {
  token: string
  owner: string
  now: Date
}

/**
 * Takes the due messages of the jobs for one sender, durably and before any call: each row is taken once, and its attempt is
 * counted. Rows that another job took first are missing from the result. An outage is retried for up to 30 s, because only a read
 * by the token shows whether the take was written. @throws Outage
 */
export async function takeMessages(store: Store, jobs: readonly SendJob[], take: Take): Promise<MessageDoc[]> {
  if (jobs.length === 0) return []
  const giveUpAt = performance.now() + TAKE_PATIENCE_MS
  for (let isFirst = true; ; isFirst = false) {
    try {
      return isFirst && jobs.length === 1 ? await takeOne(store, jobs, take) : await takeAll(store, jobs, take)
    } catch (error) {
      if (!(error instanceof Outage) || performance.now() > giveUpAt) throw error
    }
    await sleep(TAKE_PAUSE_MS)
  }
}

const TAKE_PATIENCE_MS = 30_000
const TAKE_PAUSE_MS = 500

/** Takes a lone message by one command, which answers its row. */
async function takeOne(store: Store, jobs: readonly SendJob[], take: Take): Promise<MessageDoc[]> {
  const options = { ...MAJORITY, hint: BY_ID, returnDocument: 'after' } as const
  const row = await orOutage(store.raw.messages.findOneAndUpdate(dueAmong(jobs, take.now), updateOf(take), options))
  return row === null ? [] : [row]
}

async function takeAll(store: Store, jobs: readonly SendJob[], take: Take): Promise<MessageDoc[]> {
  await orOutage(store.raw.messages.updateMany(dueAmong(jobs, take.now), updateOf(take), { ...MAJORITY, hint: BY_ID }))
  const own = { 'dispatch.token': take.token, tenantId: { $in: tenantIds(jobs) } }
  return await orOutage(store.raw.messages.find(own).hint('dispatch_token').toArray())
}

function updateOf({ token, owner, now }: Take) {
  const leaseUntil = new Date(now.getTime() + LEASE_MS)
  return { $set: asUpdate(taken({ token, owner, leaseUntil })), $inc: { 'dispatch.attempt': 1 } }
}

/** When a row that is TAKEN was taken, by MongoDB's clock; null of any other row. */
export const takenAt = ({ dispatch }: Pick<MessageDoc, 'dispatch'>): Date | null =>
  dispatch?.leaseUntil ? new Date(dispatch.leaseUntil.getTime() - LEASE_MS) : null

export interface Postponement {
  job: SendJob
  reason: 'rate' | 'pair' | 'predecessor' | 'paused' | 'quota' | 'restricted' | 'spend'
  /** null: until the number is resumed. */
  nextStepAt: Date | null
}

/** Postpones due messages that were not taken; no attempt is counted. Rows that are not due keep their time. @throws Outage */
export async function postponeMessages(store: Store, postponements: readonly Postponement[], now: Date): Promise<void> {
  const groups = Object.values(Object.groupBy(postponements, ({ reason, nextStepAt }) => `${reason}:${nextStepAt?.getTime()}`))
  const operations = groups.map(group => {
    const { reason, nextStepAt } = (group as [Postponement])[0]
    const jobs = (group as Postponement[]).map(({ job }) => job)
    const update = [{ $set: { ...asUpdate(postponed(reason, nextStepAt)), ...waitingFor(reason, now) } }]
    return { updateMany: { filter: dueAmong(jobs, now), update, hint: BY_ID } }
  })
  if (operations.length > 0) await orOutage(store.raw.messages.bulkWrite(operations, { ordered: false, ...MAJORITY }))
}

function dueAmong(jobs: readonly SendJob[], now: Date) {
  return {
    _id: { $in: jobs.map(job => toId(job.messageId)) },
    tenantId: { $in: tenantIds(jobs) },
    status: 'QUEUED' as const,
    $or: [inState('READY'), { ...inState('WAITING'), 'dispatch.nextStepAt': { $lte: now } }],
  }
}

/** The send job of a message. */
export function sendJobFor(row: SendJobRow): SendJob {
  return {
    v: 1,
    messageId: String(row._id),
    tenantId: String(row.tenantId),
    clientId: String(row.clientId),
    phoneNumberId: row.phoneNumberId,
    conversationId: String(row.conversationId),
    contactKey: row.contactKey,
    isTemplate: !needsWindow(row),
    campaignId: row.campaignId ? String(row.campaignId) : null,
    contactId: String(row.contactId),
    ...templateOf(row),
  }
}

interface SendJobRow
  extends Pick<MessageDoc, '_id' | 'tenantId' | 'clientId' | 'phoneNumberId' | 'conversationId' | 'contactId'> {
  contactKey: string
  type: string
  directSend?: MessageDoc['directSend']
  campaignId: Id | null
  content: Pick<MessageDoc['content'], 'template'>
}

/** The template that a message names; nulls for a message of another type. */
export function templateOf({ type, content }: Pick<SendJobRow, 'type' | 'content'>) {
  const named = type === 'template' ? content.template : null
  return { templateName: named?.name ?? null, templateLanguage: named?.language ?? null }
}

export const conversationIds = (of: readonly InConversation[]) =>
  unique(of.map(({ conversationId }) => String(conversationId))).map(toId)
export const tenantIds = (owned: readonly { tenantId: Id | string }[]) =>
  unique(owned.map(({ tenantId }) => String(tenantId))).map(toId)
const unique = (values: string[]) => [...new Set(values)]
