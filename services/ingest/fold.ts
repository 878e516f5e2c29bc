import { Types } from 'mongoose'
import { parseCallbackData } from '#shared/domain/callback-data.ts'
import { isObject, text } from '#shared/meta/json.ts'
import type { WebhookItem } from '#shared/meta/webhook.ts'
import type { ClientDoc, WebhookEventDoc } from '#shared/store/documents.ts'
import { isSettled, type RecordState, type Wanted } from '#shared/store/record-state.ts'
import { foldEcho, foldMessage } from './fold-message.ts'
import { foldStatus } from './fold-status.ts'
import { type Telling, tellConversations } from './tell.ts'
import { ignored, type Word } from './word.ts'

/** Counted for `linko_webhook_processed_total`. */
export type Tally = { kind: WebhookItem['kind']; outcome: 'processed' | 'duplicate' | 'ignored' | 'parked' | 'failed' }[]

/**
 * Applies a batch of items to what is loaded, in their order: pure but for new ids. A second item with an id that is known, or
 * came earlier in the batch, changes nothing.
 */
export function foldItems(state: RecordState, items: readonly WebhookItem[], now: Date): Tally {
  const seen = new Set<string>()
  const telling: Telling = { now, updated: new Map(), last: null }
  const tally: Tally = []
  for (const item of items) {
    if (seen.has(item.eventId) || isSettled(state.known.get(item.eventId))) {
      tally.push({ kind: item.kind, outcome: 'duplicate' })
      continue
    }
    seen.add(item.eventId)
    const client = clientOf(state, item)
    const word = client === undefined ? ignored('unknown number') : foldItem(state, item, client, telling)
    state.webhookEvents.push(eventRow(item, client, word, now))
    tally.push({ kind: item.kind, outcome: outcomeOf(word) })
  }
  tellConversations(state, telling)
  return tally
}

function foldItem(state: RecordState, item: WebhookItem, client: ClientDoc, telling: Telling): Word {
  switch (item.kind) {
    case 'message':
      return foldMessage(state, item, client, telling)
    case 'echo':
      return foldEcho(state, item, client, telling)
    case 'status':
      return foldStatus(state, item, client, telling)
    case 'broken':
      return { status: 'FAILED', reason: item.reason }
    case 'account':
      return ignored('no effect here')
  }
}

/** By the number; account fields have none and belong to whoever has the WABA. */
export const clientOf = (state: RecordState, item: WebhookItem): ClientDoc | undefined =>
  item.phoneNumberId !== null ? state.clients.get(item.phoneNumberId) : state.clients.get(`waba:${item.wabaId}`)

const outcomeOf = ({ status }: Word) =>
  status === 'PENDING' ? 'parked' : status === 'FAILED' ? 'failed' : status === 'IGNORED' ? 'ignored' : 'processed'

function eventRow(item: WebhookItem, client: ClientDoc | undefined, word: Word, now: Date): WebhookEventDoc {
  return {
    _id: item.eventId,
    tenantId: client?.tenantId ?? null,
    phoneNumberId: item.phoneNumberId,
    wabaId: item.wabaId,
    eventType:
      item.kind === 'echo'
        ? 'message'
        : item.kind === 'broken'
          ? 'error'
          : item.kind === 'account' && isObject(item.value) && Array.isArray(item.value.errors)
            ? 'error'
            : item.kind,
    field: item.field,
    payload: item.payload,
    status: word.status,
    reason: word.reason,
    attempts: 1,
    receivedAt: item.receivedAt,
    processedAt: word.status === 'PENDING' ? null : now,
  }
}

/** The documents that a batch of items names. */
export function wantedBy(items: readonly WebhookItem[], clients: Map<string, ClientDoc>): Wanted {
  const own = items.flatMap(item => clients.get(item.phoneNumberId ?? `waba:${item.wabaId}`) ?? [])
  const people = items.flatMap(item => ('person' in item ? [item.person, ...changedIdentity(item)] : []))
  return {
    eventIds: [...new Set(items.map(item => item.eventId))],
    tenantIds: distinct(own.map(client => client.tenantId)),
    clientIds: distinct(own.map(client => client._id)),
    waIds: [...new Set(people.flatMap(person => person.waId ?? []))],
    userIds: [...new Set(people.flatMap(person => person.userId ?? []))],
    wamids: [...new Set(items.flatMap(namedWamids))],
    messageIds: items.flatMap(item => (item.kind === 'status' ? ownId(item.status_.biz_opaque_callback_data) : [])),
    unparkable: items.flatMap(item => (item.kind === 'echo' ? [item.wamid] : [])),
  }
}

/** A new number or id that Meta announces in a system message. */
function changedIdentity(item: WebhookItem): { waId: string | null; userId: string | null }[] {
  if (item.kind !== 'message' || !isObject(item.message.system)) return []
  const { wa_id, user_id, previous_user_id } = item.message.system
  return [
    { waId: text(wa_id), userId: text(user_id) },
    { waId: null, userId: text(previous_user_id) },
  ]
}

function namedWamids(item: WebhookItem): string[] {
  if (item.kind === 'status') return [item.wamid]
  if (item.kind !== 'message' && item.kind !== 'echo') return []
  const { message } = item
  const targets = [message.context, message.reaction, message.edit, message.revoke].filter(isObject)
  return [
    item.wamid,
    ...targets.flatMap(
      ({ id, message_id, original_message_id }) => text(id) ?? text(message_id) ?? text(original_message_id) ?? [],
    ),
  ]
}

const ownId = (callbackData: unknown) => {
  const parsed = parseCallbackData(callbackData)
  return parsed ? [new Types.ObjectId(parsed.messageId)] : []
}

const distinct = (ids: Types.ObjectId[]) => [...new Map(ids.map(id => [String(id), id])).values()]
