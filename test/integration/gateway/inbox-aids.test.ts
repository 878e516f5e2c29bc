import { Types } from 'mongoose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { finishLabels } from '#services/gateway/inbox/finish-labels.ts'
import { wakeSnoozed } from '#services/gateway/inbox/wake-snoozed.ts'
import { createRecording, newPace } from '#services/ingest/recorder/recorder.ts'
import type { ConversationDoc, EventDoc, Id } from '#shared/model/documents.ts'
import { contactsAfter } from '#shared/store/campaigns/audience.ts'
import { webhookOf } from '#test/support/webhooks.ts'
import { createWorld } from '#test/support/world.ts'
import { deliveryOf } from '#test/support/worlds/fixtures.ts'
import { type Gateway, openGateway, PEOPLE, type Person } from '#test/support/worlds/gateway.ts'
import { log } from '#test/support/worlds/ingest.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'

const { phoneNumberId } = DEMO_TENANTS.demo
const HOUR_MS = 3_600_000
const stack = new AsyncDisposableStack()
let gateway: Gateway
let tenantId: Id
let record: ReturnType<typeof createRecording>
beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld())))
  tenantId = (await userByEmail(gateway.store, PEOPLE.agent)).tenantId
  const { store, queue } = gateway
  const events = { publish: async () => undefined, settled: async () => undefined }
  record = createRecording({ store, queue, log, events, pace: newPace() })
})
afterAll(() => stack.disposeAsync())

const call = (method: string, path: string, body?: object, as: Person = 'manager') =>
  gateway.call(method, `/api/v1${path}`, { as, body })
const idOf = async (person: Person) => String((await userByEmail(gateway.store, PEOPLE[person]))._id)
const rowOf = async (id: string) =>
  (await gateway.store.raw.conversations.findOne({ _id: new Types.ObjectId(id) })) as ConversationDoc
const eventsOf = (name: EventDoc['name'], conversationId?: string) =>
  gateway.store.raw.events
    .find({ tenantId, name, ...(conversationId && { conversationId: new Types.ObjectId(conversationId) }) })
    .sort({ createdAt: 1 })
    .toArray()

let stamps = 0
/** A text of a customer, now or some time ago. */
async function customerWrites(from: string, { ago = 0, text = 'hello' } = {}): Promise<string> {
  const timestamp = String(Math.floor((Date.now() - ago) / 1000))
  const message = { from, id: `wamid.aids.${++stamps}`, timestamp, type: 'text', text: { body: text } }
  const value = { messaging_product: 'whatsapp', metadata: { phone_number_id: phoneNumberId }, messages: [message] }
  await record([deliveryOf(webhookOf(value), new Date())])
  const row = await gateway.store.raw.conversations.findOne({ tenantId, 'contact.waId': from })
  return String(row?._id)
}
const listed = async (query: string, as: Person = 'manager') =>
  (await call('GET', `/conversations?limit=100&${query}`, undefined, as)).body.data.map(({ id }: { id: string }) => id)

describe('labels', () => {
  const make = (name: string) => call('POST', '/labels', { name, color: '#aa3300' })

  test('[peers 59] are made, listed by name, and one of a kind', async () => {
    expect((await make('Interview')).body).toMatchObject({ name: 'Interview', color: '#aa3300', description: null })
    expect((await make('Hired')).status).toBe(201)
    const twice = await make('Hired')
    expect([twice.status, twice.body.errorCode]).toEqual([409, 'LABEL_EXISTS'])
    const { body } = await call('GET', '/labels', undefined, 'agent')
    expect(body.data.map(({ name }: { name: string }) => name)).toEqual(['Hired', 'Interview'])
    expect((await call('POST', '/labels', { name: 'Own' }, 'agent')).status).toBe(403)
    expect((await call('GET', '/labels', undefined, 'other')).body.data).toEqual([])
  })

  test('[peers 59] are given to conversations, filter them, and are told to sockets', async () => {
    const id = await customerWrites('212661840001')
    const put = await call('PUT', `/conversations/${id}/labels`, { labels: ['Interview'] }, 'agent')
    expect([put.status, put.body.labels]).toEqual([200, ['Interview']])
    const both = await call('PATCH', `/conversations/${id}/labels`, { add: ['Hired'], remove: ['Interview'] }, 'agent')
    expect(both.body.labels).toEqual(['Hired'])
    expect(await listed('label=Hired')).toEqual([id])
    expect(await listed('label=Interview')).toEqual([])
    const [event] = (await eventsOf('conversation:updated', id)).slice(-1)
    expect(event?.payload).toMatchObject({ updates: { labels: ['Hired'] }, conversation: { labels: ['Hired'] } })
    const unknown = await call('PUT', `/conversations/${id}/labels`, { labels: ['Nobody'] }, 'agent')
    expect([unknown.status, unknown.body.errorCode]).toEqual([422, 'LABEL_UNKNOWN'])
  })

  test('[peers 59] two users who add labels at once lose none', async () => {
    const id = await customerWrites('212661840002')
    const names = ['Interview', 'Hired']
    const answers = await Promise.all(names.map(name => call('PATCH', `/conversations/${id}/labels`, { add: [name] }, 'agent')))
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect((await rowOf(id)).labels.toSorted()).toEqual(['Hired', 'Interview'])
  })

  test('[peers 59] are given to contacts and filter them', async () => {
    const { contact } = (await call('GET', `/conversations/${await customerWrites('212661840003')}`)).body
    const changed = await call('PATCH', `/contacts/${contact.id}`, { labels: ['Hired'] }, 'agent')
    expect([changed.status, changed.body.labels]).toEqual([200, ['Hired']])
    const { body } = await call('GET', '/contacts?label=Hired')
    expect(body.data.map(({ id }: { id: string }) => id)).toEqual([contact.id])
  })

  test('[peers 59] reach the people of a campaign, page by page, each once', async () => {
    const conversations = ['212661840021', '212661840022', '212661840023', '212661840024']
    const ids = await Promise.all(conversations.map(from => customerWrites(from)))
    const contacts = await Promise.all(ids.map(async id => String((await rowOf(id)).contactId)))
    await make('Reach')
    await call('PUT', `/conversations/${ids[0]}/labels`, { labels: ['Reach'] })
    await call('PUT', `/conversations/${ids[1]}/labels`, { labels: ['Reach'] })
    await call('PATCH', `/contacts/${contacts[1]}`, { labels: ['Reach'] })
    await call('PATCH', `/contacts/${contacts[2]}`, { labels: ['Reach'] })
    const { clientId } = await rowOf(ids[0] as string)
    const found: string[] = []
    for (let after: Id | null = null; ; ) {
      const page = await contactsAfter(
        gateway.store,
        { tenantId, clientId },
        { label: 'Reach', attribute: null },
        { after, limit: 2 },
      )
      found.push(...page.map(({ _id }) => String(_id)))
      after = page.at(-1)?._id ?? null
      if (after === null) break
    }
    expect(found).toEqual(contacts.slice(0, 3).toSorted())
  })

  test('[peers 59] renamed or deleted they are so everywhere, also when the process dies in between', async () => {
    const id = await customerWrites('212661840004')
    const { body: label } = await make('$old name')
    await call('PUT', `/conversations/${id}/labels`, { labels: ['$old name', 'Hired'] })
    const renamed = await call('PATCH', `/labels/${label.id}`, { name: '$new name' })
    expect([renamed.status, renamed.body.name]).toEqual([200, '$new name'])
    expect((await rowOf(id)).labels).toEqual(['Hired', '$new name'])
    const [event] = (await eventsOf('label:changed')).slice(-1)
    expect(event?.payload).toMatchObject({ labelId: label.id, name: '$new name', previousName: '$old name' })
    const pending = { from: '$new name', to: null }
    await gateway.store.raw.labels.updateOne({ name: '$new name' }, { $set: { pending, deletedAt: new Date() } })
    expect(await finishLabels(gateway, () => true)).toBe(1)
    expect((await rowOf(id)).labels).toEqual(['Hired'])
    expect(await finishLabels(gateway, () => true)).toBe(0)
    const gone = await gateway.store.raw.labels.findOne({ name: 'Hired', tenantId })
    expect((await call('DELETE', `/labels/${gone?._id}`)).status).toBe(204)
    expect((await rowOf(id)).labels).toEqual([])
  })
})

describe('uses of labels', () => {
  test('[peers 59] are counted wherever a label is named, and follow a new name', async () => {
    const { body: label } = await call('POST', '/labels', { name: 'Counted' })
    const id = await customerWrites('212661840031')
    await call('PUT', `/conversations/${id}/labels`, { labels: ['Counted'] })
    await call('PATCH', `/contacts/${(await rowOf(id)).contactId}`, { labels: ['Counted'] })
    const { body: view } = await call('POST', '/views', { name: 'By label', query: { label: 'Counted' } })
    const rule = { label: 'Counted', clientId: null, agentIds: [await idOf('agent')] }
    const other = { ...rule, label: 'Another' }
    await call('PATCH', '/settings', { assignment: { mode: 'off', rules: [rule, other] } }, 'admin')
    const expected = { count: 1, isExact: true }
    const found = { conversations: expected, contacts: expected, views: 1, rules: 1 }
    expect((await call('GET', `/labels/${label.id}/uses`)).body).toEqual(found)
    expect((await call('GET', `/labels/${label.id}/uses`, undefined, 'agent')).status).toBe(403)
    expect((await call('GET', `/labels/${label.id}/uses`, undefined, 'other')).status).toBe(404)

    expect((await call('PATCH', `/labels/${label.id}`, { name: 'Recounted' })).status).toBe(200)
    expect((await call('GET', `/labels/${label.id}/uses`)).body).toEqual(found)
    const views = (await call('GET', '/views')).body.data
    expect(views.find((one: { id: string }) => one.id === view.id).query).toEqual({ label: 'Recounted' })
    const { assignment } = (await call('GET', '/settings', undefined, 'admin')).body
    expect(assignment.rules.map((one: { label: string }) => one.label)).toEqual(['Recounted', 'Another'])

    expect((await call('DELETE', `/labels/${label.id}`)).status).toBe(204)
    expect((await rowOf(id)).labels).toEqual([])
    expect((await call('GET', `/labels/${label.id}/uses`)).status).toBe(404)
    await call('PATCH', '/settings', { assignment: { mode: 'off' } }, 'admin')
    await call('DELETE', `/views/${view.id}`)
  })

  test('a change of a label that somebody else has changed is refused, and says what it is now', async () => {
    const { body: label } = await call('POST', '/labels', { name: 'Contested', color: '#aa3300' })
    expect((await call('PATCH', `/labels/${label.id}`, { color: '#00aa33' }, 'admin')).status).toBe(200)
    const change = { color: '#0033aa', expected: { color: '#aa3300' } }
    const { status, body } = await call('PATCH', `/labels/${label.id}`, change)
    expect([status, body.errorCode, body.errors]).toEqual([
      409,
      'CHANGED_MEANWHILE',
      [{ path: 'color', message: 'Has another value by now.' }],
    ])
    const admin = (await userByEmail(gateway.store, PEOPLE.admin)).name
    expect([body.current.color, body.changedBy]).toEqual(['#00aa33', admin])
    const unrelated = { description: 'kept', expected: { description: null } }
    expect((await call('PATCH', `/labels/${label.id}`, unrelated)).body).toMatchObject({ color: '#00aa33', description: 'kept' })
    expect((await call('PATCH', `/labels/${label.id}`, { ...change, expected: { color: '#00aa33' } })).body.color).toBe('#0033aa')
  })
})

describe('quick replies', () => {
  const make = (body: object, as: Person = 'agent') => call('POST', '/quick-replies', body, as)
  const hello = { shortcut: 'hello', title: 'Hello', text: 'Bonjour {{contact.firstName}}, ici {{agent.firstName}}.' }

  test('[peers 60] are the account’s or one’s own, by shortcut', async () => {
    expect((await make({ ...hello, scope: 'account' }, 'manager')).body).toMatchObject({ scope: 'account', shortcut: 'hello' })
    expect((await make(hello)).body).toMatchObject({ scope: 'own', shortcut: 'hello' })
    expect((await make(hello)).body.errorCode).toBe('SHORTCUT_EXISTS')
    expect((await make({ ...hello, shortcut: 'x', scope: 'account' })).status).toBe(403)
    const scopes = async (as: Person) =>
      (await call('GET', '/quick-replies', undefined, as)).body.data.map(({ scope }: { scope: string }) => scope)
    expect(await scopes('agent')).toEqual(['own', 'account'])
    expect(await scopes('manager')).toEqual(['account'])
    expect(await scopes('other')).toEqual([])
  })

  test('[peers 60] fill in what is known of the conversation', async () => {
    const { body: reply } = await make({ ...hello, shortcut: 'fill', text: `${hello.text} @{{contact.username}}` })
    const conversationId = await customerWrites('212661840005')
    const contactId = (await rowOf(conversationId)).contactId
    await call('PATCH', `/contacts/${contactId}`, { name: 'Nadia Alaoui' }, 'agent')
    const { body } = await call('POST', `/quick-replies/${reply.id}/render`, { conversationId }, 'agent')
    const agent = (await userByEmail(gateway.store, PEOPLE.agent)).name.split(' ')[0]
    expect(body).toEqual({
      text: `Bonjour Nadia, ici ${agent}. @{{contact.username}}`,
      mediaId: null,
      missing: ['contact.username'],
    })
  })

  test('[peers 60] carry a file, and nothing that is no variable', async () => {
    const upload = { as: 'agent' as const, body: 'a file', headers: { 'content-type': 'text/plain' } }
    const { body: file } = await gateway.call('POST', '/api/v1/media?filename=a.txt', upload)
    expect((await make({ shortcut: 'file', title: 'File', mediaId: file.id })).body.mediaId).toBe(file.id)
    const strange = await make({ shortcut: 'f2', title: 'File', mediaId: '0'.repeat(24) })
    expect([strange.status, strange.body.errorCode]).toEqual([422, 'MEDIA_UNKNOWN'])
    expect((await make({ shortcut: 'f3', title: 'File', text: '{{secret.key}}' })).status).toBe(400)
    expect((await make({ shortcut: 'f4', title: 'File' })).status).toBe(400)
  })

  test('a change of what somebody else has changed is refused, and says what it is now', async () => {
    const { body: shared } = await make({ ...hello, shortcut: 'contested', scope: 'account' }, 'manager')
    expect((await call('PATCH', `/quick-replies/${shared.id}`, { text: 'Theirs' }, 'admin')).status).toBe(200)
    const change = { text: 'Mine', expected: { text: hello.text } }
    const { status, body } = await call('PATCH', `/quick-replies/${shared.id}`, change)
    const admin = (await userByEmail(gateway.store, PEOPLE.admin)).name
    expect([status, body.errorCode, body.current.text, body.changedBy]).toEqual([409, 'CHANGED_MEANWHILE', 'Theirs', admin])
    const other = await call('PATCH', `/quick-replies/${shared.id}`, { title: 'Both', expected: { title: 'Hello' } })
    expect(other.body).toMatchObject({ text: 'Theirs', title: 'Both' })
  })

  test('[peers 60] of others can neither be changed nor rendered', async () => {
    const { body: own } = await make({ ...hello, shortcut: 'mine' })
    for (const as of ['manager', 'other'] as const)
      expect((await call('PATCH', `/quick-replies/${own.id}`, { title: 'Theirs' }, as)).status).toBe(404)
    const { body: shared } = await make({ ...hello, shortcut: 'ours', scope: 'account' }, 'manager')
    expect((await call('PATCH', `/quick-replies/${shared.id}`, { title: 'Mine' }, 'agent')).status).toBe(403)
    expect((await call('DELETE', `/quick-replies/${own.id}`, undefined, 'agent')).status).toBe(204)
    expect((await call('PATCH', `/quick-replies/${own.id}`, { title: 'Gone' }, 'agent')).status).toBe(404)
  })
})

describe('saved views', () => {
  test('[peers 61] keep filters of the inbox, which the list accepts', async () => {
    const made = await call('POST', '/views', { name: 'Late', query: { status: 'open', sort: 'waiting', unread: true } }, 'agent')
    expect([made.status, made.body.query]).toEqual([201, { status: 'open', sort: 'waiting', unread: true }])
    const query = new URLSearchParams(
      Object.entries(made.body.query).map(([name, value]) => [name, String(value)] as [string, string]),
    )
    expect((await call('GET', `/conversations?${query}`, undefined, 'agent')).status).toBe(200)
    for (const query of [{ nobody: 'knows' }, { page: 2 }, { status: 'never' }, { unread: { $ne: true } }])
      expect((await call('POST', '/views', { name: 'Bad', query }, 'agent')).status).toBe(400)
    expect((await call('POST', '/views', { name: 'All', query: {}, scope: 'account' }, 'agent')).status).toBe(403)
    expect((await call('POST', '/views', { name: 'All', query: {}, scope: 'account' })).status).toBe(201)
    const names = async (as: Person) =>
      (await call('GET', '/views', undefined, as)).body.data.map(({ name }: { name: string }) => name)
    expect([await names('agent'), await names('manager'), await names('other')]).toEqual([['All', 'Late'], ['All'], []])
    const renamed = await call('PATCH', `/views/${made.body.id}`, { name: 'Later' }, 'agent')
    expect([renamed.status, renamed.body.name, renamed.body.query]).toEqual([200, 'Later', made.body.query])
    expect((await call('DELETE', `/views/${made.body.id}`, undefined, 'agent')).status).toBe(204)
    expect(await names('agent')).toEqual(['All'])
  })
})

describe('snooze', () => {
  const snooze = (id: string, aheadMs: number | null) =>
    call('PUT', `/conversations/${id}/snooze`, { until: aheadMs === null ? null : new Date(Date.now() + aheadMs).toISOString() })

  test('[peers 62] takes a conversation away and wakes it by time', async () => {
    const id = await customerWrites('212661840006')
    expect((await snooze(id, HOUR_MS)).body.snoozedUntil).not.toBeNull()
    expect(await listed('status=open')).not.toContain(id)
    expect(await listed('status=snoozed')).toEqual([id])
    expect(await listed('sort=waiting')).not.toContain(id)
    const { events, store } = gateway.deps
    const wakeAt = (aheadMs: number) => wakeSnoozed({ store, events, now: () => new Date(Date.now() + aheadMs) }, () => true)
    expect(await wakeAt(HOUR_MS - 60_000)).toBe(0)
    expect(await wakeAt(HOUR_MS + 60_000)).toBe(1)
    expect([await listed('status=snoozed'), (await listed('status=open')).includes(id)]).toEqual([[], true])
    const [event] = (await eventsOf('conversation:updated', id)).slice(-1)
    expect(event?.payload).toMatchObject({ updates: { snoozedUntil: null } })
  })

  test('[peers 62] wakes it by the customer’s next message, also by one that is being recorded meanwhile', async () => {
    const id = await customerWrites('212661840007')
    await snooze(id, HOUR_MS)
    await customerWrites('212661840007')
    expect((await rowOf(id)).snoozedUntil).toBeNull()
    // Whichever of the two is first: the conversation is awake, or was snoozed after the message was counted.
    for (let i = 0; i < 5; i++) {
      const before = (await rowOf(id)).messageCount
      const [{ body }] = await Promise.all([snooze(id, HOUR_MS), customerWrites('212661840007')])
      const { snoozedUntil, messageCount } = await rowOf(id)
      expect(messageCount).toBe(before + 1)
      if (snoozedUntil) expect(body.messageCount).toBe(before + 1)
    }
  })

  test('[peers 62] needs a time ahead and an open conversation; null ends it', async () => {
    const id = await customerWrites('212661840008')
    expect((await snooze(id, -1000)).body.errorCode).toBe('SNOOZE_TIME_INVALID')
    expect((await snooze(id, 400 * 24 * HOUR_MS)).body.errorCode).toBe('SNOOZE_TIME_INVALID')
    await snooze(id, HOUR_MS)
    expect((await snooze(id, null)).body.snoozedUntil).toBeNull()
    await snooze(id, HOUR_MS)
    const closed = await call('PUT', `/conversations/${id}/status`, { status: 'closed' })
    expect([closed.body.status, closed.body.snoozedUntil]).toEqual(['closed', null])
    expect((await snooze(id, HOUR_MS)).body.errorCode).toBe('CONVERSATION_CLOSED')
  })
})

describe('notes', () => {
  test('[peers 58] name colleagues, who find them and are told', async () => {
    const id = await customerWrites('212661840009')
    const agent = await idOf('agent')
    const made = await call('POST', `/conversations/${id}/notes`, { text: 'Please call', mentions: [agent, agent] })
    expect([made.status, made.body.mentions]).toEqual([201, [agent]])
    expect((await call('GET', '/mentions', undefined, 'agent')).body.data).toEqual([made.body])
    expect((await call('GET', '/mentions')).body.data).toEqual([])
    const [event] = await eventsOf('note:added', id)
    expect(event?.payload).toEqual({ conversationId: id, note: made.body })
    const foreign = await call('POST', `/conversations/${id}/notes`, { text: 'a', mentions: [await idOf('other')] })
    expect([foreign.status, foreign.body.errorCode]).toEqual([422, 'MENTION_UNKNOWN'])
  })
})

describe('waiting customers', () => {
  test('[beyond 21] come by the length of their wait, with the number of those who never had an answer', async () => {
    const [late, early, answered] = [
      await customerWrites('212661840011', { ago: 10 * 60_000 }),
      await customerWrites('212661840012', { ago: 30 * 60_000 }),
      await customerWrites('212661840013', { ago: 50 * 60_000 }),
    ]
    await customerWrites('212661840012', { ago: 60_000 })
    await call('POST', '/messages/send', { conversationId: answered, text: 'Hello' }, 'agent')
    const order = (await listed('sort=waiting')).filter((id: string) => [late, early, answered].includes(id))
    expect(order).toEqual([early, late])
    const { body } = await call('GET', '/conversations?sort=waiting&limit=1')
    const waiting = await gateway.store.raw.conversations
      .find({ tenantId, status: 'open', snoozedUntil: null, waitingSince: { $type: 'date' } })
      .toArray()
    expect([body.total, body.unattended]).toEqual([waiting.length, waiting.filter(({ attendedAt }) => !attendedAt).length])
    await customerWrites('212661840013')
    const again = (await listed('sort=waiting')).filter((id: string) => [late, early, answered].includes(id))
    expect(again).toEqual([early, late, answered])
    const unattended = await listed('unattended=true')
    expect([unattended.includes(early), unattended.includes(answered)]).toEqual([true, false])
  })

  test('[beyond 21] wait no more once a user closes the conversation, until they write again', async () => {
    const id = await customerWrites('212661840014')
    await call('PUT', `/conversations/${id}/status`, { status: 'closed' })
    expect((await rowOf(id)).waitingSince).toBeNull()
    await new Promise(resolve => setTimeout(resolve, 1100 - (Date.now() % 1000)))
    await customerWrites('212661840014')
    expect([(await rowOf(id)).waitingSince === null, (await rowOf(id)).status]).toEqual([false, 'open'])
  })

  test('[UI-04] the tabs of the inbox have their counts in one call', async () => {
    const id = await customerWrites('212661840015')
    await call('PUT', `/conversations/${id}/assign`, { assignedToId: await idOf('agent') })
    const { body } = await call('GET', '/conversations/counts', undefined, 'agent')
    const count = async (query: string) => (await call('GET', `/conversations?limit=1&${query}`, undefined, 'agent')).body.total
    expect(body).toEqual({
      open: await count('status=open'),
      mine: await count('status=open&mine=true'),
      unassigned: await count('status=open&unassigned=true'),
      unread: await count('status=open&unread=true'),
      waiting: await count('waiting=true'),
      unattended: await count('unattended=true'),
      snoozed: await count('status=snoozed'),
      closed: await count('status=closed'),
    })
    expect(body.mine).toBeGreaterThan(0)
  })
})

test('[dashboard 3.2] a person’s conversations with several numbers are one list of messages', async () => {
  const id = await customerWrites('212661840016', { text: 'to the first number' })
  const row = await rowOf(id)
  const second = new Types.ObjectId()
  const other = { ...row, _id: second, clientId: new Types.ObjectId(), phoneNumberId: '999' }
  await gateway.store.raw.conversations.insertOne(other)
  const message = await gateway.store.raw.messages.findOne({ conversationId: row._id })
  const copy = { ...message, _id: new Types.ObjectId(), conversationId: second, wamid: 'wamid.second', at: new Date() }
  await gateway.store.raw.messages.insertOne(copy as never)
  const contactId = String(row.contactId)
  const messages = await call('GET', `/contacts/${contactId}/messages`, undefined, 'agent')
  expect(messages.body.data.map(({ conversationId }: { conversationId: string }) => conversationId)).toEqual([String(second), id])
  const conversations = await call('GET', `/contacts/${contactId}/conversations`, undefined, 'agent')
  expect(conversations.body.data.map(({ id }: { id: string }) => id).toSorted()).toEqual([id, String(second)].toSorted())
  expect((await call('GET', `/contacts/${contactId}/messages`, undefined, 'other')).status).toBe(404)
})

test('[dashboard 3.2] what a person has cost so far, and the files of a person, are asked for at once', async () => {
  const id = await customerWrites('212661840017')
  const { contactId } = await rowOf(id)
  const message = await gateway.store.raw.messages.findOne({ conversationId: new Types.ObjectId(id) })
  const { seq: _seq, ...row } = message as NonNullable<typeof message> & { seq?: unknown }
  const of = (n: number, more: object) => ({
    ...row,
    ...{ _id: new Types.ObjectId(), wamid: `wamid.cost.${n}`, direction: 'OUTBOUND', at: new Date(Date.now() + n) },
    ...more,
  })
  const price = (amount: number, currency = 'MAD') => ({ amount, currency, category: 'UTILITY' })
  const file = {
    id: new Types.ObjectId(),
    state: 'STORED',
    mimeType: 'image/png',
    filename: 'a.png',
    size: 3,
    hasThumbnail: false,
  }
  const rows = [
    of(1, { status: 'DELIVERED', cost: price(0.1) }),
    of(2, { status: 'READ', cost: price(0.2) }),
    of(3, { status: 'SENT', cost: price(0.05, 'EUR') }),
    // What was not accepted has cost nothing, and what is free is no cost.
    of(4, { status: 'FAILED', cost: price(5) }),
    of(5, { status: 'QUEUED', cost: price(5) }),
    of(6, { status: 'READ', cost: price(0) }),
    of(7, { status: 'READ', cost: null, type: 'image', content: { ...row.content, media: file } }),
  ]
  await gateway.store.raw.messages.insertMany(rows as never)
  const { status, body } = await call('GET', `/contacts/${contactId}/costs`, undefined, 'agent')
  expect([status, body]).toEqual([
    200,
    {
      costs: [
        { currency: 'EUR', amount: 0.05 },
        { currency: 'MAD', amount: 0.3 },
      ],
    },
  ])
  const files = (await call('GET', `/contacts/${contactId}/messages?media=true`, undefined, 'agent')).body
  expect(files.data.map((found: { id: string }) => found.id)).toEqual([String(rows[6]?._id)])
  expect(files.total).toBe(1)
  expect((await call('GET', `/contacts/${contactId}/costs`, undefined, 'other')).status).toBe(404)
})
