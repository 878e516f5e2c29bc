import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { MessageDoc } from '#shared/model/documents.ts'
import { untilPasses } from '#test/support/until.ts'
import { createWorld } from '#test/support/world.ts'
import { type Gateway, openGateway, PEOPLE, passwordOf } from '#test/support/worlds/gateway.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'

const SALMA = '212661000101' // her window is open
const stack = new AsyncDisposableStack()
let gateway: Gateway
beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld())))
})
afterAll(() => stack.disposeAsync())
beforeEach(() => {
  gateway.clock.now = null
})

const send = (body: object, headers = {}) =>
  gateway.call('POST', '/api/v1/messages/send', { as: 'agent', body: { to: SALMA, text: 'a', ...body }, headers })
const tenant = async () => (await userByEmail(gateway.store, PEOPLE.agent)).tenantId
const conversationOf = async (q: string) =>
  (await gateway.call('GET', `/api/v1/conversations?q=${q}`, { as: 'agent' })).body.data[0]

test('a request id that comes twice, from two tenants even, does no harm', async () => {
  const headers = { 'x-request-id': 'the-same' }
  const open = async (as: 'agent' | 'other') => {
    const [{ id }] = (await gateway.call('GET', '/api/v1/conversations', { as })).body.data
    return gateway.call('PUT', `/api/v1/conversations/${id}/status`, { as, body: { status: 'open' }, headers })
  }
  expect([(await open('agent')).status, (await open('agent')).status, (await open('other')).status]).toEqual([200, 200, 200])
})

test('a conversation shows messages written at the same moment in the order of sending', async () => {
  const { id } = await conversationOf('salma')
  const answers = await Promise.all(Array.from({ length: 25 }, (_, i) => send({ text: `${i}` })))
  expect(answers.map(({ status }) => status)).toEqual(Array(25).fill(202))
  const shown = await gateway.call('GET', `/api/v1/messages/${id}?limit=25`, { as: 'agent' })
  const ids = shown.body.data.map((row: { id: string }) => row.id)
  expect(ids).toEqual(ids.toSorted().toReversed())
})

test('[F39] a wrong clock does not spread in the conversation', async () => {
  const tenantId = await tenant()
  const { id } = await conversationOf('salma')
  const ahead = new Date(Date.now() + 3_600_000)
  await gateway.store.models.conversations.updateOne({ tenantId, _id: id }, { $set: { 'lastMessage.at': ahead } })
  const { body } = await send({})
  expect(new Date(body.createdAt).getTime()).toBeLessThan(ahead.getTime())
})

describe('a send that would wait', () => {
  const rowOf = async (text: string) =>
    gateway.store.models.messages.findOne({ tenantId: await tenant(), 'content.text': text }, { _id: 1 }).lean()

  test('is answered when it is sent, with its status by then', async () => {
    const asked = send({ text: 'waits' }, { prefer: 'respond-async, wait=60' })
    await untilPasses(async () => expect(await rowOf('waits')).not.toBeNull())
    const sent = { $set: { status: 'SENT' as const, wamid: 'wamid.waits', dispatch: null } }
    await gateway.store.models.messages.updateOne({ tenantId: await tenant(), _id: (await rowOf('waits'))?._id }, sent)
    const { status, body, headers } = await asked
    expect([status, body.status, body.externalMessageId]).toEqual([202, 'SENT', 'wamid.waits'])
    expect(headers.get('preference-applied')).toBe('wait=10')
  })

  test('is answered as it is when its time is over', async () => {
    const { status, body, headers } = await send({ text: 'nobody sends it' }, { prefer: 'wait=1' })
    expect([status, body.status, headers.get('preference-applied')]).toEqual([202, 'QUEUED', 'wait=1'])
  })

  test('does not wait for a time far ahead', async () => {
    const sendAt = new Date(Date.now() + 3_600_000).toISOString()
    const before = performance.now()
    const { body } = await send({ text: 'later', sendAt }, { prefer: 'wait=10' })
    expect([body.status, performance.now() - before < 9000]).toEqual(['QUEUED', true])
  })
})

describe('a failed message', () => {
  async function failed(): Promise<{ id: string; fail(): Promise<unknown> }> {
    const { body } = await send({})
    const error = { code: 131026, title: 'T', detail: null, sentence: 'S', nextStep: 'N', source: 'meta' as const }
    const filter = { tenantId: await tenant(), _id: body.id }
    const $set: Partial<MessageDoc> = { status: 'FAILED', dispatch: null, error }
    const fail = () => gateway.store.models.messages.updateOne(filter, { $set })
    await fail()
    return { id: body.id, fail }
  }
  const retry = (id: string) => gateway.call('POST', `/api/v1/messages/by-id/${id}/retry`, { as: 'agent', body: {} })

  test('that fails again before it is tried can be sent again', async () => {
    const { id, fail } = await failed()
    expect((await retry(id)).status).toBe(202)
    await fail()
    expect((await retry(id)).status).toBe(202)
  })

  test('is sent again once for a key, however often that is asked', async () => {
    const { id, fail } = await failed()
    const headers = { 'idempotency-key': `again-${id}` }
    const again = (body = {}) => gateway.call('POST', `/api/v1/messages/by-id/${id}/retry`, { as: 'agent', body, headers })
    const first = await again()
    await fail()
    const second = await again()
    expect([first.status, second.status, second.headers.get('idempotency-replayed')]).toEqual([202, 202, 'true'])
    expect(second.body).toEqual(first.body)
    const row = await gateway.store.models.messages.findOne({ tenantId: await tenant(), _id: id }).lean()
    expect(row?.status).toBe('FAILED')
    expect((await again({ acceptDuplicate: true })).body.errorCode).toBe('KEY_REUSED')
  })

  test('is not sent into a closed window; the answer names the template that would work', async () => {
    const { id } = await failed()
    gateway.clock.now = new Date(Date.now() + 48 * 3_600_000)
    expect((await retry(id)).body).toMatchObject({
      status: 422,
      errorCode: 'WINDOW_CLOSED',
      suggestedTemplate: { name: 'job_opportunity', language: 'fr' },
    })
  })
})

test('a first try that was thought dead and came first is the answer to the second', async () => {
  const { store } = gateway
  const { messages } = store.raw
  const insertMany = messages.insertMany.bind(messages)
  const headers = { 'idempotency-key': 'late' }
  // Between the second try's look for an earlier message and its own insert, the first one commits.
  const late = send({ text: 'late' })
  const first = await late
  const message = await store.models.messages.findOne({ tenantId: await tenant(), _id: first.body.id }).lean()
  messages.insertMany = async (...args) => {
    const mark = { tenantId: message?.tenantId, _id: message?._id }
    await store.models.messages.updateOne(mark, { $set: { idempotencyKey: 'late' } })
    return await insertMany(...args)
  }
  const second = await send({ text: 'late' }, headers)
  messages.insertMany = insertMany
  expect([second.status, second.body.id]).toEqual([202, first.body.id])
})

test("another site's page cannot sign a person out by their cookie", async () => {
  const own = { email: PEOPLE.agent, password: passwordOf('agent') }
  const { headers } = await gateway.call('POST', '/api/v1/auth/login', { body: own })
  const cookie = headers.get('set-cookie')?.split(';')[0] as string
  const call = (what: string, origin: string) => gateway.call('POST', `/api/v1/auth/${what}`, { headers: { cookie, origin } })
  await call('logout', 'http://evil.example')
  const refreshed = await call('refresh', 'http://dashboard.test')
  expect(refreshed.status).toBe(200)
})

test.for(['__proto__=x', 'constructor=x', '$where=1', 'a.b=1', '__proto__[x]=1'])(
  '[F45] the query %s is refused',
  async query => {
    const { status, body } = await gateway.call('GET', `/api/v1/conversations?${query}`, { as: 'agent' })
    expect([status, body.errorCode]).toEqual([400, 'QUERY_INVALID'])
  },
)

test('[F42] 10,000 levels of JSON are refused, not followed', async () => {
  const call = (body: string) => gateway.call('POST', '/api/v1/messages/send', { as: 'agent', body })
  expect((await call('['.repeat(10_000) + ']'.repeat(10_000))).body.errorCode).toBe('BODY_INVALID')
  expect((await call('{"a":'.repeat(10_000))).body.errorCode).toBe('BODY_NOT_JSON')
})
