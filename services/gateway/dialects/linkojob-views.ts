import { z } from 'zod'
import { windowIsOpen } from '#shared/domain/messages/service-window.ts'
import type { ConversationDoc, MessageDoc } from '#shared/model/documents.ts'

/** Views of LinkoJob's API: phone numbers without `+`, enums in lower case. */
const at = z.iso.datetime()
const Side = z.enum(['client', 'candidate'])

export const LinkoJobConversation = z.object({
  _id: z.string(),
  /** Same value as `_id`, under the name used by the rest of the API. */
  id: z.string(),
  clientId: z.string(),
  candidatePhone: z.string().nullable(),
  candidateName: z.string().nullable(),
  candidateId: z.string().nullable(),
  applicationId: z.string().nullable(),
  messageCount: z.number().int(),
  lastMessageAt: at.nullable(),
  lastMessageFrom: Side.nullable(),
  unreadCount: z.number().int(),
  inWindow: z.boolean(),
  windowExpiresAt: at.nullable(),
  createdAt: at,
  updatedAt: at,
})

export const LinkoJobMessage = z.object({
  _id: z.string(),
  messageId: z.string().nullable().describe("WhatsApp's message id (wamid); null until it is known"),
  from: Side,
  type: z.string(),
  content: z.object({
    text: z.string().nullable(),
    templateName: z.string().nullable(),
    mediaUrl: z.string().nullable(),
  }),
  timestamp: at,
  status: z.enum(['queued', 'sent', 'delivered', 'read', 'failed', 'received']),
  errorMessage: z.string().nullable(),
})

const sideOf = (direction: 'INBOUND' | 'OUTBOUND') => (direction === 'INBOUND' ? 'candidate' : 'client')

/** View of a conversation. @param now decides whether the customer service window is open */
export function linkoJobConversation(row: ConversationDoc, now: Date): z.infer<typeof LinkoJobConversation> {
  const { contact, lastMessage } = row
  return {
    _id: String(row._id),
    id: String(row._id),
    clientId: String(row.clientId),
    candidatePhone: contact.phone,
    candidateName: row.candidateName ?? contact.name,
    candidateId: row.candidateId ?? null,
    applicationId: row.applicationId ?? null,
    messageCount: row.messageCount,
    lastMessageAt: lastMessage?.at.toISOString() ?? null,
    lastMessageFrom: lastMessage ? sideOf(lastMessage.direction) : null,
    unreadCount: row.unreadCount,
    inWindow: windowIsOpen(row.windowExpiresAt, now),
    windowExpiresAt: row.windowExpiresAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  }
}

/** View of a message. @param baseUrl base URL of this API for `mediaUrl`, which requires the caller's token */
export function linkoJobMessage(row: MessageDoc, baseUrl: string): z.infer<typeof LinkoJobMessage> {
  const { text, template, media } = row.content
  return {
    _id: String(row._id),
    messageId: row.wamid,
    from: sideOf(row.direction),
    type: row.type,
    content: {
      text,
      templateName: template?.name ?? null,
      mediaUrl: media ? `${baseUrl}/api/v1/media/${media.id}` : null,
    },
    timestamp: row.at.toISOString(),
    status: row.status.toLowerCase() as Lowercase<MessageDoc['status']>,
    errorMessage: row.error?.sentence ?? null,
  }
}
