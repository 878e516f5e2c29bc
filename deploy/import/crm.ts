import type { mongo } from 'mongoose'
import {
  collectionOf,
  dateOf,
  first,
  listIn,
  type Row,
  rowOf,
  rowsOf,
  type Source,
  type SourceConversation,
  type SourceLead,
  type SourceMessage,
  statusOf,
  templateFacts,
  textOf,
} from './source.ts'

const LOGS = ['messagelogs', 'MessageLog', 'messageLogs', 'message_logs']
const LEADS = ['leads', 'Lead']
const NOTES = ['notes', 'Note']
const TEMPLATES = ['whatsapptemplates', 'WhatsAppTemplate', 'whatsAppTemplates', 'templates', 'Template']
const COMPANIES = ['organizations', 'Organization']

/**
 * The WhatsApp module of a CRM (003): message logs of organisations, leads with notes. Its number stands in its environment and not in
 * its database, and its conversations are the logs of one phone number.
 */
export const crmSource = (db: mongo.Db): Source => ({
  companies: async () => {
    const named = new Map((await rowsOf(db, ...COMPANIES)).map(row => [idOf(row), textOf(row.name)]))
    const logs = await collectionOf(db, ...LOGS)
    const keys = new Set([...named.keys(), ...((await logs?.distinct('organizationId')) ?? []).map(String)])
    return [...keys].map(key => ({ key, name: named.get(key) ?? `Organisation ${key}` }))
  },
  users: async () => [],
  numbers: async () => [],
  templates: async () =>
    (await rowsOf(db, ...TEMPLATES)).map(row => ({
      ...templateFacts(row),
      companyKey: textOf(row.organizationId),
      components: componentsFrom(rowOf(row.componentsJson)),
    })),
  conversations: () => conversationsIn(db),
  leads: () => leadsIn(db),
})

const idOf = (row: Row): string => textOf(first(row, 'id', '_id')) ?? ''

/** Components by name, each a list of parts, become Meta's. */
export function componentsFrom(json: Row): Row[] {
  const parts = ['header', 'body', 'footer'].flatMap(name => listIn(json[name]).map(part => ({ name, part })))
  const texts = parts.map(({ name, part: { type, text, ...rest } }) => ({
    type: name.toUpperCase(),
    ...(name === 'header' && { format: String(type ?? 'text').toUpperCase() }),
    ...(text !== undefined && { text }),
    ...rest,
  }))
  const buttons = listIn(json.buttons).map(({ type, ...rest }) => ({ type: String(type ?? '').toUpperCase(), ...rest }))
  return [...texts, ...(buttons.length > 0 ? [{ type: 'BUTTONS', buttons }] : [])]
}

/** The logs, sorted by company and person by the source's own database, so that one conversation at a time is in memory. */
async function* conversationsIn(db: mongo.Db): AsyncGenerator<SourceConversation> {
  const logs = await collectionOf(db, ...LOGS)
  if (logs === null) return
  const person = { $cond: [{ $eq: [{ $toUpper: '$direction' }, 'INBOUND'] }, '$from', '$to'] }
  const groups = logs.aggregate<Row>(
    [
      { $match: { deletedAt: null, provider: { $in: ['WHATSAPP', 'whatsapp', null] } } },
      { $sort: { createdAt: 1, _id: 1 } },
      { $group: { _id: { company: '$organizationId', phone: person }, logs: { $push: '$$ROOT' } } },
      { $sort: { _id: 1 } },
    ],
    { allowDiskUse: true },
  )
  for await (const group of groups) {
    const { company, phone } = rowOf(group._id)
    const messages = listIn(group.logs).map(messageFrom)
    yield {
      key: `${company}:${phone}`,
      companyKey: textOf(company),
      numberKey: null,
      phone: textOf(phone) ?? '',
      name: null,
      candidateId: null,
      applicationId: null,
      isClosed: false,
      assignedTo: null,
      unreadCount: messages.length - 1 - messages.findLastIndex(({ isInbound, status }) => !isInbound || status === 'READ'),
      windowExpiresAt: null,
      messages,
    }
  }
}

function messageFrom(row: Row): SourceMessage {
  const isInbound = String(row.direction).toUpperCase() === 'INBOUND'
  const metadata = rowOf(row.metadata)
  const templateName = textOf(first(metadata, 'templateName', 'name'))
  return {
    key: idOf(row),
    isInbound,
    type: templateName === null ? 'text' : 'template',
    text: textOf(row.text),
    templateName,
    wamid: textOf(row.externalMessageId),
    status: statusOf(row.status, isInbound),
    error: textOf(row.errorMessage),
    at: dateOf(row.createdAt) ?? new Date(0),
  }
}

async function* leadsIn(db: mongo.Db): AsyncGenerator<SourceLead> {
  const leads = await collectionOf(db, ...LEADS)
  const notes = await collectionOf(db, ...NOTES)
  if (leads === null) return
  for await (const row of leads.find({ deletedAt: null }).sort({ _id: 1 })) {
    const leadId = { $in: [row._id, idOf(row)] }
    const own = (await notes?.find({ leadId, deletedAt: null }).sort({ createdAt: 1 }).toArray()) ?? []
    yield {
      key: idOf(row),
      companyKey: textOf(row.organizationId),
      name: textOf(row.name) ?? 'Lead',
      phone: textOf(row.phone),
      status: textOf(row.status) ?? 'ACTIVE',
      source: textOf(row.source) ?? 'import',
      createdAt: dateOf(row.createdAt) ?? new Date(0),
      notes: own.flatMap(noteFrom),
    }
  }
}

function noteFrom(row: Row): SourceLead['notes'] {
  const text = textOf(row.content)
  if (text === null) return []
  return [{ key: idOf(row), text, isPrivate: row.isPrivate === true, createdAt: dateOf(row.createdAt) ?? new Date(0) }]
}
