import { phoneVariants } from '../domain/contacts/phone-variants.ts'
import { parseCallbackData } from '../domain/messages/callback-data.ts'
import { isObject, type Json, text, unlisted } from '../meta/json.ts'
import { newKeysOf, type Person } from '../meta/people.ts'
import type { AccountItem, WebhookItem } from '../meta/webhook.ts'
import type { BatchKeys, NamedPerson } from '../model/batch-plan.ts'
import type { ClientDoc } from '../model/documents.ts'
import { toId } from '../model/ids.ts'
import { preferencesOf } from './account/account.ts'
import { groupsOf } from './account/groups.ts'
import { isTemplateField, templateKeyOf } from './account/templates.ts'
import type { FoldItem } from './batch.ts'
import { clientsOf, type ReferenceData } from './context.ts'
import { systemKeysOf } from './erased.ts'
import { historyMessagesOf } from './history.ts'
import { phoneBookOf } from './phone-book.ts'
import { isProjection } from './projection.ts'
import { recipientKeysOf } from './recipient-keys.ts'
import { customerOfHandover, entryIdOf } from './routing/handovers.ts'
import { freeUntil, isOptOut } from './status.ts'
import { userIdUpdatesOf } from './system.ts'

interface Sets {
  eventIds: Set<string>
  tenants: Map<string, ClientDoc['tenantId']>
  waIds: Set<string>
  userIds: Set<string>
  groupIds: Set<string>
  wamids: Set<string>
  messageIds: Set<string>
  newWamids: Set<string>
  leads: BatchKeys['leads']
  templates: BatchKeys['templates']
  recipients: boolean
  recipientKeys: BatchKeys['recipientKeys']
  people: NamedPerson[]
}

/** Keys of everything that must be loaded for a batch. Webhook items of unknown numbers need only their event ids. */
export function keysOf(items: readonly FoldItem[], context: ReferenceData): BatchKeys {
  const sets: Sets = {
    eventIds: new Set(),
    tenants: new Map(),
    waIds: new Set(),
    userIds: new Set(),
    groupIds: new Set(),
    wamids: new Set(),
    messageIds: new Set(),
    newWamids: new Set(),
    leads: [],
    templates: [],
    recipients: false,
    recipientKeys: [],
    people: [],
  }
  for (const item of items) {
    if (isProjection(item)) {
      sets.tenants.set(String(item.tenantId), item.tenantId)
      sets.messageIds.add(String(item.messageId))
      continue
    }
    sets.eventIds.add(item.eventId)
    const clients = clientsOf(context, item)
    const [client] = clients
    if (client === undefined) continue
    for (const { tenantId } of clients) sets.tenants.set(String(tenantId), tenantId)
    addKeys(sets, context, client, item)
  }
  return {
    eventIds: [...sets.eventIds],
    tenantIds: [...sets.tenants.values()],
    waIds: [...sets.waIds],
    userIds: [...sets.userIds],
    groupIds: [...sets.groupIds],
    wamids: [...sets.wamids],
    messageIds: [...sets.messageIds].map(id => toId(id)),
    newWamids: [...sets.newWamids],
    leads: sets.leads,
    templates: sets.templates,
    recipients: sets.recipients,
    recipientKeys: sets.recipientKeys,
    people: sets.people,
  }
}

function addKeys(sets: Sets, context: ReferenceData, client: ClientDoc, item: WebhookItem): void {
  switch (item.kind) {
    case 'status': {
      const callback = parseCallbackData(item.report.biz_opaque_callback_data)
      if (callback) sets.messageIds.add(callback.messageId)
      else sets.wamids.add(item.wamid)
      if (isOptOut(item)) sets.recipients = true
      if (freeUntil(item)) addPerson(sets, item.person)
      const message = { messageId: callback?.messageId ?? null, wamid: item.wamid }
      sets.people.push({ tenantId: client.tenantId, keys: variantsOf(item.person), at: item.at, message })
      const reported = recipientKeysOf(item)
      if (reported) sets.recipientKeys.push({ ...reported, wamid: item.wamid, messageId: callback?.messageId ?? null })
      return
    }
    case 'call':
      addPerson(sets, item.person, { tenantId: client.tenantId, at: item.at })
      sets.wamids.add(item.callId)
      addLead(sets, context, client, item.person)
      return
    case 'message':
    case 'echo': {
      const isOfGroup = item.kind === 'message' && item.groupId !== null
      if (isOfGroup) sets.groupIds.add(item.groupId as string)
      const own = parseCallbackData(item.message.biz_opaque_callback_data)
      if (own) sets.messageIds.add(own.messageId)
      for (const person of [item.person, ...systemKeysOf(item.message)])
        addPerson(sets, person, { tenantId: client.tenantId, at: item.at })
      sets.newWamids.add(item.wamid)
      for (const wamid of referencedWamids(item.message)) sets.wamids.add(wamid)
      if (item.kind === 'message' && !isOfGroup) addLead(sets, context, client, item.person)
      return
    }
    case 'account':
      for (const { person, at } of item.field === 'user_preferences' ? preferencesOf(item) : [])
        addPerson(sets, person, { tenantId: client.tenantId, at })
      if (item.field === 'smb_app_state_sync')
        for (const { person, at } of phoneBookOf(item)) addPerson(sets, person, { tenantId: client.tenantId, at })
      if (item.field === 'history') addHistory(sets, client, item)
      if (item.field === 'user_id_update')
        for (const { person, system } of userIdUpdatesOf(item))
          for (const keys of [person, newKeysOf(system)]) addPerson(sets, keys, { tenantId: client.tenantId, at: item.at })
      if (item.field === 'messaging_handovers') {
        addPerson(sets, customerOfHandover(item), { tenantId: client.tenantId, at: item.at })
        sets.messageIds.add(String(entryIdOf(item)))
      }
      for (const { groupId } of groupsOf(item)) sets.groupIds.add(groupId)
      if (isTemplateField(item.field, item.value) && item.wabaId !== null)
        sets.templates.push({ wabaId: item.wabaId, ...templateKeyOf(unlisted(item.value)) })
      return
    case 'broken':
    case 'foreign':
  }
}

function addLead(sets: Sets, context: ReferenceData, client: ClientDoc, { waId, userId }: Keys): void {
  if (!createsLeads(context, client)) return
  const waIds = waId ? phoneVariants(waId) : []
  sets.leads.push({ tenantId: client.tenantId, clientId: client._id, waIds, userId })
}

/** Keys of history: a chunk brings new messages, a media webhook refers to stored placeholders. */
function addHistory(sets: Sets, { tenantId }: ClientDoc, item: AccountItem): void {
  const isChunk = Array.isArray(item.value.history)
  for (const { person, wamid, at } of historyMessagesOf(item)) {
    addPerson(sets, person, { tenantId, at })
    if (isChunk) sets.newWamids.add(wamid)
    else sets.wamids.add(wamid)
  }
}

const createsLeads = ({ tenants }: ReferenceData, client: ClientDoc) =>
  tenants.get(String(client.tenantId))?.settings.leadsEnabled === true

type Keys = Pick<Person, 'waId' | 'userId'>

/** @param created by whom and when the person would be created, if nobody has the keys */
function addPerson(sets: Sets, { waId, userId }: Keys, created?: Pick<NamedPerson, 'tenantId' | 'at'>): void {
  for (const variant of waId === null ? [] : phoneVariants(waId)) sets.waIds.add(variant)
  if (userId !== null) sets.userIds.add(userId)
  if (created) sets.people.push({ ...created, keys: variantsOf({ waId, userId }), message: null })
}

const variantsOf = ({ waId, userId }: Keys): string[] => [
  ...(waId === null ? [] : phoneVariants(waId)),
  ...(userId === null ? [] : [userId]),
]

/** wamids of the messages that this one reacts to, edits, revokes or quotes. */
function referencedWamids(message: Json): string[] {
  const { reaction, edit, revoke, context } = message
  const ids = [
    isObject(reaction) && text(reaction.message_id),
    isObject(edit) && text(edit.original_message_id),
    isObject(revoke) && text(revoke.original_message_id),
    isObject(context) && text(context.id),
  ]
  return ids.filter(id => typeof id === 'string')
}
