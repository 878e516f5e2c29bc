import { mergeRecipientKeys } from '../domain/contacts/identity.ts'
import { hasUserId, scopesOf } from '../domain/contacts/user-ids.ts'
import type { EchoItem, MessageItem, StatusItem, WebhookItem } from '../meta/webhook.ts'
import type { Loaded, Plan } from '../model/batch-plan.ts'
import type { ClientDoc, ContactDoc } from '../model/documents.ts'
import { type FoldItem, isRecorded } from './batch.ts'
import { clientsOf, type ReferenceData } from './context.ts'
import { findByPhone } from './identity.ts'
import { isProjection } from './projection.ts'
import { recipientKeysOf } from './recipient-keys.ts'
import { findByUser, groupKey, messageByWamid, openState, pairKey, type State, type Tracked } from './state.ts'
import { freeUntil, messageOf } from './status.ts'

/**
 * Most of what a recorder gets changes only documents that exist, each on its own: a message of a known person in a known
 * conversation, a status, a message of ours. Such items are plain: they are recorded without a transaction. Whatever creates or
 * joins people and conversations, or changes numbers and templates, is recorded in one.
 */

/** Parts a batch into plain items and others, each in the order of the batch. */
export function splitPlain(
  items: readonly FoldItem[],
  loaded: Loaded,
  context: ReferenceData,
): { plain: FoldItem[]; others: FoldItem[] } {
  const state = openState(loaded)
  const { plain = [], others = [] } = Object.groupBy(items, item => (isPlainItem(state, context, item) ? 'plain' : 'others'))
  return { plain, others }
}

function isPlainItem(state: State, context: ReferenceData, item: FoldItem): boolean {
  if (isProjection(item) || isRecorded(state, item)) return true
  const [client] = clientsOf(context, item)
  return client === undefined || isPlainWebhook(state, context, client, item)
}

function isPlainWebhook(state: State, context: ReferenceData, client: ClientDoc, item: WebhookItem): boolean {
  switch (item.kind) {
    case 'message':
    case 'echo':
      return isPlainMessage(state, context, client, item)
    case 'status':
      // A failure may pause numbers, opt a person out or start the fallback template. A free entry point may concern a
      // conversation that this very batch creates.
      return (
        item.status !== 'failed' && item.field !== 'standby' && freeUntil(item) === null && !namesNewKeys(state, client, item)
      )
    case 'call':
    case 'account':
      return false
    case 'broken':
    case 'foreign':
      return true
  }
}

/** Whether a status names keys of the recipient that the conversation does not show. */
function namesNewKeys(state: State, client: ClientDoc, item: StatusItem): boolean {
  const reported = recipientKeysOf(item)
  if (reported === null) return false
  const message = messageOf(state, client, item)?.doc
  const shown = state.conversations.get(String(message?.conversationId))?.doc.contact
  return shown !== undefined && mergeRecipientKeys(shown, reported) !== null
}

/** Types that change another message, or the keys of a person. */
const CHANGING_TYPES = new Set(['system', 'reaction', 'edit', 'revoke'])

function isPlainMessage(state: State, context: ReferenceData, client: ClientDoc, item: MessageItem | EchoItem): boolean {
  if (CHANGING_TYPES.has(String(item.message.type)) || item.isOfOtherApp) return false
  const contact = knownContact(state, client, item)
  if (contact === undefined) return false
  const conversation = state.conversationsByPair.get(pairKey(client._id, contact.doc._id))?.doc
  if (conversation === undefined || conversation.deletedAt) return false
  const stored = messageByWamid(state, client.tenantId, item.wamid)
  if (stored && !stored.doc.conversationId.equals(conversation._id)) return false
  const hasLeads = context.tenants.get(String(client.tenantId))?.settings.leadsEnabled === true
  return (
    item.kind === 'echo' ||
    item.groupId !== null ||
    !hasLeads ||
    conversation.leadId !== null ||
    Boolean(contact.doc.leadDeletedAt)
  )
}

/** Contact of a message that needs no other keys than it has; undefined for any other. */
function knownContact(state: State, client: ClientDoc, item: MessageItem | EchoItem): Tracked<ContactDoc> | undefined {
  const { waId, userId } = item.person
  if (item.kind === 'message' && item.groupId !== null) return state.contactsByKey.get(groupKey(client.tenantId, item.groupId))
  if (waId === null && userId === null) return undefined
  const contact = userId !== null ? findByUser(state, client, userId) : findByPhone(state, client.tenantId, waId as string)
  const isSame =
    contact !== undefined &&
    (waId === null || waId === contact.doc.waId) &&
    (userId === null || hasUserId(contact.doc, scopesOf(client), userId))
  return isSame ? contact : undefined
}

const KEYS = ['waId', 'userId', 'otherUserIds'] as const

/** Whether each document of a plan may be written on its own, in the order of `writePlain`. */
export function isPlain({ contacts, conversations, leads, templates, clients, moves, discarded }: Plan): boolean {
  const created = [contacts.inserts, conversations.inserts, leads, templates, clients, moves, discarded]
  const changesKeys = contacts.updates.some(({ set }) => KEYS.some(key => key in set))
  return created.every(rows => rows.length === 0) && !changesKeys
}
