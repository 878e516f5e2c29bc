import { z } from 'zod'
import type { ConversationDoc, MessageDoc } from '#shared/model/documents.ts'
import type { Store } from '#shared/store/connect.ts'
import { findLeadNames } from '#shared/store/contacts/leads.ts'
import { findNumbersOf } from '#shared/store/numbers/clients.ts'

/** Views of the CRM module's API: conversations are identified by the contact's phone number, enums are upper case. */
const at = z.iso.datetime()

export const CrmConversation = z.object({
  id: z.string().nullable().describe("Contact's phone number, or business-scoped user id if there is none"),
  phone: z.string().nullable(),
  leadId: z.string().nullable(),
  leadName: z.string().nullable(),
  unreadCount: z.number().int(),
  lastMessageAt: at.nullable(),
  lastMessageText: z.string().nullable(),
  lastMessageDirection: z.enum(['INBOUND', 'OUTBOUND']).nullable(),
  assignedToId: z.string().nullable(),
  assignedToName: z.string().nullable(),
})

/** Message without its delivery status. */
export const CrmMessage = z.object({
  id: z.string(),
  provider: z.literal('WHATSAPP'),
  direction: z.enum(['INBOUND', 'OUTBOUND']),
  to: z.string().nullable(),
  from: z.string().nullable(),
  text: z.string().nullable(),
  createdAt: at,
})

/** Message with its delivery status and error. */
export const CrmMessageLog = CrmMessage.extend({
  status: z.enum(['QUEUED', 'SENT', 'DELIVERED', 'READ', 'FAILED', 'RECEIVED']),
  statusUpdatedAt: at,
  externalMessageId: z.string().nullable(),
  errorCode: z.number().int().nullable(),
  errorMessage: z.string().nullable(),
})

/** Response of a paged list in the CRM module's API. */
export const crmListOf = (item: z.ZodType) =>
  z.object({ data: z.array(item), total: z.number().int(), page: z.number().int(), limit: z.number().int() })

const shown = (digits: string | null | undefined) => (digits ? `+${digits}` : null)

/** Conversation views with the names of their leads. */
export async function crmConversations(
  store: Store,
  tenantId: string,
  rows: readonly ConversationDoc[],
): Promise<z.infer<typeof CrmConversation>[]> {
  const leadIds = rows.flatMap(({ leadId }) => leadId ?? [])
  const names = leadIds.length > 0 ? await findLeadNames(store, tenantId, leadIds) : new Map<string, string>()
  return rows.map(row => ({
    id: shown(row.contact.phone) ?? row.contact.userId ?? row.groupId ?? null,
    phone: shown(row.contact.phone),
    leadId: row.leadId ? String(row.leadId) : null,
    leadName: row.leadId ? (names.get(String(row.leadId)) ?? null) : null,
    unreadCount: row.unreadCount,
    lastMessageAt: row.lastMessage?.at.toISOString() ?? null,
    lastMessageText: row.lastMessage?.text ?? null,
    lastMessageDirection: row.lastMessage?.direction ?? null,
    assignedToId: row.assignedTo ? String(row.assignedTo.id) : null,
    assignedToName: row.assignedTo?.name ?? null,
  }))
}

/** Message views with the phone numbers of sender and recipient. */
export async function crmMessages(
  store: Store,
  tenantId: string,
  rows: readonly MessageDoc[],
): Promise<z.infer<typeof CrmMessage>[]> {
  const own = await findNumbersOf(store, tenantId, [...new Map(rows.map(row => [String(row.clientId), row.clientId])).values()])
  return rows.map(row => {
    const ours = shown(own.get(String(row.clientId)))
    const theirs = row.contactKeyKind === 'waId' ? shown(row.contactKey) : row.contactKey
    const [to, from] = row.direction === 'INBOUND' ? [ours, theirs] : [theirs, ours]
    const { _id, direction, content, at: createdAt } = row
    return { id: String(_id), provider: 'WHATSAPP', direction, to, from, text: content.text, createdAt: createdAt.toISOString() }
  })
}

/** Message views with delivery status and error. */
export async function crmMessageLogs(
  store: Store,
  tenantId: string,
  rows: readonly MessageDoc[],
): Promise<z.infer<typeof CrmMessageLog>[]> {
  const messages = await crmMessages(store, tenantId, rows)
  return rows.map(({ status, statusUpdatedAt, wamid, error }, i) => ({
    ...(messages[i] as z.infer<typeof CrmMessage>),
    status,
    statusUpdatedAt: statusUpdatedAt.toISOString(),
    externalMessageId: wamid,
    errorCode: error?.code ?? null,
    errorMessage: error ? (error.detail ?? error.title) : null,
  }))
}
