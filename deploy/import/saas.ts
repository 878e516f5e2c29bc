import type { mongo } from 'mongoose'
import { roleFromForeign } from '#shared/auth/policy.ts'
import {
  collectionOf,
  dateOf,
  first,
  listIn,
  none,
  numberOf,
  type Row,
  rowOf,
  rowsOf,
  type Source,
  type SourceConversation,
  type SourceMessage,
  type SourceNumber,
  statusOf,
  templateFacts,
  textOf,
} from './source.ts'

/** The WhatsApp SaaS platform (004): tenants with a number each, users with bcrypt hashes, messages in a collection of their own. */
export const saasSource = (db: mongo.Db): Source => ({
  companies: async () => (await rowsOf(db, 'tenants')).map(row => ({ key: idOf(row), name: nameOf(row) })),
  users: async () =>
    (await rowsOf(db, 'users')).flatMap(row => {
      const email = textOf(row.email)?.toLowerCase()
      const companyKey = textOf(first(row, 'tenantId', 'tenant'))
      // A platform admin of another system has no say over this platform.
      const role = roleFromForeign(String(row.role), 'agent') ?? 'agent'
      if (!email || companyKey === null) return []
      const passwordHash = textOf(first(row, 'password', 'passwordHash'))
      const given = role === 'platform_admin' ? ('tenant_admin' as const) : role
      return [{ key: idOf(row), companyKey, email, name: textOf(row.name) ?? email, role: given, passwordHash }]
    }),
  numbers: async () => (await rowsOf(db, 'tenants')).flatMap(numberFrom),
  templates: async () =>
    (await rowsOf(db, 'templates')).map(row => ({
      ...templateFacts(row),
      companyKey: textOf(first(row, 'tenantId', 'tenant')),
      components: listIn(row.components),
    })),
  conversations: () => conversationsIn(db),
  leads: none,
})

const idOf = (row: Row): string => textOf(row._id) ?? ''
const nameOf = (row: Row): string => textOf(first(row, 'name', 'businessName', 'companyName')) ?? 'Company'

/** A tenant's number stands in the tenant, or in a part of it called `whatsapp`. */
function numberFrom(tenant: Row): SourceNumber[] {
  const row = { ...tenant, ...rowOf(tenant.whatsapp) }
  const phoneNumberId = textOf(row.phoneNumberId)
  if (phoneNumberId === null) return []
  return [
    {
      key: idOf(tenant),
      companyKey: idOf(tenant),
      phoneNumberId,
      whatsappNumber: textOf(first(row, 'displayPhoneNumber', 'phoneNumber', 'whatsappNumber')) ?? '',
      wabaId: textOf(row.wabaId),
      companyName: nameOf(tenant),
      email: textOf(tenant.email),
      userId: null,
      token: textOf(first(row, 'accessToken', 'encryptedAccessToken')),
      tokenExpiry: dateOf(first(row, 'tokenExpiry', 'tokenExpiresAt')),
      connectedAt: dateOf(first(row, 'connectedAt', 'createdAt')),
    },
  ]
}

async function* conversationsIn(db: mongo.Db): AsyncGenerator<SourceConversation> {
  const conversations = await collectionOf(db, 'conversations')
  const messages = await collectionOf(db, 'messages')
  if (conversations === null) return
  for await (const row of conversations.find({ deletedAt: null }).sort({ _id: 1 })) {
    const of = { $in: [row._id, idOf(row)] }
    const filter = { $or: [{ conversationId: of }, { conversation: of }], deletedAt: null }
    const own = (await messages?.find(filter).toArray()) ?? []
    const companyKey = textOf(first(row, 'tenantId', 'tenant'))
    const customer = rowOf(first(row, 'customer', 'contact'))
    yield {
      key: idOf(row),
      companyKey,
      numberKey: companyKey,
      phone: textOf(first(row, 'customerPhone', 'waId', 'phone') ?? first(customer, 'waId', 'phone')) ?? '',
      name: textOf(first(row, 'customerName', 'contactName', 'name') ?? first(customer, 'name')),
      candidateId: null,
      applicationId: null,
      isClosed: ['closed', 'resolved'].includes(String(row.status).toLowerCase()),
      assignedTo: textOf(first(row, 'assignedTo', 'assignedAgent')),
      unreadCount: numberOf(row.unreadCount),
      windowExpiresAt: dateOf(row.windowExpiresAt),
      messages: own.map(messageFrom).toSorted((one, other) => one.at.getTime() - other.at.getTime()),
    }
  }
}

function messageFrom(row: Row): SourceMessage {
  const isInbound = /^in/i.test(String(row.direction))
  const { content } = row
  const template = rowOf(first(row, 'template'))
  return {
    key: idOf(row),
    isInbound,
    type: textOf(row.type) ?? 'text',
    text: textOf(content) ?? textOf(first(rowOf(content), 'text', 'body') ?? first(row, 'text', 'body')),
    templateName: textOf(first(row, 'templateName') ?? first(template, 'name')),
    wamid: textOf(first(row, 'waMessageId', 'wamid', 'messageId', 'externalMessageId')),
    status: statusOf(row.status, isInbound),
    error: textOf(first(row, 'errorMessage') ?? first(rowOf(row.error), 'message')),
    at: dateOf(first(row, 'timestamp', 'createdAt')) ?? new Date(0),
  }
}
