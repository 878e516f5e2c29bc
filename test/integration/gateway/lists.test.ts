import { Types } from 'mongoose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { routes } from '#services/gateway/routes.ts'
import { can } from '#shared/auth/policy.ts'
import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import { type RealtimeEvent, RealtimeEvents } from '#shared/contracts/realtime-event.ts'
import { ConversationView, MessageDetailView, MessageView } from '#shared/contracts/views.ts'
import { PARKED } from '#shared/model/batch-plan.ts'
import type { ConversationDoc, Id, MessageDoc } from '#shared/model/documents.ts'
import { QUEUES } from '#shared/queue/topology.ts'
import type { SentCommand } from '#shared/store/connect.ts'
import { untilPasses } from '#test/support/until.ts'
import { createWorld } from '#test/support/world.ts'
import { type Gateway, openGateway, PEOPLE, type Person } from '#test/support/worlds/gateway.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'

const stack = new AsyncDisposableStack()
const events: RealtimeEvent[] = []
const commands: SentCommand[] = []
let gateway: Gateway
let demo: Id
let other: Id
beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld()), {}, command => commands.push(command)))
  demo = (await userByEmail(gateway.store, PEOPLE.agent)).tenantId
  other = (await userByEmail(gateway.store, PEOPLE.other)).tenantId
  const collect = async (delivery: { type: string; content: Buffer }) => {
    expect(delivery.type).toBe(MESSAGE_TYPE.events)
    events.push(...RealtimeEvents.parse(JSON.parse(delivery.content.toString())).events)
    return { kind: 'done' as const }
  }
  for (const queue of QUEUES.realtime) stack.use(await gateway.queue.consume(queue, collect, { prefetch: 10 }))
})
afterAll(() => stack.disposeAsync())

const get = (path: string, as: Person = 'agent') => gateway.call('GET', `/api/v1${path}`, { as })
const put = (path: string, body: object | undefined, as: Person = 'agent') => gateway.call('PUT', `/api/v1${path}`, { as, body })
const idOf = async (person: Person) => String((await userByEmail(gateway.store, PEOPLE[person]))._id)
const conversations = async (tenantId: Id) => gateway.store.models.conversations.find({ tenantId }).lean()

/** Copies of a conversation, a second apart, each with a contact of its own. */
async function addConversations(count: number): Promise<void> {
  const row = (await conversations(demo))[0] as ConversationDoc
  const base = Date.now() - 30 * 24 * 3_600_000
  const copies = Array.from({ length: count }, (_, i) => ({
    ...row,
    _id: new Types.ObjectId(),
    contactId: new Types.ObjectId(),
    labels: ['copy'],
    unreadCount: 0,
    // Two of each second: the id decides between them.
    lastActivityAt: new Date(base + Math.floor(i / 2) * 1000),
  }))
  await gateway.store.models.conversations.insertMany(copies)
}

describe('a list', () => {
  test('comes newest first, page by page and by cursor, each row once', async () => {
    await addConversations(25)
    const byPage: string[] = []
    const byCursor: string[] = []
    for (let page = 1, hasMore = true; hasMore; page++) {
      const { body } = await get(`/conversations?label=copy&limit=10&page=${page}`)
      expect([body.total, body.totalIsExact, body.page, body.limit]).toEqual([25, true, page, 10])
      byPage.push(...body.data.map(({ id }: { id: string }) => id))
      hasMore = body.hasMore
    }
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { body } = await get(`/conversations?label=copy&limit=10${cursor && `&cursor=${cursor}`}`)
      byCursor.push(...body.data.map(({ id }: { id: string }) => id))
      cursor = body.nextCursor
    }
    expect(byPage).toHaveLength(25)
    expect(new Set(byPage).size).toBe(25)
    expect(byCursor).toEqual(byPage)
    const rows = await gateway.store.models.conversations.find({ tenantId: demo, labels: 'copy' }).lean()
    const newest = rows.toSorted(
      (a, b) => b.lastActivityAt.getTime() - a.lastActivityAt.getTime() || (String(b._id) < String(a._id) ? -1 : 1),
    )
    expect(byPage).toEqual(newest.map(({ _id }) => String(_id)))
  })

  test('by cursor does not shift when something new comes in front', async () => {
    const first = await get('/conversations?label=copy&limit=5')
    await addConversations(1)
    await gateway.store.models.conversations.updateOne(
      { tenantId: demo, labels: 'copy', _id: first.body.data[4].id },
      { $set: { unreadCount: 0 } },
    )
    const second = await get(`/conversations?label=copy&limit=5&cursor=${first.body.nextCursor}`)
    const ids = [...first.body.data, ...second.body.data].map(({ id }: { id: string }) => id)
    expect(new Set(ids).size).toBe(10)
  })

  test('has the shape of the contract', async () => {
    const { body } = await get('/conversations?limit=100')
    for (const row of body.data) ConversationView.strict().parse(row)
    const messages = await get(`/messages/${body.data[0].id}`)
    for (const row of messages.body.data) MessageView.strict().parse(row)
    const detail = await get(`/messages/by-id/${messages.body.data[0].id}`)
    MessageDetailView.strict().parse(detail.body)
  })

  test('is narrowed by each filter', async () => {
    const all = (await conversations(demo)).filter(({ labels }) => !labels.includes('copy'))
    const agent = await idOf('agent')
    const count = async (query: string, as: Person = 'agent') =>
      (await get(`/conversations?${query}&limit=100`, as)).body.data.filter(
        ({ labels }: { labels: string[] }) => !labels.includes('copy'),
      ).length
    expect(await count('unread=true')).toBe(all.filter(({ unreadCount }) => unreadCount > 0).length)
    expect(await count('mine=true')).toBe(all.filter(({ assignedTo }) => String(assignedTo?.id) === agent).length)
    expect(await count('mine=true', 'manager')).toBe(0)
    expect(await count('unassigned=true')).toBe(all.filter(({ assignedTo }) => assignedTo === null).length)
    expect(await count('status=closed')).toBe(0)
    const waiting = all.filter(({ lastMessage }) => lastMessage?.direction === 'INBOUND')
    const ends = waiting.map(({ windowExpiresAt }) => windowExpiresAt?.getTime() ?? 0).toSorted((a, b) => a - b)
    gateway.clock.now = new Date((ends[0] as number) - 30 * 60_000)
    expect(await count('closesWithin=31')).toBe(ends.filter(end => end <= (ends[0] as number) + 60_000).length)
    expect(await count('closesWithin=29')).toBe(0)
    gateway.clock.now = null
    expect(await count('q=salma')).toBe(1)
    expect(await count('q=karim.b')).toBe(1)
    expect(await count('number=1054543651068213')).toBe(all.length)
    expect(await count('number=2054543651068213')).toBe(0)
    expect(await count(`clientId=${all[0]?.clientId}`)).toBe(all.length)
  })

  test('of messages turns with order=asc and continues by cursor', async () => {
    const { body } = await get('/conversations?q=salma')
    const path = `/messages/${body.data[0].id}`
    const newest = (await get(path)).body.data.map(({ id }: { id: string }) => id)
    const oldest = (await get(`${path}?order=asc`)).body.data.map(({ id }: { id: string }) => id)
    expect(oldest).toEqual(newest.toReversed())
    const first = await get(`${path}?order=asc&limit=2`)
    const second = await get(`${path}?order=asc&limit=2&cursor=${first.body.nextCursor}`)
    expect([...first.body.data, ...second.body.data].map(({ id }) => id)).toEqual(oldest.slice(0, 4))
    const nested = await get(`/conversations/${body.data[0].id}/messages`)
    expect(nested.body.data.map(({ id }: { id: string }) => id)).toEqual(newest)
  })
})

describe('a conversation', () => {
  const open = async (q: string) => (await get(`/conversations?q=${q}`)).body.data[0]

  test('that is read shows no unread messages, and its messages are READ', async () => {
    const unread = (await get('/conversations?unread=true')).body.data[0]
    events.length = 0
    const { status, body } = await put(`/conversations/${unread.id}/read`, undefined)
    expect([status, body.unreadCount]).toEqual([200, 0])
    const left = { tenantId: demo, conversationId: unread.id, direction: 'INBOUND' as const, status: 'RECEIVED' as const }
    expect(await gateway.store.models.messages.countDocuments(left)).toBe(0)
    await untilPasses(() => expect(events.map(({ name }) => name)).toEqual(['conversation:updated']))
    expect(events[0]).toMatchObject({
      tenantId: String(demo),
      conversationId: unread.id,
      payload: { conversationId: unread.id, updates: { unreadCount: 0 }, conversation: { id: unread.id, unreadCount: 0 } },
    })
    expect(await gateway.store.models.events.countDocuments({ tenantId: demo, _id: events[0]?.eventId })).toBe(1)
    const patched = await gateway.call('PATCH', `/api/v1/conversations/${unread.id}/read`, { as: 'agent' })
    expect(patched.status).toBe(200)
  })

  test('is closed and opened', async () => {
    const { id } = await open('salma')
    expect((await put(`/conversations/${id}/status`, { status: 'closed' })).body.status).toBe('closed')
    expect((await get('/conversations?status=closed')).body.total).toBe(1)
    expect((await put(`/conversations/${id}/status`, { status: 'open' })).body.status).toBe('open')
    expect((await put(`/conversations/${id}/status`, { status: 'gone' })).status).toBe(400)
  })

  test('is assigned by managers to anybody, taken by agents for themselves, once', async () => {
    const { id } = await open('karim')
    const [agent, manager] = [await idOf('agent'), await idOf('manager')]
    const assign = (assignedToId: string | null, as: Person) => put(`/conversations/${id}/assign`, { assignedToId }, as)
    expect((await assign(null, 'manager')).body.assignedTo).toBeNull()
    expect((await assign(manager, 'agent')).status).toBe(403)
    events.length = 0
    expect((await assign(agent, 'agent')).body.assignedTo).toEqual({ id: agent, name: 'Demo Agent' })
    await untilPasses(() => expect(events.map(({ name }) => name)).toContain('conversation:assigned'))
    expect((await assign(manager, 'manager')).body.assignedTo.id).toBe(manager)
    expect((await assign(agent, 'agent')).body.errorCode).toBe('ALREADY_ASSIGNED')
    expect((await assign('auto', 'manager')).body.assignedTo.id).toBe(agent)
    expect((await assign(await idOf('other'), 'manager')).body.errorCode).toBe('ASSIGNEE_UNKNOWN')
    expect((await put(`/conversations/${id}/assign`, { agentId: manager }, 'manager')).body.assignedTo.id).toBe(manager)
    expect((await put(`/conversations/${id}/assign`, {}, 'manager')).status).toBe(400)
  })

  test('goes by itself only to who is available', async () => {
    const { id } = await open('karim')
    const auto = () => put(`/conversations/${id}/assign`, { assignedToId: 'auto' }, 'manager')
    const agent = await idOf('agent')
    expect((await put('/users/me/availability', { availability: 'busy' })).body).toEqual({ availability: 'busy' })
    expect((await get('/auth/me')).body.availability).toBe('busy')
    expect((await auto()).body.errorCode).toBe('NO_AGENT')
    expect((await put('/users/me/availability', { availability: 'asleep' })).status).toBe(400)
    await put('/users/me/availability', { availability: 'available' })
    expect((await auto()).body.assignedTo.id).toBe(agent)
  })

  test('shows how long its window lasts, or which template would open it', async () => {
    const { id, windowExpiresAt } = await open('salma')
    gateway.clock.now = new Date(new Date(windowExpiresAt).getTime() - 61_500)
    expect((await get(`/conversations/${id}/window`)).body).toEqual({
      inWindow: true,
      windowExpiresAt,
      secondsLeft: 61,
      suggestedTemplate: null,
    })
    gateway.clock.now = new Date(windowExpiresAt)
    expect((await get(`/conversations/${id}/window`)).body).toMatchObject({
      inWindow: false,
      secondsLeft: 0,
      suggestedTemplate: { name: 'job_opportunity', language: 'fr' },
    })
    expect((await get(`/conversations/${id}`)).body.inWindow).toBe(false)
    gateway.clock.now = null
  })
})

test('notes are kept with their conversation, newest first, once per Idempotency-Key', async () => {
  const { id } = (await get('/conversations?q=salma')).body.data[0]
  const add = (body: object, key?: string) =>
    gateway.call('POST', `/api/v1/conversations/${id}/notes`, {
      as: 'agent',
      body,
      headers: key ? { 'idempotency-key': key } : {},
    })
  const first = await add({ text: 'called twice' }, 'note-1')
  expect([first.status, first.body]).toMatchObject([
    201,
    { conversationId: id, text: 'called twice', isPrivate: true, createdBy: await idOf('agent') },
  ])
  expect((await add({ text: 'called twice' }, 'note-1')).body).toEqual(first.body)
  await add({ text: 'will come on Monday', isPrivate: false })
  const { body } = await get(`/conversations/${id}/notes`)
  expect(body.data.map(({ text, isPrivate }: { text: string; isPrivate: boolean }) => [text, isPrivate])).toEqual([
    ['will come on Monday', false],
    ['called twice', true],
  ])
  expect((await add({ text: '' })).status).toBe(400)
  expect((await add({ text: 'a', tenantId: 'x' })).status).toBe(400)
})

test('a number is shown under both of its names', async () => {
  const { body } = await get('/clients')
  expect(body).toEqual((await get('/phone-numbers')).body)
  const { length } = body.data
  expect(body).toMatchObject({ total: length, totalIsExact: true, page: 1, limit: length, hasMore: false, nextCursor: null })
  expect((await get(`/clients/${body.data[0].id}`)).body).toEqual(body.data[0])
})

test('templates are listed by state and category', async () => {
  const total = async (query: string) => (await get(`/templates?${query}`)).body.total
  expect([await total(''), await total('category=MARKETING'), await total('status=PENDING')]).toEqual([3, 1, 0])
  const { body } = await get('/templates')
  expect((await get(`/templates/${body.data[0].id}`)).body).toEqual(body.data[0])
})

test('a number is paused and resumed by its admins, with an event and an audit entry', async () => {
  const [number] = (await get('/phone-numbers')).body.data
  expect(number).toMatchObject({ whatsappNumber: '+212600111222', status: 'active' })
  expect(JSON.stringify(number)).not.toContain('oken"')
  const call = (what: string, as: Person) => gateway.call('POST', `/api/v1/phone-numbers/${number.id}/${what}`, { as })
  expect((await call('pause', 'manager')).status).toBe(403)
  events.length = 0
  expect((await call('pause', 'admin')).body).toMatchObject({ status: 'paused', pauseReason: 'manual' })
  expect((await call('pause', 'admin')).body.errorCode).toBe('NUMBER_STATE')
  expect((await call('resume', 'admin')).body).toMatchObject({ status: 'active', pauseReason: null })
  await untilPasses(() => expect(events.map(({ payload }) => payload.status)).toEqual(['paused', 'active']))
  const traces = await gateway.store.models.auditLog.find({ tenantId: demo, 'object.id': number.id }).lean()
  expect(traces.map(({ action }) => action).toSorted()).toEqual(['clients.pause', 'clients.resume'])
  const older = (what: string) => gateway.call('POST', `/api/v1/clients/${number.id}/${what}`, { as: 'admin' })
  expect([(await older('pause')).body.status, (await older('resume')).body.status]).toEqual(['paused', 'active'])
})

test('a number is named and made the primary one by its admins, one at a time, with an audit entry', async () => {
  const { clients, auditLog } = gateway.store.models
  const first = await clients.findOne({ tenantId: demo, isPrimary: true }).lean()
  const { _id, ...copied } = first as NonNullable<typeof first>
  const second = (await clients.create({ ...copied, phoneNumberId: '9'.repeat(15), isPrimary: false })).toObject()
  const edit = (input: object, as: Person = 'admin') =>
    gateway.call('PATCH', `/api/v1/phone-numbers/${second._id}`, { as, body: input })
  expect((await edit({ companyName: 'Second' }, 'manager')).status).toBe(403)
  expect((await edit({})).status).toBe(400)
  expect((await edit({ isPrimary: false })).status).toBe(400)
  expect((await edit({ companyName: 'Second', isPrimary: true })).body).toMatchObject({ companyName: 'Second', isPrimary: true })
  const primary = await clients.find({ tenantId: demo, isPrimary: true }).lean()
  expect(primary.map(row => String(row._id))).toEqual([String(second._id)])
  const [auditEntry] = await auditLog.find({ tenantId: demo, 'object.id': String(second._id) }).lean()
  expect(auditEntry).toMatchObject({ action: 'clients.update', changes: { isPrimary: { before: false, after: true } } })
  await clients.deleteOne({ tenantId: demo, _id: second._id })
  await clients.updateOne({ tenantId: demo, _id }, { $set: { isPrimary: true } })
})

test("[AU-15] a number is given the id of its user on the account's own platform, shows it, and sends by it", async () => {
  const [number] = (await get('/phone-numbers')).body.data
  const path = `/api/v1/phone-numbers/${number.id}`
  const give = (userId: string | null, as: Person) => gateway.call('PATCH', path, { as, body: { userId } })
  expect((await give('recruiter-77', 'manager')).status).toBe(403)
  expect((await give('recruiter-77', 'admin')).body.userId).toBe('recruiter-77')
  expect((await get('/clients')).body.data[0].userId).toBe('recruiter-77')
  const send = (clientId: string) =>
    gateway.call('POST', '/api/messages/send', {
      as: 'agent',
      body: { clientId, candidatePhone: '212661000101', message: 'Bonjour' },
    })
  expect([(await send('recruiter-77')).status, (await send(number.userId)).status]).toEqual([202, 404])
  expect((await give(number.userId, 'admin')).body.userId).toBe(number.userId)
})

test('webhook events are read by managers', async () => {
  const rows = Array.from({ length: 5 }, (_, i) => ({
    _id: `m:wamid.HB/${i}=`,
    tenantId: demo,
    eventType: 'message',
    field: 'messages',
    payload: { a: i },
    status: i === 0 ? 'FAILED' : 'PROCESSED',
    reason: i === 0 ? 'broken' : null,
    receivedAt: new Date(1_700_000_000_000),
  }))
  await gateway.store.models.webhookEvents.insertMany(rows)
  const ids: string[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { body } = await get(`/webhook-events?limit=2${cursor && `&cursor=${cursor}`}`, 'manager')
    ids.push(...body.data.map(({ id }: { id: string }) => id))
    cursor = body.nextCursor
  }
  expect(ids).toEqual(rows.map(({ _id }) => _id).toReversed())
  expect((await get('/webhook-events?status=FAILED', 'manager')).body.data).toMatchObject([{ processingError: 'broken' }])
  const one = await get(`/webhook-events/${encodeURIComponent('m:wamid.HB/1=')}`, 'manager')
  expect(one.body).toMatchObject({ processed: true, payload: { a: 1 } })
  expect((await get('/webhook-events')).status).toBe(403)
})

/** All pages of a list of jobs. */
async function jobs(query: string): Promise<{ id: string; status: string; type: string }[]> {
  const found = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { body } = await get(`/jobs?${query}${cursor && `&cursor=${cursor}`}`, 'manager')
    found.push(...body.data)
    cursor = body.nextCursor
  }
  return found
}

test('jobs are the sends and the reports of Meta in one list', async () => {
  expect((await jobs('limit=50')).map(({ id }) => id)).toContain('m:wamid.HB/1=')
  const sends = await get('/jobs?type=SEND_MESSAGE_TEMPLATE', 'manager')
  expect(sends.body.data.length).toBeGreaterThan(0)
  for (const job of sends.body.data) expect(job).toMatchObject({ type: 'SEND_MESSAGE_TEMPLATE', status: 'DONE' })
  expect((await get(`/jobs/${sends.body.data[0].id}`, 'manager')).body).toEqual(sends.body.data[0])
  expect((await get(`/jobs/${encodeURIComponent('m:wamid.HB/0=')}`, 'manager')).body).toMatchObject({
    type: 'PROCESS_WEBHOOK',
    status: 'FAILED',
    error: 'broken',
  })
})

test('[surprise 13] short lists take page and limit, and are whole without', async () => {
  for (const list of ['/phone-numbers', '/clients', '/pipelines']) {
    const { body: all } = await get(list, 'manager')
    expect([all.page, all.hasMore, all.limit]).toEqual([1, false, Math.max(all.total, 1)])
    const { status, body: first } = await get(`${list}?limit=1&page=1`, 'manager')
    expect([status, first.data, first.total]).toEqual([200, all.data.slice(0, 1), all.total])
    expect(first.hasMore).toBe(all.total > 1)
    expect((await get(`${list}?limit=1&page=99`, 'manager')).body).toMatchObject({ data: [], hasMore: false, limit: 1 })
    expect((await get(`${list}?limit=0`, 'manager')).status).toBe(400)
  }
})

test('jobs of one moment come each once, sends before reports, and are narrowed by status and time', async () => {
  const { models } = gateway.store
  // Without its place in the conversation, which it alone has.
  const { seq: _, ...row } = (await models.messages.findOne({ tenantId: demo, direction: 'OUTBOUND' }).lean()) as MessageDoc
  const at = new Date('2026-03-01T10:00:00Z')
  const states = ['READY', 'WAITING', 'TAKEN', 'UNKNOWN', null, null, null] as const
  const sends = states.map((state, i) => ({
    ...row,
    _id: new Types.ObjectId(),
    wamid: `wamid.same${i}`,
    idempotencyKey: null,
    at,
    status: state ? 'QUEUED' : i === 6 ? 'FAILED' : 'SENT',
    dispatch: state && { state, priority: 'chat' },
  }))
  await gateway.store.raw.messages.insertMany(sends as unknown as MessageDoc[])
  const report = { tenantId: demo, eventType: 'message', field: 'messages', payload: {}, receivedAt: at }
  const statuses = ['PENDING', 'PROCESSED', 'IGNORED', 'FAILED', 'PROCESSED']
  await models.webhookEvents.insertMany(statuses.map((status, i) => ({ ...report, _id: `m:same${i}`, status })))
  const newest = [...sends.map(({ _id }) => String(_id)).toReversed(), ...statuses.map((_, i) => `m:same${i}`).toReversed()]
  const time = 'from=2026-03-01T10:00:00Z&to=2026-03-01T10:00:01Z'
  for (const limit of [1, 2, 3, 5, 100]) expect((await jobs(`${time}&limit=${limit}`)).map(({ id }) => id)).toEqual(newest)
  const counts = { PENDING: 3, RUNNING: 2, DONE: 5, FAILED: 2 }
  for (const [status, count] of Object.entries(counts)) {
    const found = await jobs(`${time}&status=${status}&limit=2`)
    expect([found.length, new Set(found.map(job => job.status))]).toEqual([count, new Set([status])])
  }
  expect(await jobs(`${time}&type=PROCESS_WEBHOOK&status=RUNNING`)).toEqual([])
  await models.webhookEvents.insertMany([{ ...report, _id: 's:parked', status: 'IGNORED', reason: PARKED }])
  const [waiting] = (await jobs(`${time}&type=PROCESS_WEBHOOK&status=PENDING`)).filter(({ id }) => id === 's:parked')
  expect(waiting).toMatchObject({ status: 'PENDING', error: null })
  expect((await jobs(`${time}&status=DONE`)).map(({ id }) => id)).not.toContain('s:parked')
  await models.webhookEvents.deleteOne({ tenantId: demo, _id: 's:parked' })
  const { body } = await get(`/jobs?${time}&limit=2`, 'manager')
  expect([body.total, body.totalIsExact, body.hasMore]).toEqual([12, true, true])
  expect((await get('/jobs?cursor=nonsense', 'manager')).body.errorCode).toBe('CURSOR_INVALID')
  await gateway.store.raw.messages.deleteMany({ _id: { $in: sends.map(({ _id }) => _id) } })
})

const LISTS = [
  '/messages',
  '/messages/scheduled',
  '/conversations',
  '/templates',
  '/phone-numbers',
  '/clients',
  '/users',
  '/api-keys',
  '/tenants',
  '/webhook-events',
  '/dead-letters',
  '/jobs',
  '/contacts',
  '/leads',
]

const NO_SESSION = '00000000-0000-4000-8000-000000000000'

describe("another tenant's", () => {
  /** What a route's id names. */
  async function idsOf(tenantId: Id): Promise<Record<string, string>> {
    const { models } = gateway.store
    const conversation = (await conversations(tenantId))[0] as ConversationDoc
    const message = (await models.messages.findOne({ tenantId, conversationId: conversation._id }).lean()) as MessageDoc
    const number = await models.clients.findOne({ tenantId }).lean()
    const name = 'theirs'
    const template = await models.templates.findOneAndUpdate(
      { tenantId, wabaId: '1', name, language: 'fr' },
      { $setOnInsert: { category: 'UTILITY', status: 'APPROVED', components: [{ type: 'BODY', text: 'a' }] } },
      { upsert: true, returnDocument: 'after' },
    )
    const contact = await models.contacts.findOne({ tenantId, deletedAt: null }).lean()
    const pipeline = await models.pipelines.findOne({ tenantId }).lean()
    const lead = await models.leads.findOneAndUpdate(
      { tenantId, phone: '212661999999' },
      { $setOnInsert: { name: 'Lead', pipelineId: pipeline?._id, stageId: pipeline?.stages[0]?._id } },
      { upsert: true, returnDocument: 'after' },
    )
    // Somebody whom the other account does not know: the CRM module names conversations by number.
    const waId = tenantId.equals(demo) ? '212661888801' : '212661888802'
    const stranger = await models.contacts.findOneAndUpdate(
      { tenantId, waId },
      { $setOnInsert: { phone: waId, userId: null } },
      { upsert: true, returnDocument: 'after' },
    )
    const { _id: _conversation, contactId: _contact, ...copied } = conversation
    await models.conversations.updateOne(
      { tenantId, contactId: stranger?._id },
      {
        $setOnInsert: { ...copied, contact: { ...copied.contact, waId, phone: waId, userId: null }, unreadCount: 0 },
      },
      { upsert: true, timestamps: false },
    )
    const campaign = await models.campaigns.findOneAndUpdate(
      { tenantId, name: 'theirs', deletedAt: null },
      {
        $setOnInsert: {
          clientId: number?._id,
          phoneNumberId: number?.phoneNumberId,
          wabaId: '1',
          template: { id: template?._id, name, language: 'fr', category: 'UTILITY' },
          columns: { to: 'to' },
        },
      },
      { upsert: true, returnDocument: 'after' },
    )
    const media = { id: new Types.ObjectId(), state: 'PENDING' as const, mimeType: 'image/png' }
    await models.messages.updateOne({ tenantId, _id: message._id }, { $set: { 'content.media': media } })
    const event = `m:of-${tenantId}`
    await models.webhookEvents.updateOne(
      { tenantId, _id: event },
      { $setOnInsert: { eventType: 'message', field: 'messages', payload: {}, receivedAt: new Date() } },
      { upsert: true },
    )
    const died = {
      tenantId,
      messageId: `m:dead-letter-of-${tenantId}`,
      queue: QUEUES.chat,
      type: MESSAGE_TYPE.sendJob,
      payload: '{}',
    }
    const deadLetter = await models.deadLetters.findOneAndUpdate(
      { tenantId, messageId: died.messageId },
      { $setOnInsert: { ...died, state: 'NEW', reason: 'not a send job', cause: 'not a send job' } },
      { upsert: true, returnDocument: 'after' },
    )
    const user = await models.users.findOneAndUpdate(
      { tenantId, email: `own-${tenantId}@x.example` },
      { $setOnInsert: { name: 'Ana', role: 'agent', passwordHash: null, status: 'invited' } },
      { upsert: true, returnDocument: 'after' },
    )
    const secret = { prefix: String(new Types.ObjectId()).slice(-12), secretHash: '0', scopes: ['*'], role: 'agent' as const }
    const key = await models.apiKeys.findOneAndUpdate(
      { tenantId, name: 'own', revokedAt: null },
      { $setOnInsert: secret },
      { upsert: true, returnDocument: 'after' },
    )
    const connection = await models.connections.findOneAndUpdate(
      { tenantId, causeKey: 'own' },
      { $setOnInsert: { kind: 'check', state: 'DONE', actor: { kind: 'system', id: null, name: null }, wanted: {} } },
      { upsert: true, returnDocument: 'after' },
    )
    const endpoint = { url: 'https://erp.example.com', enabledAt: new Date(), createdAt: new Date() }
    const subscription = await models.eventSubscriptions.findOneAndUpdate(
      { tenantId, name: 'own', deletedAt: null },
      { $setOnInsert: endpoint },
      { upsert: true, returnDocument: 'after' },
    )
    const delivered = { type: 'message.received', orderingKey: 'a', at: new Date(), state: 'DELIVERED', body: '{}' } as const
    const delivery = await models.eventDeliveries.findOneAndUpdate(
      { tenantId, subscriptionId: subscription?._id, eventId: 'e:own' },
      { $setOnInsert: delivered },
      { upsert: true, returnDocument: 'after' },
    )
    const aid = async (model: 'labels' | 'quickReplies' | 'savedViews', own: object, fields: object) => {
      const options = { upsert: true, returnDocument: 'after' } as const
      const row = await (models[model] as typeof models.labels).findOneAndUpdate(
        { tenantId, deletedAt: null, ...own },
        { $setOnInsert: fields },
        options,
      )
      return String(row?._id)
    }
    return {
      '/api/v1/users': String(user?._id),
      '/api/v1/api-keys': String(key?._id),
      '/api/v1/event-subscriptions': String(subscription?._id),
      '/api/v1/event-deliveries': String(delivery?._id),
      '/api/v1/tenants': String(tenantId),
      '/api/v1/labels': await aid('labels', { name: 'theirs' }, { color: '#000000' }),
      '/api/v1/quick-replies': await aid('quickReplies', { shortcut: 'theirs' }, { title: 'a', text: 'a' }),
      '/api/v1/views': await aid('savedViews', { name: 'theirs' }, { query: { unread: true } }),
      '/api/v1/conversations': String(conversation._id),
      '/api/v1/messages': String(conversation._id),
      '/api/v1/messages/timeline': String(message._id),
      '/api/v1/messages/trace': String(message._id),
      '/api/v1/messages/by-id': String(message._id),
      '/api/v1/messages/scheduled': String(message._id),
      '/api/v1/media': String(media.id),
      '/api/v1/templates': String(template?._id),
      '/api/v1/campaigns': String(campaign?._id),
      '/api/v1/connections': String(connection?._id),
      '/api/v1/phone-numbers': String(number?._id),
      '/api/v1/clients': String(number?._id),
      '/api/v1/contacts': String(contact?._id),
      '/api/v1/leads': String(lead?._id),
      '/api/v1/webhook-events': event,
      '/api/v1/dead-letters': String(deadLetter?._id),
      '/api/v1/jobs': event,
      '/api/messages/conversation': String(conversation._id),
      '/api/conversations': String(conversation._id),
      '/api/integrations/conversations': `+${waId}`,
      '/api/integrations/whatsapp/templates': String(template?._id),
    }
  }
  const body: Record<string, object> = {
    status: { status: 'closed' },
    assign: { assignedToId: null },
    notes: { text: 'a' },
    labels: { labels: [] },
    snooze: { until: null },
    control: { owner: 'other' },
    render: { conversationId: '1'.repeat(24) },
    'automatic-answers': {},
    'patch /api/v1/labels': { color: '#111111' },
    'patch /api/v1/quick-replies': { title: 'b' },
    'patch /api/v1/views': { name: 'theirs' },
    discard: { reason: 'nobody needs it' },
    merge: { contactId: '1'.repeat(24) },
    '/api/v1/leads/notes': { content: 'a' },
    'patch /api/v1/messages/scheduled': { sendAt: new Date(Date.now() + 60_000).toISOString() },
    'patch /api/v1/campaigns': { perMinute: 10 },
    'patch /api/v1/users': { name: 'Named' },
    'put /api/v1/users': { name: 'Named' },
    'patch /api/v1/tenants': { name: 'Named' },
    'put /api/v1/tenants': { name: 'Named' },
    'post /api/v1/api-keys/rotate': { overlapHours: 1 },
    'post /api/v1/event-subscriptions/rotate-secret': {},
    'post /api/v1/event-subscriptions/replay': { from: '2026-01-01T00:00:00Z' },
    'patch /api/v1/event-subscriptions': { name: 'own' },
    'patch /api/v1/phone-numbers': { companyName: 'Named' },
    'patch /api/v1/phone-numbers/business-profile': { about: 'Named' },
    'put /api/v1/phone-numbers/username': { username: 'atlas.named' },
    'post /api/v1/phone-numbers/short-links': { prefilledMessage: 'Named' },
    'patch /api/v1/phone-numbers/short-links/AB12': { prefilledMessage: 'Named' },
    'put /api/v1/phone-numbers/ice-breakers': { prompts: ['Named'] },
    'patch /api/v1/clients': { companyName: 'Named' },
    'patch /api/v1/templates': { status: 'DISABLED' },
    'patch /api/integrations/whatsapp/templates': { status: 'DISABLED' },
    audience: { recipients: [{ to: '+212661000101' }] },
  }
  /** Queries without which a route refuses. */
  const QUERIES: Record<string, string> = {
    '/api/v1/conversations/{id}/evidence': '?from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z',
  }
  /** What of a number stands at Meta alone. */
  const AT_META = /^\/(business-profile|username|short-links|ice-breakers)/
  // For a platform admin no account is another one.
  const withId = routes.filter(({ path, action }) => path.includes('{id}') && action !== null && can('tenant_admin', action))

  test.for(withId.map(route => [`${route.method} ${route.path}`, route] as const))(
    '[F44] %s',
    async ([, { method, path, upload }]) => {
      const [prefix, rest] = path.replace('{sessionId}', NO_SESSION).replace('{code}', 'AB12').split('/{id}') as [string, string]
      const fields = body[`${method} ${prefix}${rest}`] ?? body[`${prefix}${rest}`] ?? body[rest.slice(1)]
      const sent = upload
        ? { body: 'to\n+212661000101\n', headers: { 'content-type': upload.types[0] as string } }
        : { body: method === 'get' ? undefined : fields }
      const call = (id: string, as: Person = 'admin') =>
        gateway.call(method.toUpperCase(), `${prefix}/${encodeURIComponent(id)}${rest}${QUERIES[path] ?? ''}`, { as, ...sent })
      const idOf = (ids: Record<string, string>) => ids[`${prefix}${rest}`] ?? ids[prefix]
      const theirs = idOf(await idsOf(other))
      if (theirs === undefined) throw new Error(`the test knows no id for ${path}`)
      const before = await snapshot()
      const foreign = await call(theirs)
      const nobodys = /events|jobs/.test(prefix) ? 'm:nobody' : '0'.repeat(24)
      const unknown = await call(nobodys)
      expect([foreign.status, unknown.status]).toEqual([404, 404])
      expect({ ...foreign.body, requestId: 0 }).toEqual({ ...unknown.body, requestId: 0 })
      await expectSameStatements(
        () => call(theirs),
        () => call(nobodys),
      )
      for (const malformed of ['x', '%00', "' or 1=1", '[$ne]', 'f'.repeat(25)])
        expect([400, 404]).toContain((await call(malformed)).status)
      expect(await snapshot()).toEqual(before)
      const number = await gateway.store.models.clients.findOne({ tenantId: demo }).lean()
      const own = await call(idOf(await idsOf(demo)) as string)
      // The number that a route disconnects or removes is the one of the requests that follow.
      if (number) await gateway.store.raw.clients.replaceOne({ _id: number._id, tenantId: demo }, number)
      // They name a second thing, of which nobody knows: another contact, a conversation, a session, a PIN.
      const namesMore = ['/merge', '/render', '/pin'].includes(rest) || rest.endsWith(NO_SESSION)
      // A new PIN is set at Meta, a profile stands there, and it says who answers a customer; Meta is not there.
      const asksMeta = (method === 'put' && ['/pin', '/control'].includes(rest)) || AT_META.test(rest)
      expect([200, 201, 202, 204, 409, 422, ...(namesMore ? [404] : []), ...(asksMeta ? [503] : [])]).toContain(own.status)
    },
  )

  /**
   * Both requests ask the database the same, so that no time tells them apart. What is cached for a second or more may be read by
   * one and not by the other: then both are tried again, and a real difference stays.
   */
  async function expectSameStatements(one: () => Promise<unknown>, another: () => Promise<unknown>): Promise<void> {
    const statementsOf = async (work: () => Promise<unknown>) => {
      const from = commands.length
      await work()
      return commands
        .slice(from)
        .filter(({ collection }) => collection !== null)
        .map(({ name, collection }) => `${name} ${collection}`)
        .toSorted()
    }
    await untilPasses(async () => expect(await statementsOf(one)).toEqual(await statementsOf(another)))
  }

  const snapshot = async () => {
    const { models } = gateway.store
    const { conversations, messages, clients, templates, notes, contacts, leads, deadLetters, users, apiKeys } = models
    const { labels, quickReplies, savedViews, connections, accountLinks, eventSubscriptions, eventDeliveries } = models
    const people = [users, apiKeys, accountLinks, connections, eventSubscriptions, eventDeliveries]
    const aids = [labels, quickReplies, savedViews]
    const inbox = [conversations, messages, clients, templates, notes, contacts, leads, deadLetters]
    const rows = [...inbox, ...people, ...aids].map(model =>
      (model as typeof models.clients).find({ tenantId: other }).sort({ _id: 1 }).lean(),
    )
    return JSON.stringify(await Promise.all(rows))
  }

  test('[F44] ids in bodies and queries are unknown too', async () => {
    const ids = await idsOf(other)
    const send = (path: string, fields: object) => gateway.call('POST', `/api/v1${path}`, { as: 'admin', body: fields })
    const conversationId = ids['/api/v1/conversations']
    const clientId = ids['/api/v1/phone-numbers']
    const templateId = ids['/api/v1/templates']
    expect((await send('/messages/send', { conversationId, text: 'a' })).status).toBe(404)
    expect((await send('/messages/send', { to: '+212661000101', clientId, text: 'a' })).status).toBe(404)
    expect((await send('/messages/send-template', { to: '+212661000101', templateId })).status).toBe(404)
    const dialect = async (path: string, fields: object) =>
      (await gateway.call('POST', `/api/${path}`, { as: 'admin', body: fields })).status
    expect(await dialect('messages/send', { clientId, candidatePhone: '212661000101', message: 'a' })).toBe(404)
    expect(await dialect('messages/send', { clientId: '2054543651068213', candidatePhone: '212661000101' })).toBe(404)
    expect(await dialect('messages/text', { conversationId, text: 'a' })).toBe(404)
    expect(await dialect('integrations/whatsapp/send', { toPhone: '+212661000101', text: 'a', clientId })).toBe(404)
    expect(await dialect('integrations/whatsapp/templates/send', { toPhone: '+212661000101', templateId })).toBe(404)
    const leadId = ids['/api/v1/leads']
    expect((await gateway.call('GET', `/api/integrations/messages?leadId=${leadId}`, { as: 'admin' })).status).toBe(404)
    expect((await get(`/conversations?clientId=${clientId}`)).body.total).toBe(0)
    expect((await get('/conversations?number=2054543651068213')).body.total).toBe(0)
  })

  test('[F44] rows are in no list', async () => {
    for (const path of LISTS) {
      const isWhole = path === '/phone-numbers' || path === '/clients'
      const mine = JSON.stringify((await get(`${path}?${isWhole ? '' : 'limit=100'}`, 'admin')).body)
      for (const id of Object.values(await idsOf(other))) expect(mine).not.toContain(id)
    }
  })
})
