import { parseCallbackData } from '../domain/messages/callback-data.ts'
import { type Json, text } from '../meta/json.ts'
import type { WebhookItem } from '../meta/webhook.ts'
import { webhookKeys } from '../queue/topology.ts'

export const LISTS = ['messages', 'message_echoes', 'statuses'] as const
export type List = (typeof LISTS)[number]

/** Routing key of an item in a list, so that all events of one person and one number are processed in order. */
export function routingKeyOf(list: List, phoneNumberId: string, item: Json): string {
  if (list === 'messages') return webhookKeys.conversation(phoneNumberId, text(item.from) ?? text(item.from_user_id) ?? '')
  if (list === 'message_echoes') return webhookKeys.conversation(phoneNumberId, text(item.to) ?? text(item.to_user_id) ?? '')
  const person = text(item.recipient_id) ?? text(item.recipient_user_id) ?? text(item.id) ?? ''
  const isBulk = parseCallbackData(item.biz_opaque_callback_data)?.priority === 'campaign'
  return isBulk ? webhookKeys.bulkStatus(phoneNumberId, person) : webhookKeys.conversation(phoneNumberId, person)
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
    default:
      return webhookKeys.account
  }
}
