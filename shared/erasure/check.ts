import { RECEIVED_AT_HEADER } from '../contracts/webhook-delivery.ts'
import { isBeforeErasure } from '../domain/contacts/erasure.ts'
import { parseWebhook, type WebhookItem } from '../meta/webhook.ts'
import type { DeadLetterDoc, ErasureDoc, Id, ParkedItemDoc } from '../model/documents.ts'
import type { Store } from '../store/connect.ts'
import {
  deadLettersUnderWay,
  deleteParkedItem,
  emptyDeadLetterOf,
  emptyRecipient,
  emptyWebhookEvent,
  findErasedConversations,
  hideAgain,
  leadsUnderWay,
  notEmpty,
  parkedUnderWay,
  recipientsUnderWay,
  UNDER_WAY_MS,
  webhookEventsUnderWay,
} from '../store/contacts/erase-check.ts'
import { deleteDeliveries, deleteEvents, deleteLeadsAndNotes, deleteReplies } from '../store/contacts/erase-rows.ts'
import { deleteViewsOf } from '../store/contacts/erase-views.ts'
import { findHash } from '../store/contacts/erasures.ts'
import { orOutage } from '../store/outage.ts'
import { deleteListFiles, type ErasureDeps, eraseMessages } from './erase.ts'

/** Numbers of rows and files that a check has still found, by kind. */
export type Leftovers = Record<
  | 'rows'
  | 'messages'
  | 'files'
  | 'leads'
  | 'notes'
  | 'recipients'
  | 'webhookEvents'
  | 'parkedItems'
  | 'deadLetters'
  | 'views'
  | 'events'
  | 'deliveries'
  | 'replies',
  number
>

/**
 * Looks everything through again after an erasure, and removes what was written by somebody who had read before it. The person is
 * not named any more, so rows are found by their ids, and by the hashes of the numbers and user ids in them. @throws Outage
 */
export async function checkErasure(deps: ErasureDeps, erasure: ErasureDoc, now: Date): Promise<Leftovers> {
  return await orOutage(checkAll(deps, erasure, now))
}

async function checkAll(deps: ErasureDeps, erasure: ErasureDoc, now: Date): Promise<Leftovers> {
  const { store } = deps
  const { tenantId, contactIds } = erasure
  const isNamed = await naming(store, erasure)
  const rows = await hideAgain(store, erasure, now)
  const conversationIds = await findErasedConversations(store, erasure)
  const recipients = await checkRecipients(deps, erasure, isNamed)
  const { messages, files, keys } = await eraseMessages(deps, erasure, conversationIds, now, notEmpty)
  const waIds = await checkLeads(store, erasure, isNamed)
  const whose = { tenantId, waIds, since: erasure.at }
  const traces = { contactIds, conversationIds }
  const { leads, notes, ids } = await deleteLeadsAndNotes(store, whose, traces, now)
  const webhookEvents = await checkWebhookEvents(store, erasure, isNamed)
  const parkedItems = await checkParked(store, erasure, isNamed)
  const deadLetters = await checkDeadLetters(store, { erasure, conversationIds, isNamed, now })
  const views = await checkViews(store, erasure, isNamed)
  // The log first: what is still in it becomes deliveries.
  const events = await deleteEvents(store, erasure, conversationIds)
  const deliveries = await deleteDeliveries(store, erasure, conversationIds)
  const replies = await deleteReplies(store, erasure, { ids: [...ids, ...contactIds], conversationIds, phones: waIds, keys })
  return {
    rows,
    messages,
    files: files + recipients.files,
    leads,
    notes,
    recipients: recipients.rows,
    webhookEvents,
    parkedItems,
    deadLetters,
    views,
    events,
    deliveries,
    replies,
  }
}

/** Whether a text, or the JSON of a value, names the person. */
type IsNamed = (value: unknown) => boolean

/** Words that may be a phone number or a user id. */
const WORDS = /[A-Za-z0-9][\w.-]{3,}/g
const NUMBERS = /\d{5,20}/g

async function naming(store: Store, { tenantId, hashes }: ErasureDoc): Promise<IsNamed> {
  const hash = await findHash(store, tenantId)
  const known = new Set(hashes)
  return value => {
    const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
    const words = new Set([...(text.match(WORDS) ?? []), ...(text.match(NUMBERS) ?? [])])
    return hash !== null && [...words].some(word => known.has(hash(word)))
  }
}

async function checkRecipients(
  deps: ErasureDeps,
  erasure: ErasureDoc,
  isNamed: IsNamed,
): Promise<{ rows: number; files: number }> {
  const named = new Set<string>()
  let rows = 0
  for await (const { _id, campaignId, waId, userId } of await recipientsUnderWay(deps.store, erasure)) {
    if (!isNamed([waId, userId])) continue
    await emptyRecipient(deps.store, erasure, _id)
    named.add(String(campaignId))
    rows++
  }
  return { rows, files: await deleteListFiles(deps, erasure.tenantId, named) }
}

/** Numbers of the person's leads that a request under way has made. */
async function checkLeads(store: Store, erasure: ErasureDoc, isNamed: IsNamed): Promise<string[]> {
  const phones: string[] = []
  for await (const { phone } of leadsUnderWay(store, erasure)) if (phone && isNamed(phone)) phones.push(phone)
  return phones
}

/** Saved views that were written by a request under way. */
async function checkViews(store: Store, erasure: ErasureDoc, isNamed: IsNamed): Promise<number> {
  const isNamedHere = (text: string) => isNamed([text, text.replaceAll(/\D/g, '').replace(/^0+/, '')])
  return await deleteViewsOf(store, erasure, isNamedHere, new Date(erasure.at.getTime() + UNDER_WAY_MS))
}

async function checkWebhookEvents(store: Store, erasure: ErasureDoc, isNamed: IsNamed): Promise<number> {
  let emptied = 0
  for await (const { _id, payload } of webhookEventsUnderWay(store, erasure)) {
    if (!isNamed(payload)) continue
    await emptyWebhookEvent(store, erasure, _id)
    emptied++
  }
  return emptied
}

async function checkParked(store: Store, erasure: ErasureDoc, isNamed: IsNamed): Promise<number> {
  let deleted = 0
  for await (const row of await parkedUnderWay(store, erasure)) {
    if (!isOfBefore(row, erasure) || !isNamed(row.payload)) continue
    await deleteParkedItem(store, row._id)
    deleted++
  }
  return deleted
}

/** A revision that is newer than the erasure is of somebody new. A status is of a message from before, whenever it came. */
const isOfBefore = ({ status, at, createdAt }: ParkedItemDoc, erasure: ErasureDoc) =>
  status !== 'revision' || isBeforeErasure({ at, receivedAt: createdAt }, erasure.at)

interface DeadLetterCheck {
  erasure: ErasureDoc
  conversationIds: Id[]
  isNamed: IsNamed
  now: Date
}

async function checkDeadLetters(store: Store, check: DeadLetterCheck): Promise<number> {
  let emptied = 0
  for await (const deadLetter of deadLettersUnderWay(store, check.erasure)) {
    if (!isAboutPerson(deadLetter, check)) continue
    await emptyDeadLetterOf(store, check.erasure, deadLetter._id, check.now)
    emptied++
  }
  return emptied
}

/** Whether a dead letter names a conversation of the person, or is a webhook from before the erasure that names the person. */
function isAboutPerson(deadLetter: DeadLetterDoc, { erasure, conversationIds, isNamed }: DeadLetterCheck): boolean {
  const texts = [deadLetter.payload, deadLetter.original ?? '']
  if (conversationIds.some(id => texts.some(text => text.includes(String(id))))) return true
  return texts.some(text => isNamed(text) && isFromBefore(text, deadLetter, erasure.at))
}

function isFromBefore(text: string, { headers, createdAt }: DeadLetterDoc, erasedAt: Date): boolean {
  const header = headers[RECEIVED_AT_HEADER]
  const receivedAt = typeof header === 'number' ? new Date(header) : createdAt
  return itemsIn(text, receivedAt).some(({ at }) => isBeforeErasure({ at, receivedAt }, erasedAt))
}

function itemsIn(text: string, receivedAt: Date): WebhookItem[] {
  try {
    return parseWebhook(JSON.parse(text), receivedAt)
  } catch {
    return []
  }
}
