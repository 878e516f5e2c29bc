import type { MessageStatus } from '#shared/domain/messages/delivery-status.ts'
import type { OwnItem } from './parts.ts'

/** A customer's message. */
export interface InboundItem {
  kind: 'inbound'
  waId: string
  wamid: string
  text: string
  at: Date
  body: Record<string, unknown>
}
/** A report about a message of ours. */
export interface StatusItem {
  kind: 'status'
  waId: string
  wamid: string
  messageId: string
  status: MessageStatus
  timestamp: string
  at: Date
  body: Record<string, unknown>
}
export type Item = InboundItem | StatusItem | OwnItem

/** A webhook of the load has one message or one status. */
export function readItem(content: Buffer): Item {
  const body = JSON.parse(content.toString('utf8'))
  if (body.kind) return body as OwnItem
  const { messages, statuses } = body.entry[0].changes[0].value
  const [said] = messages ?? statuses
  const { id: wamid, timestamp } = said
  const at = new Date(Number(timestamp) * 1000)
  if (messages) return { kind: 'inbound', waId: said.from, wamid, text: said.text.body, at, body }
  return {
    kind: 'status',
    waId: said.recipient_id.replace(/^\+/, ''),
    wamid,
    messageId: said.biz_opaque_callback_data.split(':')[2],
    status: said.status.toUpperCase(),
    timestamp,
    at,
    body,
  }
}
