import { parseCallbackData } from '../domain/messages/callback-data.ts'
import { type Json, text } from '../meta/json.ts'
import type { NamedKeys } from '../meta/people.ts'
import type { WebhookItem } from '../meta/webhook.ts'
import { isOfGroup, keysIn, type List } from '../meta/webhook-lists.ts'
import { webhookKeys } from '../queue/topology.ts'

/** Routing key of an item in a list, so that all events of one person, or of one group, and one number are processed in order. */
export function routingKeyOf(list: List, phoneNumberId: string, item: Json, ownNumber: string | null = null): string {
  const thread = groupOf(list, item) ?? keyOf(keysIn(list, item, ownNumber))
  if (list !== 'statuses') return webhookKeys.conversation(phoneNumberId, thread ?? '')
  const person = thread ?? text(item.id) ?? ''
  const isBulk = parseCallbackData(item.biz_opaque_callback_data)?.priority === 'campaign'
  return isBulk ? webhookKeys.bulkStatus(phoneNumberId, person) : webhookKeys.conversation(phoneNumberId, person)
}

const keyOf = ({ waId, userId }: NamedKeys) => waId ?? userId

/** Group whose messages or statuses go one way, whoever of its members is named. */
function groupOf(list: List, item: Json): string | null {
  if (list === 'messages') return text(item.group_id)
  return list === 'statuses' && isOfGroup(item) ? text(item.recipient_id) : null
}

/** Routing key of an item that was already taken out of its body. */
export function routingKeyOfItem(item: WebhookItem): string {
  const phoneNumberId = item.phoneNumberId ?? ''
  switch (item.kind) {
    case 'message':
      return routingKeyOf('messages', phoneNumberId, item.message)
    case 'echo':
      return routingKeyOf('message_echoes', phoneNumberId, item.message)
    case 'status':
      return routingKeyOf('statuses', phoneNumberId, item.report)
    case 'call':
      return webhookKeys.conversation(phoneNumberId, keyOf(item.person) ?? '')
    default:
      return webhookKeys.account
  }
}
