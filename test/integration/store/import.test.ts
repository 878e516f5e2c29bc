import { createCipheriv, randomBytes } from 'node:crypto'
import mongoose, { Types } from 'mongoose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ImportOptions } from '#deploy/import/context.ts'
import type { Kind } from '#deploy/import/report.ts'
import type { System } from '#deploy/import/source.ts'
import { importFrom } from '#deploy/import.ts'
import { openAccessToken } from '#shared/auth/client-tokens.ts'
import { verifyPassword } from '#shared/auth/passwords.ts'
import type { ClientDoc, Id } from '#shared/model/documents.ts'
import { newId } from '#shared/model/ids.ts'
import { connectStore, type Store } from '#shared/store/connect.ts'
import { migrate } from '#shared/store/migrate.ts'
import { countAll } from '#test/support/count-events.ts'
import { createWorld } from '#test/support/world.ts'
import { keyring, log } from '#test/support/worlds/ingest.ts'
import { staleKeys } from '#test/support/worlds/stale-keys.ts'

const stack = new AsyncDisposableStack()
let store: Store
let sources: mongoose.mongo.MongoClient
beforeAll(async () => {
  const world = stack.use(await createWorld())
  store = stack.use(await connectStore(world.mongodbUri, { log }))
  await migrate(store)
  sources = await new mongoose.mongo.MongoClient(world.mongodbUri).connect()
  stack.defer(() => sources.close())
})
afterAll(() => stack.disposeAsync())

type Rows = Record<string, object[]>

/** A database of a former system with these rows. */
async function sourceOf(rows: Rows): Promise<mongoose.mongo.Db> {
  const db = sources.db(`linko_test_source_${randomBytes(6).toString('hex')}`)
  stack.defer(async () => void (await db.dropDatabase()))
  for (const [name, documents] of Object.entries(rows)) if (documents.length > 0) await db.collection(name).insertMany(documents)
  return db
}

async function addTenant(): Promise<Id> {
  const _id = newId()
  await store.models.tenants.create({ _id, name: 'Acme' } as never)
  return _id
}

const oldKey = randomBytes(32)
const TOKEN = `EAA${randomBytes(12).toString('hex')}`
const now = new Date('2026-11-29T12:00:00Z')
const optionsOf = (system: System, more: Partial<ImportOptions> = {}): ImportOptions => ({
  system,
  tenantId: null,
  phoneNumberId: null,
  wabaId: null,
  oldKey,
  keyring,
  isDryRun: false,
  now,
  ...more,
})

/** Counts of an import by kind, as `read/created/present/conflicts`, of the kinds that were there. */
async function run(db: mongoose.mongo.Db, options: ImportOptions): Promise<Partial<Record<Kind, string>>> {
  const { counts } = await importFrom(store, db, options)
  const shown = Object.entries(counts).filter(([, { read }]) => read > 0)
  return Object.fromEntries(
    shown.map(([kind, { read, created, present, conflicts }]) => [kind, `${read}/${created}/${present}/${conflicts}`]),
  )
}

function gcm(plain: string): string {
  const iv = randomBytes(16)
  const cipher = createCipheriv('aes-256-gcm', oldKey, iv)
  const data = cipher.update(plain, 'utf8', 'hex') + cipher.final('hex')
  return `${iv.toString('hex')}:${cipher.getAuthTag().toString('hex')}:${data}`
}

function cbc(plain: string): string {
  const iv = randomBytes(16)
  const cipher = createCipheriv('aes-256-cbc', oldKey, iv)
  return `${iv.toString('hex')}:${cipher.update(plain, 'utf8', 'hex')}${cipher.final('hex')}`
}

let numbers = 0
const phoneNumberId = () => `9054543651${String(++numbers).padStart(6, '0')}`
const at = (minutes: number) => new Date(now.getTime() - 3_600_000 + minutes * 60_000)
const said = (n: string, minutes: number, more: object = {}) => ({
  messageId: `wamid.${n}`,
  from: 'candidate',
  type: 'text',
  content: { text: `text ${n}` },
  timestamp: at(minutes),
  status: 'delivered',
  ...more,
})

/** LinkoJob with one number, a conversation, and rows that cannot be taken over. */
function linkojob(mark: string): { rows: Rows; numberId: string; conversationId: Types.ObjectId } {
  const [clientId, conversationId] = [new Types.ObjectId(), new Types.ObjectId()]
  const numberId = phoneNumberId()
  const client = {
    _id: clientId,
    companyName: 'Acme',
    email: 'rh@acme.ma',
    userId: new Types.ObjectId(),
    whatsappNumber: '+212600111222',
    phoneNumberId: numberId,
    accessToken: gcm(TOKEN),
    status: 'active',
    connectedAt: at(-1000),
  }
  const messages = [
    said(`${mark}.2`, 2, { from: 'client', status: 'read' }),
    said(`${mark}.1`, 1),
    said(`${mark}.3`, 3, { type: 'image', content: { mediaUrl: 'https://cdn.example/x.jpg' } }),
    {
      from: 'client',
      type: 'template',
      content: { templateName: 'welcome' },
      timestamp: at(4),
      status: 'failed',
      errorMessage: 'No.',
    },
  ]
  const conversation = { clientId, candidatePhone: '212638167216', candidateName: 'Ahmed Hassan', unreadCount: 1 }
  const template = {
    name: 'welcome',
    language: 'fr',
    category: 'UTILITY',
    body: 'Bonjour {{1}}',
    status: 'approved',
    usageCount: 3,
  }
  const rows = {
    clients: [client, { _id: new Types.ObjectId(), companyName: 'Never connected', status: 'disconnected' }],
    conversations: [
      { _id: conversationId, ...conversation, messages },
      { _id: new Types.ObjectId(), ...conversation, candidatePhone: '12', messages: [said(`${mark}.x`, 1)] },
    ],
    templates: [{ _id: new Types.ObjectId(), ...template }],
  }
  return { rows, numberId, conversationId }
}

test('[import] a dry run counts, names conflicts and writes nothing; the run then does what it said', async () => {
  const tenantId = await addTenant()
  const { rows, numberId, conversationId } = linkojob('a')
  const db = await sourceOf(rows)
  const options = optionsOf('000', { tenantId, wabaId: '77' })
  const expected = {
    numbers: '2/1/0/1',
    templates: '1/1/0/0',
    contacts: '1/1/0/0',
    conversations: '2/1/0/1',
    messages: '5/4/0/1',
  }
  expect(await run(db, { ...options, isDryRun: true })).toEqual(expected)
  for (const name of ['clients', 'contacts', 'conversations', 'messages', 'templates'] as const)
    expect([name, await store.raw[name].countDocuments({ tenantId } as never)]).toEqual([name, 0])
  expect(await run(db, options)).toEqual(expected)

  const client = (await store.raw.clients.findOne({ tenantId })) as ClientDoc
  expect(client).toMatchObject({ phoneNumberId: numberId, wabaId: '77', status: 'active', whatsappNumber: '212600111222' })
  expect(openAccessToken(keyring, client)).toBe(TOKEN)
  const conversation = await store.raw.conversations.findOne({ tenantId })
  expect(conversation).toMatchObject({
    _id: conversationId,
    candidateName: 'Ahmed Hassan',
    contact: { waId: '212638167216', name: 'Ahmed Hassan' },
    messageCount: 4,
    unreadCount: 1,
    lastActivityAt: at(4),
    lastInboundAt: at(3),
    windowExpiresAt: new Date(at(3).getTime() + 86_400_000),
  })
  const messages = await store.raw.messages.find({ tenantId }).sort({ seq: 1 }).toArray()
  expect(messages.map(({ seq, direction, type, status, wamid }) => [seq, direction, type, status, wamid])).toEqual([
    [1, 'INBOUND', 'text', 'RECEIVED', 'wamid.a.1'],
    [2, 'OUTBOUND', 'text', 'READ', 'wamid.a.2'],
    [3, 'INBOUND', 'image', 'RECEIVED', 'wamid.a.3'],
    [4, 'OUTBOUND', 'template', 'FAILED', null],
  ])
  expect(messages[2]?.content.media).toMatchObject({ state: 'EXPIRED' })
  expect(await store.raw.templates.findOne({ tenantId })).toMatchObject({ status: 'APPROVED', usageCount: 3, wabaId: '77' })
})

test('[import] a second run changes nothing, and one after the source has grown adds what is new', async () => {
  const tenantId = await addTenant()
  const { rows, conversationId } = linkojob('b')
  const db = await sourceOf(rows)
  const options = optionsOf('000', { tenantId, wabaId: '77' })
  await run(db, options)
  await store.raw.conversations.updateOne({ tenantId }, { $set: { unreadCount: 0, status: 'closed' } })
  const before = await store.raw.conversations.find({ tenantId }).toArray()
  expect(await run(db, options)).toMatchObject({ numbers: '2/0/1/1', conversations: '2/0/1/1', messages: '5/0/4/1' })
  expect(await store.raw.conversations.find({ tenantId }).toArray()).toEqual(before)
  await db
    .collection<{ messages: object[] }>('conversations')
    .updateOne({ _id: conversationId }, { $push: { messages: said('b.9', 9) } })
  expect(await run(db, options)).toMatchObject({ messages: '6/1/4/1' })
  const [after] = await store.raw.conversations.find({ tenantId }).toArray()
  expect(after).toMatchObject({ messageCount: 5, lastActivityAt: at(9), lastInboundAt: at(9), status: 'closed' })
})

test('[import] reports count what was imported, also into an account that is counted already', async () => {
  const tenantId = await addTenant()
  const { rows, conversationId } = linkojob('counted')
  const db = await sourceOf(rows)
  const options = optionsOf('000', { tenantId, wabaId: '77' })
  const counted = async () => {
    await countAll(store, () => now)
    const state = await store.raw.analyticsStates.findOne({ tenantId })
    return await store.raw.countedMessages.countDocuments({ tenantId, generation: state?.generation ?? 0 })
  }
  expect(await counted()).toBe(0)
  await run(db, options)
  expect(await counted()).toBe(4)
  await run(db, options)
  await db
    .collection<{ messages: object[] }>('conversations')
    .updateOne({ _id: conversationId }, { $push: { messages: said('counted.9', 9) } })
  await run(db, options)
  expect(await counted()).toBe(5)
})

test('[import] a run that was cut off between messages and their conversation is finished by the next one', async () => {
  const tenantId = await addTenant()
  const { rows, conversationId } = linkojob('c')
  const db = await sourceOf(rows)
  const options = optionsOf('000', { tenantId, wabaId: '77' })
  await run(db, options)
  const expected = await store.raw.conversations.findOne({ tenantId, _id: conversationId })
  await store.raw.conversations.deleteOne({ tenantId, _id: conversationId })
  await store.raw.messages.deleteOne({ tenantId, seq: 4 })
  expect(await run(db, options)).toMatchObject({ conversations: '2/1/0/1', messages: '5/1/3/1' })
  const mended = await store.raw.conversations.findOne({ tenantId, _id: conversationId })
  expect(mended).toMatchObject({
    messageCount: 4,
    lastActivityAt: expected?.lastActivityAt,
    lastInboundAt: expected?.lastInboundAt,
  })
  const seqs = (await store.raw.messages.find({ tenantId }).sort({ seq: 1 }).toArray()).map(({ seq }) => seq)
  expect(seqs).toEqual([1, 2, 3, 4])
})

test('[import] rows that were deleted stay behind, and a token that no key opens leaves its number disconnected', async () => {
  const tenantId = await addTenant()
  const { rows } = linkojob('d')
  const [client, never] = rows.clients as object[]
  const [conversation, invalid] = rows.conversations as object[]
  const db = await sourceOf({
    clients: [client as object, { ...never, deletedAt: at(0) }],
    conversations: [conversation as object, { ...invalid, deletedAt: at(0) }],
  })
  expect(await run(db, optionsOf('002', { tenantId, oldKey: randomBytes(32) }))).toMatchObject({
    numbers: '1/1/0/1',
    conversations: '1/1/0/0',
  })
  expect(await store.raw.clients.findOne({ tenantId })).toMatchObject({ status: 'disconnected', accessToken: null })
})

test('[import] a number that another account has is a conflict, and its conversations stay behind', async () => {
  const { rows } = linkojob('e')
  const db = await sourceOf(rows)
  await run(db, optionsOf('000', { tenantId: await addTenant(), wabaId: '77' }))
  const tenantId = await addTenant()
  expect(await run(db, optionsOf('000', { tenantId, wabaId: '77' }))).toMatchObject({
    numbers: '2/0/0/2',
    conversations: '2/0/0/2',
  })
  expect(await store.raw.messages.countDocuments({ tenantId })).toBe(0)
})

test('[import] logs of the CRM module become conversations of the named number, its leads keep their notes', async () => {
  const tenantId = await addTenant()
  const numberId = phoneNumberId()
  await store.models.clients.create({ tenantId, phoneNumberId: numberId, whatsappNumber: '212600111222', wabaId: '78' } as never)
  const log = (id: string, direction: string, minutes: number, more: object = {}) => ({
    id,
    organizationId: 'org-1',
    provider: 'WHATSAPP',
    direction,
    from: direction === 'INBOUND' ? '+212661000301' : '+212600111222',
    to: direction === 'INBOUND' ? '+212600111222' : '+212661000301',
    text: `text ${id}`,
    externalMessageId: `wamid.crm.${id}`,
    status: 'DELIVERED',
    createdAt: at(minutes),
    ...more,
  })
  const lead = {
    id: 'lead-1',
    organizationId: 'org-1',
    name: 'Salma',
    phone: '+212661000301',
    status: 'ACTIVE',
    source: 'whatsapp',
    createdAt: at(0),
  }
  const db = await sourceOf({
    messagelogs: [
      log('1', 'INBOUND', 1),
      log('2', 'OUTBOUND', 2),
      log('3', 'INBOUND', 3),
      log('4', 'OUTBOUND', 4, { status: 'QUEUED' }),
    ],
    leads: [lead],
    notes: [{ id: 'note-1', leadId: 'lead-1', content: 'wants a call', isPrivate: true, createdAt: at(5) }],
    templates: [
      {
        id: 't-1',
        organizationId: 'org-1',
        name: 'welcome',
        language: 'es_AR',
        category: 'MARKETING',
        status: 'APPROVED',
        componentsJson: { body: [{ type: 'text', text: 'Hello {{1}}' }] },
      },
    ],
  })
  const options = optionsOf('003', { tenantId, phoneNumberId: numberId, wabaId: '78' })
  const expected = {
    templates: '1/1/0/0',
    contacts: '1/1/0/0',
    conversations: '1/1/0/0',
    messages: '4/4/0/0',
    leads: '1/1/0/0',
    notes: '1/1/0/0',
  }
  expect(await run(db, options)).toEqual(expected)
  expect(await run(db, options)).toMatchObject({ messages: '4/0/4/0', leads: '1/0/1/0', notes: '1/0/1/0' })
  const messages = await store.raw.messages.find({ tenantId }).sort({ seq: 1 }).toArray()
  // What was still queued there is not sent from here.
  expect(messages.map(({ status, dispatch }) => [status, dispatch])).toEqual([
    ['RECEIVED', null],
    ['DELIVERED', null],
    ['RECEIVED', null],
    ['FAILED', null],
  ])
  const [stored] = await store.raw.leads.find({ tenantId }).toArray()
  expect(stored).toMatchObject({ name: 'Salma', phone: '212661000301' })
  expect(await store.raw.notes.findOne({ tenantId })).toMatchObject({
    leadId: stored?._id,
    text: 'wants a call',
    isPrivate: true,
  })
})

test('[import] tenants of the SaaS platform become accounts with their users, numbers and messages', async () => {
  const [tenant, user, conversation] = [new Types.ObjectId(), new Types.ObjectId(), new Types.ObjectId()]
  const numberId = phoneNumberId()
  const mark = randomBytes(4).toString('hex')
  const hash = await import('bcryptjs').then(({ hash }) => hash('Agent@123456', 4))
  const message = (n: string, direction: string, minutes: number) => ({
    _id: new Types.ObjectId(),
    tenantId: tenant,
    conversationId: conversation,
    direction,
    type: 'text',
    content: { body: `text ${n}` },
    waMessageId: `wamid.saas.${mark}.${n}`,
    status: 'read',
    timestamp: at(minutes),
  })
  const db = await sourceOf({
    tenants: [
      {
        _id: tenant,
        name: 'Boutique',
        wabaId: '79',
        phoneNumberId: numberId,
        displayPhoneNumber: '+212600333444',
        accessToken: cbc(TOKEN),
      },
    ],
    users: [
      { _id: user, tenantId: tenant, email: `Agent-${mark}@boutique.ma`, password: hash, name: 'Agent', role: 'agent' },
      {
        _id: new Types.ObjectId(),
        tenantId: tenant,
        email: `root-${mark}@saas.com`,
        password: hash,
        name: 'Root',
        role: 'platform_admin',
      },
    ],
    conversations: [
      {
        _id: conversation,
        tenantId: tenant,
        customerPhone: '212661000401',
        customerName: 'Nora',
        assignedTo: user,
        unreadCount: 0,
      },
    ],
    messages: [message('2', 'outbound', 2), message('1', 'inbound', 1)],
  })
  const expected = {
    companies: '1/1/0/0',
    users: '2/2/0/0',
    numbers: '1/1/0/0',
    contacts: '1/1/0/0',
    conversations: '1/1/0/0',
    messages: '2/2/0/0',
  }
  expect(await run(db, optionsOf('004'))).toEqual(expected)
  expect(await run(db, optionsOf('004'))).toMatchObject({
    companies: '1/0/1/0',
    users: '2/0/2/0',
    numbers: '1/0/1/0',
    messages: '2/0/2/0',
  })
  const users = await store.raw.users.find({ tenantId: tenant }).sort({ email: 1 }).toArray()
  expect(users.map(({ role, status }) => [role, status])).toEqual([
    ['agent', 'active'],
    ['tenant_admin', 'active'],
  ])
  expect(await verifyPassword(users[0]?.passwordHash ?? '', 'Agent@123456')).toMatchObject({ ok: true })
  const client = (await store.raw.clients.findOne({ tenantId: tenant })) as ClientDoc
  expect(openAccessToken(keyring, client)).toBe(TOKEN)
  const [shown] = await store.raw.conversations.find({ tenantId: tenant }).toArray()
  expect(shown).toMatchObject({ messageCount: 2, assignedTo: { id: user, name: 'Agent' }, contact: { name: 'Nora' } })
})

test('[import] an option that a source needs is asked for', async () => {
  const db = await sourceOf({})
  await expect(importFrom(store, db, optionsOf('000'))).rejects.toThrow('--tenant')
  await expect(importFrom(store, db, optionsOf('003'))).rejects.toThrow('--number')
  await expect(importFrom(store, db, optionsOf('000', { tenantId: newId() }))).rejects.toThrow('No account')
})

test('who was taken over is found by the words of the name and number', async () => {
  expect(await store.raw.conversations.countDocuments({ 'contact.keys.0': { $exists: true } })).toBeGreaterThan(0)
  expect(await store.raw.leads.countDocuments({ 'keys.0': { $exists: true } })).toBeGreaterThan(0)
  expect(await staleKeys(store)).toEqual([])
})
