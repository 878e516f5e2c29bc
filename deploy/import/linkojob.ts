import type { mongo } from 'mongoose'
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

/** LinkoJob (000) and its service behind a gateway (002): one company, messages embedded in their conversations. */
export const linkojobSource = (db: mongo.Db): Source => ({
  companies: async () => [],
  users: async () => [],
  numbers: async () => (await rowsOf(db, 'clients')).map(numberFrom),
  templates: async () =>
    (await rowsOf(db, 'templates')).map(row => ({ ...templateFacts(row), companyKey: null, components: componentsFrom(row) })),
  conversations: () => conversationsIn(db),
  leads: none,
})

const numberFrom = (row: Row): SourceNumber => ({
  key: textOf(row._id) ?? '',
  companyKey: null,
  phoneNumberId: textOf(row.phoneNumberId) ?? '',
  whatsappNumber: textOf(first(row, 'whatsappNumber', 'phoneNumber')) ?? '',
  wabaId: textOf(row.wabaId),
  companyName: textOf(row.companyName),
  email: textOf(row.email),
  userId: textOf(row.userId),
  token: row.status === 'disconnected' ? null : textOf(row.accessToken),
  tokenExpiry: dateOf(row.tokenExpiry),
  connectedAt: dateOf(row.connectedAt),
})

/** Header, body and footer as plain texts become Meta's components. */
export function componentsFrom(row: Row): Row[] {
  const [header, body, footer] = [textOf(row.header), textOf(row.body), textOf(row.footer)]
  return [
    ...(header === null ? [] : [{ type: 'HEADER', format: 'TEXT', text: header }]),
    ...(body === null ? [] : [{ type: 'BODY', text: body }]),
    ...(footer === null ? [] : [{ type: 'FOOTER', text: footer }]),
  ]
}

async function* conversationsIn(db: mongo.Db): AsyncGenerator<SourceConversation> {
  const collection = await collectionOf(db, 'conversations')
  if (collection === null) return
  for await (const row of collection.find({ deletedAt: null }).sort({ _id: 1 })) yield conversationFrom(row)
}

function conversationFrom(row: Row): SourceConversation {
  const key = textOf(row._id) ?? ''
  return {
    key,
    companyKey: null,
    numberKey: textOf(row.clientId),
    phone: textOf(row.candidatePhone) ?? '',
    name: textOf(row.candidateName),
    candidateId: textOf(row.candidateId),
    applicationId: textOf(row.applicationId),
    isClosed: row.status === 'closed',
    assignedTo: null,
    unreadCount: numberOf(row.unreadCount),
    windowExpiresAt: dateOf(row.windowExpiresAt),
    messages: listIn(row.messages)
      .map((message, i) => messageFrom(message, `${key}:${i}`))
      .toSorted((one, other) => one.at.getTime() - other.at.getTime()),
  }
}

/** @param key for a message without Meta's id: its place in the list, which only grows */
function messageFrom(row: Row, key: string): SourceMessage {
  const content = rowOf(row.content)
  const wamid = textOf(row.messageId)
  const isInbound = row.from === 'candidate'
  return {
    key: wamid ?? key,
    isInbound,
    type: textOf(row.type) ?? 'text',
    text: textOf(content.text),
    templateName: textOf(content.templateName),
    wamid,
    status: statusOf(row.status, isInbound),
    error: textOf(row.errorMessage),
    at: dateOf(row.timestamp) ?? new Date(0),
  }
}
