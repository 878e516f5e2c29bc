import { Types } from 'mongoose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { routes } from '#services/gateway/routes.ts'
import { createRecording, newPace } from '#services/ingest/recorder/recorder.ts'
import { createApiKey } from '#shared/auth/api-keys.ts'
import { can } from '#shared/auth/policy.ts'
import type { Id } from '#shared/model/documents.ts'
import { webhookOf } from '#test/support/webhooks.ts'
import { createWorld } from '#test/support/world.ts'
import { deliveryOf } from '#test/support/worlds/fixtures.ts'
import { type Answer, type Gateway, openGateway, PEOPLE, type Person } from '#test/support/worlds/gateway.ts'
import { log } from '#test/support/worlds/ingest.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'

/** What an agent sees who may see the own conversations alone: every route that an agent may call is asked. */

const OWN = '212661850001'
const HIDDEN = '212661850002'
const stack = new AsyncDisposableStack()
let gateway: Gateway
let tenantId: Id
let agentId: string
let own: Ids
let hidden: Ids

interface Ids {
  conversation: string
  contact: string
  lead: string
  message: string
  failed: string
  scheduled: string
  media: string
  upload: string
}

beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld())))
  const agent = await userByEmail(gateway.store, PEOPLE.agent)
  tenantId = agent.tenantId
  agentId = String(agent._id)
  // The demo's other rows would be hidden too; two people show it as well and are counted more easily.
  for (const name of ['conversations', 'messages', 'contacts', 'leads', 'notes'] as const)
    await gateway.store.raw[name].deleteMany({ tenantId } as never)
  own = await person(OWN, 'Ownword', 'agent')
  hidden = await person(HIDDEN, 'Secretword', 'manager')
})
afterAll(() => stack.disposeAsync())

const call = (method: string, path: string, body?: unknown, as: Person = 'agent') => gateway.call(method, path, { as, body })

/** A person with everything that a route could show: conversation, messages, file, lead, notes. */
async function person(waId: string, word: string, assignee: Person): Promise<Ids> {
  const { store, queue } = gateway
  const events = { publish: async () => undefined, settled: async () => undefined }
  const record = createRecording({ store, queue, log, events, pace: newPace() })
  const timestamp = String(Math.floor(Date.now() / 1000))
  const message = { from: waId, id: `wamid.${word}`, timestamp, type: 'text', text: { body: `${word} said` } }
  const contacts = [{ profile: { name: `${word} Person` }, wa_id: waId }]
  const value = {
    messaging_product: 'whatsapp',
    metadata: { phone_number_id: DEMO_TENANTS.demo.phoneNumberId },
    contacts,
    messages: [message],
  }
  await record([deliveryOf(webhookOf(value), new Date())])
  const { raw } = store
  const row = await raw.conversations.findOne({ tenantId, 'contact.waId': waId })
  const conversation = String(row?._id)
  const { _id } = await userByEmail(store, PEOPLE[assignee])
  await call('PUT', `/api/v1/conversations/${conversation}/assign`, { assignedToId: String(_id) }, 'manager')
  const said = await raw.messages.findOne({ conversationId: row?._id })
  const media = new Types.ObjectId()
  const file = { id: media, metaId: '1', url: null, sha256: null, mimeType: 'image/png', filename: `${word}.png`, size: 1 }
  const copy = (more: object) => ({ ...said, _id: new Types.ObjectId(), wamid: null, seq: undefined, ...more })
  const withFile = copy({ type: 'image', content: { ...said?.content, media: { ...file, state: 'STORED' } } })
  const error = { code: 131026, title: word, detail: null, sentence: word, nextStep: word, source: 'meta' }
  const failed = copy({ direction: 'OUTBOUND', status: 'FAILED', error })
  await raw.messages.insertMany([withFile, failed] as never[])
  const sendAt = new Date(Date.now() + 3_600_000).toISOString()
  const later = await call(
    'POST',
    '/api/v1/messages/send',
    { conversationId: conversation, text: `${word} later`, sendAt },
    'manager',
  )
  const upload = { body: word, headers: { 'content-type': 'text/plain' } }
  const uploaded = await gateway.call('POST', `/api/v1/media?filename=${word}.txt`, { as: 'manager', ...upload })
  const notes = { text: `${word} noted`, mentions: [agentId] }
  await call('POST', `/api/v1/conversations/${conversation}/notes`, notes, 'manager')
  const lead = String(row?.leadId)
  await call('POST', `/api/v1/leads/${lead}/notes`, { content: `${word} about the lead` }, 'manager')
  return {
    conversation,
    contact: String(row?.contactId),
    lead,
    message: String(said?._id),
    failed: String(failed._id),
    scheduled: later.body.id,
    media: String(media),
    upload: uploaded.body.id,
  }
}

const setting = (settings: object) => call('PUT', '/api/v1/settings', settings, 'admin')
const ofAgents = routes.filter(({ action }) => action !== null && can('agent', action))
const nameOf = ({ method, path }: { method: string; path: string }) => `${method.toUpperCase()} ${path}`
/** Whatever would show that the hidden person exists. */
const secrets = () => ['Secretword', HIDDEN, ...Object.values(hidden)]
const revealed = ({ body }: Answer) => secrets().filter(secret => JSON.stringify(body ?? '').includes(secret))
const at = (path: string, id: string) => path.replaceAll(/\{\w+\}/g, encodeURIComponent(id))
const hiddenIds = () => [...Object.values(hidden), HIDDEN, `+${HIDDEN}`]

/** Every reading request that an agent can make: lists plain and searched, and what has an id with every hidden id. */
async function readAll(as: Person): Promise<[string, Answer][]> {
  const answers: [string, Answer][] = []
  for (const { method, path, query } of ofAgents) {
    if (method !== 'get' || path.startsWith('/docs')) continue
    const ids = path.includes('{') ? hiddenIds() : ['']
    const fields = query
      ? Object.keys((z.toJSONSchema(query, { io: 'input', unrepresentable: 'any' }) as Described).properties)
      : []
    const asked = path.includes('{') ? [] : QUERIES
    const queries = ['', ...asked.filter(([field]) => fields.includes(field)).map(([field, value]) => `?${field}=${value()}`)]
    for (const id of ids)
      for (const query of queries) {
        const address = at(path, id) + query
        answers.push([`GET ${address}`, await call('GET', address, undefined, as)])
      }
  }
  return answers
}
interface Described {
  properties: Record<string, unknown>
}
const QUERIES: [string, () => string][] = [
  ['q', () => 'Secretword'],
  ['number', () => DEMO_TENANTS.demo.phoneNumberId],
  ['unassigned', () => 'true'],
  ['unread', () => 'true'],
  ['status', () => 'open'],
  ['sort', () => 'waiting'],
  ['unattended', () => 'true'],
  ['assigneeId', () => agentId],
  ['wamid', () => 'wamid.Secretword'],
  ['conversationId', () => hidden.conversation],
  ['leadId', () => hidden.lead],
  ['closesWithin', () => '1440'],
]

describe('[peers 56] an agent who sees the own conversations alone', () => {
  beforeAll(() => setting({ agentsSeeOwnOnly: true }))
  afterAll(() => setting({ agentsSeeOwnOnly: false }))

  test('reads nothing of others, whatever is asked', { timeout: 300_000 }, async () => {
    const answers = await readAll('agent')
    expect(answers.length).toBeGreaterThan(100)
    expect(answers.filter(([, answer]) => revealed(answer).length > 0).map(([what, answer]) => [what, revealed(answer)])).toEqual(
      [],
    )
    expect(answers.filter(([, { status }]) => status >= 500).map(([what]) => what)).toEqual([])
    const hasId = ([what]: [string, Answer]) => hiddenIds().some(id => what.split('?')[0]?.includes(encodeURIComponent(id)))
    expect(answers.filter(answer => hasId(answer) && answer[1].status < 300).map(([what]) => what)).toEqual([])
  })

  test('would read all of it without the setting, so the questions are the right ones', { timeout: 300_000 }, async () => {
    const answers = await readAll('manager')
    const showing = answers.filter(([, answer]) => answer.status < 300 && revealed(answer).length > 0).map(([what]) => what)
    const kinds = ['/conversations', '/messages', '/contacts', '/leads', '/api/integrations', '/api/conversations', '/scheduled']
    expect(kinds.filter(kind => !showing.some(what => what.includes(kind)))).toEqual([])
    expect(showing.length).toBeGreaterThan(30)
  })

  test('reads, counts and finds the own ones', async () => {
    const list = (await call('GET', '/api/v1/conversations')).body
    expect([list.total, list.data.map(({ id }: { id: string }) => id)]).toEqual([1, [own.conversation]])
    expect((await call('GET', '/api/v1/conversations/counts')).body).toMatchObject({ open: 1, mine: 1, unassigned: 0, unread: 1 })
    for (const path of [
      `/api/v1/conversations/${own.conversation}/messages`,
      `/api/v1/messages/by-id/${own.message}`,
      `/api/v1/contacts/${own.contact}`,
      `/api/v1/contacts/${own.contact}/messages`,
      `/api/v1/contacts/${own.contact}/costs`,
      `/api/v1/leads/${own.lead}/notes`,
    ])
      expect([path, (await call('GET', path)).status]).toEqual([path, 200])
    const totals = ['/messages?q=Ownword', '/messages?q=Secretword', '/contacts', '/leads', '/messages/scheduled', '/mentions']
    const found = await Promise.all(totals.map(async path => (await call('GET', `/api/v1${path}`)).body.total))
    expect(found).toEqual([4, 0, 1, 1, 1, 1])
  })

  test('changes nothing of others', { timeout: 300_000 }, async () => {
    const before = await rowsOfHidden()
    const writing = ofAgents.filter(({ method, path }) => method !== 'get' && path.includes('{'))
    expect(writing.map(nameOf).filter(name => !(name in BODIES))).toEqual([])
    for (const { method, path } of writing) {
      const body = BODIES[nameOf({ method, path })]?.()
      for (const id of hiddenIds()) {
        const answer = await call(method.toUpperCase(), at(path, id), body)
        expect([nameOf({ method, path }), id, answer.status, answer.body.errorCode]).toEqual([
          nameOf({ method, path }),
          id,
          expect.toSatisfy(status => [400, 403, 404].includes(status)),
          expect.anything(),
        ])
        if (answer.status === 400) expect([path, isOtherKind(path, id)]).toEqual([path, true])
        expect(revealed({ ...answer, body: { ...answer.body, detail: null } })).toEqual([])
      }
    }
    expect(await rowsOfHidden()).toEqual(before)
  })

  test('writes to nobody else’s people, by whatever route', async () => {
    const before = await rowsOfHidden()
    const template = { templateName: 'application_received', language: 'fr', variables: { candidateName: 'A', jobTitle: 'B' } }
    const { phoneNumberId } = DEMO_TENANTS.demo
    const requests: [string, object][] = [
      ['/api/v1/messages/send', { text: 'a' }],
      ['/api/v1/messages/text', { text: 'a' }],
      ['/api/v1/messages', { type: 'text', text: { body: 'a' } }],
      ['/api/v1/messages/send-template', template],
      ['/api/messages/text', { text: 'a' }],
    ]
    for (const [path, body] of requests) {
      const named = await call('POST', path, { conversationId: hidden.conversation, ...body })
      expect([path, named.status]).toEqual([path, 404])
      const to = await call('POST', path, { to: `+${HIDDEN}`, ...body })
      expect([path, to.status, to.body.errorCode]).toEqual([path, 403, 'CONVERSATION_OF_ANOTHER'])
      expect((await call('POST', path, { conversationId: own.conversation, ...body })).status).toBe(202)
    }
    const dialects: [string, object][] = [
      ['/api/messages/send', { clientId: phoneNumberId, candidatePhone: HIDDEN, message: 'a' }],
      ['/api/integrations/whatsapp/send', { toPhone: HIDDEN, text: 'a' }],
    ]
    for (const [path, body] of dialects) expect([path, (await call('POST', path, body)).status]).toEqual([path, 403])
    expect(await rowsOfHidden()).toEqual(before)
  })

  test('learns nothing of others by what it makes, and changes none of it', async () => {
    const writing = ofAgents.filter(({ method, path }) => method !== 'get' && !path.includes('{'))
    expect(writing.map(nameOf).filter(name => !(name in MAKING) && !OF_THE_USER.test(name) && !SENDING.test(name))).toEqual([])
    // Of the hidden person nothing is left but the conversation, its contact and its messages: nobody has a lead with the number.
    await gateway.store.raw.leads.updateOne({ _id: new Types.ObjectId(hidden.lead) }, { $set: { phone: null, contactId: null } })
    await gateway.store.raw.conversations.updateOne({ _id: new Types.ObjectId(hidden.conversation) }, { $set: { leadId: null } })
    const before = await rowsOfHidden()
    for (const [name, body] of Object.entries(MAKING)) {
      const [method, path] = name.split(' ') as [string, string]
      const answer = await call(method, path, body())
      const { phone: _, ...shown } = answer.body
      expect([name, revealed({ ...answer, body: shown })]).toEqual([name, []])
    }
    expect(await rowsOfHidden()).toEqual(before)
  })

  test('neither sends nor keeps a file of others', async () => {
    const files = [hidden.upload, hidden.media]
    for (const id of files) {
      const document = { type: 'document', document: { id, filename: 'a.txt' } }
      const sent = await call('POST', '/api/v1/messages', { conversationId: own.conversation, ...document })
      expect([sent.status, sent.body.errorCode]).toEqual([422, 'MEDIA_UNKNOWN'])
      const kept = await call('POST', '/api/v1/quick-replies', { shortcut: 'kept', title: 'a', mediaId: id })
      expect([kept.status, kept.body.errorCode]).toEqual([422, 'MEDIA_UNKNOWN'])
      expect((await call('GET', `/api/v1/media/${id}`)).status).toBe(404)
    }
    const { upload } = own
    expect((await call('POST', '/api/v1/quick-replies', { shortcut: 'mine', title: 'a', mediaId: upload })).status).toBe(422)
    const body = { body: 'mine', headers: { 'content-type': 'text/plain' } }
    const { id } = (await gateway.call('POST', '/api/v1/media?filename=mine.txt', { as: 'agent', ...body })).body
    const document = { type: 'document', document: { id } }
    expect((await call('POST', '/api/v1/messages', { conversationId: own.conversation, ...document })).status).toBe(202)
  })

  test('gets no export, no report and no evidence: they are for managers and admins', async () => {
    const whole = routes.filter(({ path }) => /export|\.csv|analytics|evidence|audit-log|webhook-events|dead-letters/.test(path))
    expect(whole.length).toBeGreaterThan(20)
    for (const { method, path, action } of whole) {
      expect([path, action !== null && can('agent', action)]).toEqual([path, false])
      expect([path, (await call(method.toUpperCase(), at(path, hidden.conversation))).status]).toEqual([path, 403])
    }
  })

  test('keeps a conversation that the agent begins', async () => {
    const body = {
      to: '+212661850003',
      templateName: 'application_received',
      language: 'fr',
      variables: { candidateName: 'A', jobTitle: 'B' },
    }
    const sent = await call('POST', '/api/v1/messages/send-template', body)
    expect(sent.status).toBe(202)
    const { status, body: begun } = await call('GET', `/api/v1/conversations/${sent.body.conversationId}`)
    expect([status, begun.assignedTo.id]).toEqual([200, agentId])
  })

  test('sees a conversation from the moment it is theirs to the moment it is not', async () => {
    const assign = (assignedToId: string | null) =>
      call('PUT', `/api/v1/conversations/${hidden.conversation}/assign`, { assignedToId }, 'manager')
    await assign(agentId)
    expect((await call('GET', `/api/v1/messages/by-id/${hidden.message}`)).status).toBe(200)
    await assign(null)
    expect((await call('GET', `/api/v1/messages/by-id/${hidden.message}`)).status).toBe(404)
    await assign(String((await userByEmail(gateway.store, PEOPLE.manager))._id))
  })

  test('is a person: managers and systems see all', async () => {
    expect((await call('GET', `/api/v1/conversations/${hidden.conversation}`, undefined, 'manager')).status).toBe(200)
    expect((await call('GET', '/api/v1/conversations', undefined, 'admin')).body.total).toBeGreaterThan(1)
    const scopes = ['conversations.read' as const]
    const system = { tenantId, name: 'crm', role: 'agent' as const, scopes, createdBy: null }
    const { key } = await createApiKey(gateway.store, system)
    const path = `/api/v1/conversations/${hidden.conversation}`
    expect((await gateway.call('GET', path, { token: key })).status).toBe(200)
  })
})

describe('[beyond 21] only the assignee may reply', () => {
  beforeAll(() => setting({ onlyAssigneeReplies: true }))
  afterAll(() => setting({ onlyAssigneeReplies: false }))

  test('so colleagues, managers too, read and do not write', async () => {
    for (const [as, conversationId] of [
      ['agent', hidden.conversation],
      ['manager', own.conversation],
    ] as const) {
      expect((await call('GET', `/api/v1/conversations/${conversationId}`, undefined, as)).status).toBe(200)
      const refused = await call('POST', '/api/v1/messages/send', { conversationId, text: 'a' }, as)
      expect([refused.status, refused.body.errorCode]).toEqual([403, 'NOT_ASSIGNEE'])
    }
    const { failed, scheduled } = own
    const again = await call('POST', `/api/v1/messages/by-id/${failed}/retry`, {}, 'manager')
    const changed = await call('PATCH', `/api/v1/messages/scheduled/${scheduled}`, { content: { text: 'b' } }, 'manager')
    const cancelled = await call('DELETE', `/api/v1/messages/scheduled/${scheduled}`, undefined, 'manager')
    expect([again, changed, cancelled].map(({ body }) => body.errorCode)).toEqual([
      'NOT_ASSIGNEE',
      'NOT_ASSIGNEE',
      'NOT_ASSIGNEE',
    ])
  })

  test('the assignee does, and whoever takes it over', async () => {
    const send = (as: Person) => call('POST', '/api/v1/messages/send', { conversationId: hidden.conversation, text: 'a' }, as)
    expect((await send('manager')).status).toBe(202)
    await call('PUT', `/api/v1/conversations/${hidden.conversation}/assign`, { assignedToId: null }, 'manager')
    expect((await send('agent')).body.errorCode).toBe('NOT_ASSIGNEE')
    await call('PUT', `/api/v1/conversations/${hidden.conversation}/assign`, { assignedToId: agentId })
    expect((await send('agent')).status).toBe(202)
    expect((await send('manager')).body.errorCode).toBe('NOT_ASSIGNEE')
  })
})

async function rowsOfHidden() {
  const { raw } = gateway.store
  const conversationId = new Types.ObjectId(hidden.conversation)
  return {
    conversation: await raw.conversations.findOne({ _id: conversationId }),
    messages: await raw.messages.find({ conversationId }).sort({ _id: 1 }).toArray(),
    notes: await raw.notes.find({ conversationId }).sort({ _id: 1 }).toArray(),
    contact: await raw.contacts.findOne({ _id: new Types.ObjectId(hidden.contact) }),
    lead: await raw.leads.findOne({ _id: new Types.ObjectId(hidden.lead) }),
  }
}

/** Whether an id cannot be meant: the path takes ids, not phone numbers, or ids of another form. */
const isOtherKind = (path: string, id: string) =>
  path.includes('/auth/sessions') || (!path.startsWith('/api/integrations') && id.includes(HIDDEN))

const conversationBodies = (name: string, body: () => object) =>
  Object.fromEntries(['PUT', 'PATCH'].map(method => [`${method} /api/v1/conversations/{id}/${name}`, body]))

/** What is about the user alone. */
const OF_THE_USER = /\/auth\/|\/users\/me\//
const SENDING = /\/(messages|whatsapp)(\/|$)/
/** What an agent makes, with what is hidden in it, for each other route that makes something. */
const MAKING: Record<string, () => object> = {
  'POST /api/v1/contacts': () => ({ phone: `+${HIDDEN}`, name: 'a' }),
  'POST /api/v1/leads': () => ({ phone: `+${HIDDEN}`, name: 'a' }),
  'POST /api/v1/quick-replies': () => ({ shortcut: 'hidden', title: 'a', text: 'a' }),
  'POST /api/v1/views': () => ({ name: 'a', query: { unread: true } }),
  'POST /api/v1/media': () => ({}),
}

/** A request that would succeed, for each writing route of agents that names something. */
const BODIES: Record<string, (() => object | undefined) | undefined> = {
  ...conversationBodies('read', () => ({})),
  ...conversationBodies('assign', () => ({ assignedToId: agentId })),
  ...conversationBodies('status', () => ({ status: 'closed' })),
  ...conversationBodies('labels', () => ({ labels: [] })),
  ...conversationBodies('snooze', () => ({ until: null })),
  'PUT /api/v1/conversations/{id}/control': () => ({ owner: 'other' }),
  'POST /api/v1/conversations/{id}/typing': () => undefined,
  'POST /api/v1/conversations/{id}/notes': () => ({ text: 'a' }),
  'POST /api/v1/messages/by-id/{id}/retry': () => ({}),
  'PATCH /api/v1/messages/scheduled/{id}': () => ({ content: { text: 'a' } }),
  'DELETE /api/v1/messages/scheduled/{id}': () => undefined,
  'DELETE /api/v1/auth/sessions/{sessionId}': () => undefined,
  'POST /api/v1/media/{id}/fetch': () => undefined,
  'PATCH /api/v1/contacts/{id}': () => ({ name: 'a' }),
  'PATCH /api/v1/leads/{id}': () => ({ name: 'a' }),
  'PUT /api/v1/leads/{id}': () => ({ name: 'a' }),
  'DELETE /api/v1/leads/{id}': () => undefined,
  'POST /api/v1/leads/{id}/notes': () => ({ content: 'a' }),
  'PATCH /api/v1/quick-replies/{id}': () => ({ title: 'a' }),
  'DELETE /api/v1/quick-replies/{id}': () => undefined,
  'POST /api/v1/quick-replies/{id}/render': () => ({ conversationId: hidden.conversation }),
  'PATCH /api/v1/views/{id}': () => ({ name: 'a' }),
  'DELETE /api/v1/views/{id}': () => undefined,
  'POST /api/v1/templates/{id}/preview': () => ({}),
  'POST /api/templates/{id}/preview': () => ({}),
  'PATCH /api/messages/conversation/{id}/read': () => undefined,
  'PATCH /api/conversations/{id}/read': () => undefined,
  'PATCH /api/integrations/conversations/{id}/mark-read': () => undefined,
}
