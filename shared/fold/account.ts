import { isObject, type Json, listOf, text } from '../meta/json.ts'
import { type AccountItem, type Person, timeOf } from '../meta/webhook.ts'
import type { ClientDoc } from '../store/documents.ts'
import { foldAccountUpdate, foldName, foldQuality } from './account-client.ts'
import { foldTemplate, isTemplateField } from './account-template.ts'
import type { FoldContext } from './context.ts'
import { changeContact, resolveContact } from './identity.ts'
import { ignored, PROCESSED, type Verdict } from './item.ts'
import type { State } from './state.ts'

/** Fields about the number, the account and its templates. What we do not know is kept and has no effect. */
export function foldAccount(state: State, context: FoldContext, clients: ClientDoc[], item: AccountItem): Verdict {
  const { value } = item
  if (isTemplateField(item.field, value)) return foldTemplate(state, context, clients, item)
  switch (item.field) {
    case 'phone_number_name_update':
      return foldName(state, clients, value)
    case 'phone_number_quality_update':
      return foldQuality(state, clients, value)
    case 'account_update':
      return foldAccountUpdate(state, context, clients, item)
    case 'user_preferences':
      return foldPreferences(state, context, clients, item)
    default:
      return ignored('a field without effect here')
  }
}

/** Marketing only: the newest word of the person counts, in whatever order they come. */
function foldPreferences(state: State, context: FoldContext, clients: ClientDoc[], item: AccountItem): Verdict {
  const [client] = clients
  const people = preferencesOf(item)
  if (client === undefined || people.length === 0) return ignored('no preference that we know')
  for (const { person, optOut, at } of people) {
    const contact = resolveContact(state, context, client.tenantId, person)
    if (contact === null || (contact.doc.optOutAt && contact.doc.optOutAt.getTime() > at.getTime())) continue
    changeContact(state, contact, { optOut, optOutAt: at, optOutSource: 'whatsapp' })
  }
  return PROCESSED
}

export function preferencesOf(item: AccountItem): { person: Person; optOut: boolean; at: Date }[] {
  return listOf(item.value.user_preferences)
    .filter(isObject)
    .filter(preference => preference.category === 'marketing_messages' && ['stop', 'resume'].includes(String(preference.value)))
    .map(preference => ({
      person: personOf(preference),
      optOut: preference.value === 'stop',
      at: timeOf(preference.timestamp, item.receivedAt) ?? item.at,
    }))
}

const personOf = (preference: Json): Person => ({
  waId: text(preference.wa_id),
  userId: text(preference.user_id),
  parentUserId: text(preference.parent_user_id),
  name: null,
  username: null,
})
