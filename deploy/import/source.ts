import { createHash } from 'node:crypto'
import type { mongo } from 'mongoose'
import type { MessageStatus } from '#shared/domain/messages/delivery-status.ts'
import type { Role, TemplateDoc } from '#shared/model/documents.ts'
import { type Id, toId } from '#shared/model/ids.ts'

/** The former systems, by the number of their document. */
export const SYSTEMS = ['000', '002', '003', '004'] as const
export type System = (typeof SYSTEMS)[number]

/** A document of a former system: nothing in it is trusted to have its type. */
export type Row = Record<string, unknown>

interface Common {
  /** Id in the source, as text. */
  key: string
  /** Company in the source; null where it has one only, and for what an option names. */
  companyKey: string | null
}
export interface SourceCompany {
  key: string
  name: string
}
export interface SourceUser extends Common {
  email: string
  name: string
  role: Role
  /** bcrypt, which sign-in reads and replaces. */
  passwordHash: string | null
}
export interface SourceNumber extends Common {
  phoneNumberId: string
  whatsappNumber: string
  wabaId: string | null
  companyName: string | null
  email: string | null
  userId: string | null
  /** As it is stored there. */
  token: string | null
  tokenExpiry: Date | null
  connectedAt: Date | null
}
export interface SourceTemplate extends Common {
  name: string
  language: string
  category: TemplateDoc['category']
  status: TemplateDoc['status']
  components: Row[]
  metaTemplateId: string | null
  usageCount: number
  lastUsedAt: Date | null
}
export interface SourceMessage {
  key: string
  isInbound: boolean
  type: string
  text: string | null
  templateName: string | null
  wamid: string | null
  status: MessageStatus
  error: string | null
  at: Date
}
export interface SourceConversation extends Common {
  /** Key of the number in the source; null: the number that an option names. */
  numberKey: string | null
  phone: string
  name: string | null
  candidateId: string | null
  applicationId: string | null
  isClosed: boolean
  /** Key of the user. */
  assignedTo: string | null
  unreadCount: number
  windowExpiresAt: Date | null
  /** Oldest first. */
  messages: SourceMessage[]
}
export interface SourceLead extends Common {
  name: string
  phone: string | null
  status: string
  source: string
  createdAt: Date
  notes: { key: string; text: string; isPrivate: boolean; createdAt: Date }[]
}

/** What a former system holds, in the words of this one. Rows that were deleted there are left out. */
export interface Source {
  companies(): Promise<SourceCompany[]>
  users(): Promise<SourceUser[]>
  numbers(): Promise<SourceNumber[]>
  templates(): Promise<SourceTemplate[]>
  conversations(): AsyncIterable<SourceConversation>
  leads(): AsyncIterable<SourceLead>
}

/** Nothing of a kind, for systems that do not have it. */
export async function* none(): AsyncGenerator<never> {}

/**
 * The id that a row of the source has here, the same in every run. Companies, users, numbers and conversations keep their ids, by which
 * callers of the former API name them.
 */
export const idFor = (system: System, kind: 'company' | 'user' | 'client' | 'conversation', key: string): Id =>
  /^[0-9a-f]{24}$/i.test(key) ? toId(key) : hashed(`${system}:${kind}:${key}`)

/** The id of a row within its account: the same source may be taken over by another account too, as a trial. */
export const idWithin = (tenantId: Id, system: System, kind: string, key: string): Id =>
  hashed(`${tenantId}:${system}:${kind}:${key}`)

const hashed = (text: string): Id => toId(createHash('sha256').update(text).digest('hex').slice(0, 24))

/** The first collection of these names that exists; frameworks spell the same model differently. */
export async function collectionOf(db: mongo.Db, ...names: string[]): Promise<mongo.Collection<Row> | null> {
  const present = new Set((await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name))
  const name = names.find(one => present.has(one))
  return name === undefined ? null : db.collection<Row>(name)
}

/** All rows that are not deleted, in the order of their ids. */
export async function rowsOf(db: mongo.Db, ...names: string[]): Promise<Row[]> {
  const collection = await collectionOf(db, ...names)
  return collection === null ? [] : await collection.find({ deletedAt: null }).sort({ _id: 1 }).toArray()
}

export const textOf = (value: unknown): string | null => {
  if (typeof value === 'string') return value === '' ? null : value
  return value != null && typeof value === 'object' && 'toHexString' in value ? String(value) : null
}
export const numberOf = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0)
export const rowOf = (value: unknown): Row => (value !== null && typeof value === 'object' ? (value as Row) : {})
export const listIn = (value: unknown): Row[] => (Array.isArray(value) ? value.map(rowOf) : [])

/** A date, or a text or number that names one; null for anything else. */
export function dateOf(value: unknown): Date | null {
  if (value === null || value === undefined || value === '') return null
  const date = value instanceof Date ? value : new Date(value as string | number)
  return Number.isNaN(date.getTime()) ? null : date
}

/** The first value that is there, of fields that the same thing may be called by. */
export const first = (row: Row, ...names: string[]): unknown => names.map(name => row[name]).find(value => value != null)

const STATUSES: Record<string, MessageStatus> = { SENT: 'SENT', DELIVERED: 'DELIVERED', READ: 'READ', FAILED: 'FAILED' }

/**
 * Status of an imported message. One that was still QUEUED there is not sent from here, for nobody knows whether it went out: it has
 * failed.
 */
export function statusOf(status: unknown, isInbound: boolean): MessageStatus {
  const named = STATUSES[String(status ?? '').toUpperCase()]
  if (isInbound) return named === 'READ' ? 'READ' : 'RECEIVED'
  return named ?? 'FAILED'
}

const CATEGORIES = ['MARKETING', 'UTILITY', 'AUTHENTICATION'] as const
const TEMPLATE_STATUSES = ['PENDING', 'APPROVED', 'REJECTED', 'PAUSED', 'DISABLED'] as const
const oneOf = <T extends string>(values: readonly T[], value: unknown, otherwise: T): T =>
  values.find(one => one === String(value ?? '').toUpperCase()) ?? otherwise

/** Category, status and use of a template, which all systems call alike. */
export const templateFacts = (row: Row) => ({
  key: textOf(row._id ?? row.id) ?? '',
  name: textOf(row.name) ?? '',
  language: textOf(row.language) ?? 'en_US',
  category: oneOf(CATEGORIES, row.category, 'UTILITY'),
  status: oneOf(TEMPLATE_STATUSES, row.status, 'PENDING'),
  metaTemplateId: textOf(first(row, 'metaTemplateId', 'metaId')),
  usageCount: numberOf(row.usageCount),
  lastUsedAt: dateOf(row.lastUsedAt),
})
