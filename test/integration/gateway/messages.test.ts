import { Types } from 'mongoose'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { SendJob } from '#shared/contracts/send-job.ts'
import type { MessageDoc } from '#shared/model/documents.ts'
import { QUEUES } from '#shared/queue/topology.ts'
import type { Delivery } from '#shared/queue/types.ts'
import { trusted } from '#shared/store/connect.ts'
import { forgetClient } from '#shared/store/numbers/clients.ts'
import { untilPasses } from '#test/support/until.ts'
import { createWorld } from '#test/support/world.ts'
import { type Gateway, openGateway, PEOPLE, type Person } from '#test/support/worlds/gateway.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'

const SALMA = '212661000101' // her window is open
const stack = new AsyncDisposableStack()
const jobs: SendJob[] = []
let gateway: Gateway
beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld())))
  const collect = async (delivery: Delivery) => {
    jobs.push(SendJob.parse(JSON.parse(delivery.content.toString())))
    return { kind: 'done' as const }
  }
  stack.use(await gateway.queue.consume(QUEUES.chat, collect, { prefetch: 10 }))
})
afterAll(() => stack.disposeAsync())
beforeEach(() => {
  gateway.clock.now = null
})

const post = (path: string, body: object, { as = 'agent' as Person, key }: { as?: Person; key?: string } = {}) =>
  gateway.call('POST', `/api/v1${path}`, { as, body, headers: key ? { 'idempotency-key': key } : {} })
const tenantOf = async (person: Person) => (await userByEmail(gateway.store, PEOPLE[person])).tenantId
const rowOf = async (id: string) =>
  (await gateway.store.models.messages.findOne({ tenantId: await tenantOf('agent'), _id: id }).lean()) as MessageDoc
const conversationOf = async (waId: string) => {
  const row = await gateway.store.models.conversations.findOne({ tenantId: await tenantOf('agent'), 'contact.waId': waId }).lean()
  if (row === null) throw new Error(`nobody talks to ${waId}`)
  return row
}
let lastNumber = 212662000000
const stranger = () => String(++lastNumber)

describe('a text', () => {
  test('is stored with its conversation, answered 202 and enqueued', async () => {
    const before = await conversationOf(SALMA)
    const { status, body } = await post('/messages/send', { to: '+212 661-000101', text: 'Bonjour' })
    expect(status).toBe(202)
    expect(body).toMatchObject({
      conversationId: String(before._id),
      status: 'QUEUED',
      direction: 'OUTBOUND',
      content: { text: 'Bonjour' },
      cost: { amount: 0, currency: 'MAD' },
      origin: 'dashboard',
      waiting: null,
    })
    expect(body.jobId).toBe(body.id)
    const row = await rowOf(body.id)
    expect(row).toMatchObject({
      contactKey: SALMA,
      contactKeyKind: 'waId',
      payload: { type: 'text', text: { body: 'Bonjour' } },
      dispatch: { state: 'READY', priority: 'chat', attempt: 0, token: null },
    })
    expect(row.timeline.map(({ kind }) => kind)).toEqual(['accepted'])
    const after = await conversationOf(SALMA)
    expect(after.messageCount).toBe(before.messageCount + 1)
    expect(after.lastMessage).toMatchObject({ text: 'Bonjour', status: 'QUEUED' })
    await untilPasses(() => expect(jobs.map(({ messageId }) => messageId)).toContain(body.id))
    expect(jobs.find(({ messageId }) => messageId === body.id)).toMatchObject({ contactKey: SALMA, v: 1 })
  })

  test.for<[number, number]>([
    [-1, 202],
    [0, 422],
    [1, 422],
  ])('%d ms after the end of the window is answered %d', async ([ms, expected]) => {
    const { windowExpiresAt } = await conversationOf(SALMA)
    gateway.clock.now = new Date((windowExpiresAt as Date).getTime() + ms)
    const { status, body } = await post('/messages/send', { to: SALMA, text: 'a' })
    expect(status).toBe(expected)
    if (expected === 422)
      expect(body).toMatchObject({
        errorCode: 'WINDOW_CLOSED',
        suggestedTemplate: { name: 'job_opportunity', language: 'fr' },
      })
  })

  test('to somebody who never wrote is refused with the template that would work', async () => {
    const { status, body } = await post('/messages/send', { to: stranger(), text: 'a' })
    expect([status, body.errorCode, body.suggestedTemplate.name]).toEqual([422, 'WINDOW_CLOSED', 'application_received'])
  })

  test('may be scheduled while the window lasts', async () => {
    const { windowExpiresAt } = await conversationOf(SALMA)
    const at = (ms: number) => new Date((windowExpiresAt as Date).getTime() + ms).toISOString()
    const { status, body } = await post('/messages/send', { to: SALMA, text: 'later', sendAt: at(-1000) })
    expect([status, body.waiting]).toEqual([202, { reason: 'scheduled', until: at(-1000) }])
    expect(jobs.map(({ messageId }) => messageId)).not.toContain(body.id)
    const beyond = await post('/messages/send', { to: SALMA, text: 'too late', sendAt: at(1000) })
    expect([beyond.status, beyond.body.warnings]).toMatchObject([202, [{ code: 'WINDOW_ENDS_BEFORE' }]])
  })

  test('names one recipient: number and conversation must agree', async () => {
    const conversationId = String((await conversationOf(SALMA))._id)
    expect((await post('/messages/send', { conversationId, to: '0661000101', text: 'a' })).status).toBe(202)
    const wrong = await post('/messages/send', { conversationId, to: '+212661000102', text: 'a' })
    expect([wrong.status, wrong.body.errorCode]).toEqual([422, 'RECIPIENT_MISMATCH'])
    expect((await post('/messages/send', { to: '12', text: 'a' })).body.errorCode).toBe('PHONE_INVALID')
  })

  test("goes from the number that is named, by our id or Meta's; else from the own one of whoever sends", async () => {
    const { clients } = gateway.store.models
    const tenantId = await tenantOf('agent')
    const [primary] = await clients.find({ tenantId }).lean()
    const userId = String((await userByEmail(gateway.store, PEOPLE.agent))._id)
    const { _id, ...fields } = primary as NonNullable<typeof primary>
    const second = (await clients.create({ ...fields, phoneNumberId: '905', isPrimary: false, userId })).toObject()
    forgetClient(gateway.store, '905')
    const open = { conversationId: String((await conversationOf(SALMA))._id), text: 'a' }
    const template = { templateName: 'welcome', language: 'en_US', variables: ['Amal'] }
    const from = async (body: object, as: Person) =>
      (await post('/messages/send-template', { ...template, ...body }, { as })).body
    const own = await from({ to: stranger() }, 'agent')
    const named = await Promise.all(['905', String(second._id)].map(clientId => from({ to: stranger(), clientId }, 'manager')))
    const others = await from({ to: stranger() }, 'manager')
    const inConversation = await Promise.all(
      [fields.phoneNumberId, String(_id)].map(clientId => post('/messages/send', { ...open, clientId })),
    )
    const wrong = await Promise.all(['905', String(second._id)].map(clientId => post('/messages/send', { ...open, clientId })))
    const unknown = await post('/messages/send', { ...open, clientId: '906' })
    await clients.create({ ...fields, phoneNumberId: '907', isPrimary: false, userId })
    await clients.updateMany({ tenantId, phoneNumberId: trusted({ $in: ['905', '907'] }) }, { $set: { deletedAt: new Date() } })
    forgetClient(gateway.store, '905')
    expect([own, ...named].map(({ clientId }) => clientId)).toEqual(Array(3).fill(String(second._id)))
    expect(others.clientId).toBe(String(_id))
    expect(inConversation.map(({ status }) => status)).toEqual([202, 202])
    expect(wrong.map(({ body }) => body.errorCode)).toEqual(['RECIPIENT_MISMATCH', 'RECIPIENT_MISMATCH'])
    expect(unknown.status).toBe(404)
  })

  test('may say about whom it is: the conversation shows it and is found by it', async () => {
    const about = { candidateName: 'Amal Idrissi', candidateId: 'cand-about', applicationId: 'app-about' }
    const { body } = await post('/messages/send', { to: SALMA, text: 'a', ...about })
    for (const [name, value] of Object.entries({ ...about, q: 'amal idr' })) {
      if (name === 'candidateName') continue
      const found = await gateway.call('GET', `/api/v1/conversations?${name}=${encodeURIComponent(value)}`, { as: 'agent' })
      expect(found.body.data.map(({ id }: { id: string }) => id)).toEqual([body.conversationId])
      expect(found.body.data[0]).toMatchObject(about)
    }
    await post('/messages/send', { to: SALMA, text: 'b' })
    expect(await conversationOf(SALMA)).toMatchObject(about)
  })

  test('quotes a message of the same conversation, by our id or by the wamid', async () => {
    const conversation = await conversationOf(SALMA)
    const { tenantId } = conversation
    const quoted = await gateway.store.models.messages
      .findOne({ tenantId, conversationId: conversation._id, direction: 'INBOUND' })
      .lean()
    for (const replyTo of [String(quoted?._id), quoted?.wamid]) {
      const { body } = await post('/messages/send', { to: SALMA, text: 'a', replyTo })
      expect((await rowOf(body.id)).payload).toMatchObject({ context: { message_id: quoted?.wamid } })
    }
    const foreign = await gateway.store.models.messages
      .findOne({ tenantId: await tenantOf('other') })
      .sort({ _id: 1 })
      .lean()
    for (const replyTo of ['wamid.unknown', '0'.repeat(24), String(foreign?._id)])
      expect((await post('/messages/send', { to: SALMA, text: 'a', replyTo })).status).toBe(422)
  })

  test('of one conversation get growing ids, however many come at once', async () => {
    const conversationId = String((await conversationOf(SALMA))._id)
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, i) => post('/messages/send', { conversationId, text: `${i}` })),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(30).fill(202))
    const before = await conversationOf(SALMA)
    // An id of another process, far ahead in the same second.
    const ahead = `${Math.floor(Date.now() / 1000 + 5).toString(16)}ffffffffffffffff`
    const { seq: _, ...row } = await rowOf(answers[0]?.body.id)
    await gateway.store.models.messages.create({ ...row, _id: new Types.ObjectId(ahead) })
    const { body } = await post('/messages/send', { conversationId, text: 'last' })
    expect(body.id > ahead).toBe(true)
    expect((await conversationOf(SALMA)).messageCount).toBe(before.messageCount + 1)
  })
})

describe('a template', () => {
  const variables = { candidateName: 'Salma', jobTitle: 'Comptable' }
  const send = (body: object) =>
    post('/messages/send-template', { templateName: 'application_received', language: 'fr', variables, ...body })

  test('opens a conversation at the price of the tenant', async () => {
    const to = stranger()
    const { status, body } = await send({ to })
    expect(status).toBe(202)
    expect(body).toMatchObject({
      type: 'template',
      cost: { amount: 0.4, currency: 'MAD' },
      content: { template: { name: 'application_received', language: 'fr', variables } },
    })
    expect(body.content.text).toContain('Bonjour Salma')
    expect((await rowOf(body.id)).payload).toEqual({
      type: 'template',
      template: {
        name: 'application_received',
        language: { code: 'fr' },
        components: [
          {
            type: 'body',
            parameters: [
              { type: 'text', text: 'Salma' },
              { type: 'text', text: 'Comptable' },
            ],
          },
        ],
      },
    })
    const list = await gateway.call('GET', `/api/v1/conversations?q=${to}`, { as: 'agent' })
    expect(list.body.data).toHaveLength(1)
    expect(list.body.data[0]).toMatchObject({ contact: { phone: `+${to}` }, inWindow: false, messageCount: 1 })
  })

  test('[MS-04] of the utility kind costs within the window too: Meta bills it since October 2026', async () => {
    const { cost, metaCost } = (await send({ to: SALMA })).body
    expect([cost.amount, metaCost.amount]).toEqual([0.4, 0.023])
  })

  test('by many at once to somebody new makes one contact and one conversation', async () => {
    const to = stranger()
    const answers = await Promise.all(Array.from({ length: 10 }, () => send({ to })))
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(202))
    expect(new Set(answers.map(({ body }) => body.conversationId)).size).toBe(1)
    expect(await gateway.store.models.contacts.countDocuments({ tenantId: await tenantOf('agent'), waId: to })).toBe(1)
    expect((await conversationOf(to)).messageCount).toBe(10)
  })

  test.for<[string, object, number, string]>([
    ['a variable is missing', { variables: { candidateName: 'Salma' } }, 422, 'TEMPLATE_VARIABLES'],
    ['a variable is too many', { variables: { ...variables, x: '1' } }, 422, 'TEMPLATE_VARIABLES'],
    ['the language is another', { language: 'en_US' }, 422, 'TEMPLATE_UNKNOWN'],
    ['nobody knows it', { templateName: 'nobody_knows' }, 422, 'TEMPLATE_UNKNOWN'],
    ['its id is unknown', { templateName: undefined, language: undefined, templateId: '0'.repeat(24) }, 404, 'NOT_FOUND'],
  ])('is refused when %s', async ([, change, status, errorCode]) => {
    const { status: given, body } = await send({ to: SALMA, ...change })
    expect([given, body.errorCode]).toEqual([status, errorCode])
  })

  test.for(['PENDING', 'REJECTED', 'PAUSED', 'DISABLED'] as const)('is refused while %s', async state => {
    const { templates } = gateway.store.models
    const filter = { tenantId: await tenantOf('agent'), name: 'welcome' }
    await templates.updateOne(filter, { $set: { status: state } })
    const { status, body } = await send({ to: SALMA, templateName: 'welcome', language: 'en_US', variables: ['Salma'] })
    expect([status, body.errorCode]).toEqual([422, 'TEMPLATE_NOT_APPROVED'])
    await templates.updateOne(filter, { $set: { status: 'APPROVED' } })
  })

  test('of the marketing kind does not go to whoever opted out', async () => {
    const filter = { tenantId: await tenantOf('agent'), waId: SALMA }
    await gateway.store.models.contacts.updateOne(filter, { $set: { optOut: true } })
    const refused = await send({ to: SALMA, templateName: 'job_opportunity' })
    expect([refused.status, refused.body.errorCode]).toEqual([422, 'CONTACT_OPTED_OUT'])
    expect((await send({ to: SALMA })).status).toBe(202)
    await gateway.store.models.contacts.updateOne(filter, { $set: { optOut: false } })
  })

  test("in Meta's own form must fit too", async () => {
    const template = (count: number) => ({
      to: stranger(),
      type: 'template',
      template: {
        name: 'application_received',
        language: { code: 'fr' },
        components: [{ type: 'body', parameters: Array(count).fill({ type: 'text', text: 'a' }) }],
      },
    })
    expect((await post('/messages', template(2))).status).toBe(202)
    expect((await post('/messages', template(1))).body.errorCode).toBe('TEMPLATE_VARIABLES')
  })
})

describe('a message of any type', () => {
  test.for<[string, object, string | null]>([
    ['image', { link: 'https://x.example/a.png', caption: 'plan' }, 'plan'],
    ['document', { id: '4711', filename: 'cv.pdf' }, 'cv.pdf'],
    ['location', { latitude: 33.5, longitude: -7.6, name: 'Casablanca' }, 'Casablanca'],
    [
      'interactive',
      {
        type: 'button',
        body: { text: 'Well?' },
        action: { buttons: [{ type: 'reply', reply: { id: 'y', title: 'Yes' } }] },
      },
      'Well?',
    ],
  ])('%s goes to Meta as it came', async ([type, data, text]) => {
    const { status, body } = await post('/messages', { to: SALMA, type, [type]: data })
    expect([status, body.type, body.content.text]).toEqual([202, type, text])
    expect((await rowOf(body.id)).payload).toEqual({ type, [type]: data })
  })

  test('needs an open window', async () => {
    const body = { to: stranger(), type: 'image', image: { link: 'https://x.example/a.png' } }
    expect((await post('/messages', body)).body.errorCode).toBe('WINDOW_CLOSED')
  })
})

describe('an Idempotency-Key', () => {
  const text = (text: string) => ({ to: SALMA, text })

  test('gets a repeat the first answer, one message in all', async () => {
    const first = await post('/messages/send', text('once'), { key: 'k-1' })
    const second = await post('/messages/send', text('once'), { key: 'k-1' })
    expect([second.status, second.body]).toEqual([202, first.body])
    expect(second.headers.get('idempotency-replayed')).toBe('true')
    const other = await post('/messages/send', text('other'), { key: 'k-1' })
    expect([other.status, other.body.errorCode]).toEqual([409, 'KEY_REUSED'])
  })

  test('holds when copies come at the same moment', async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, () => post('/messages/send', text('same'), { key: 'k-2' })))
    expect(answers.map(({ status }) => status)).toEqual(Array(12).fill(202))
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1)
    const rows = { tenantId: await tenantOf('agent'), idempotencyKey: 'k-2' }
    expect(await gateway.store.models.messages.countDocuments(rows)).toBe(1)
  })

  test('is free again after a refusal', async () => {
    const to = stranger()
    expect((await post('/messages/send', { to, text: 'a' }, { key: 'k-3' })).status).toBe(422)
    expect((await post('/messages/send', text('a'), { key: 'k-3' })).status).toBe(202)
  })

  test('[F7] left behind by a crash is resolved by the message itself', async () => {
    const first = await post('/messages/send', text('crash'), { key: 'k-4' })
    const row = { tenantId: await tenantOf('agent'), key: 'k-4' }
    await gateway.store.models.idempotencyKeys.deleteOne(row)
    expect((await post('/messages/send', text('crash'), { key: 'k-4' })).body.id).toBe(first.body.id)
    const { idempotencyKeys } = gateway.store.models
    const kept = await idempotencyKeys.findOne(row).lean()
    await idempotencyKeys.deleteOne(row)
    const abandoned = { ...kept, status: null, body: null, heldUntil: new Date(Date.now() + 300) }
    await idempotencyKeys.insertMany([abandoned])
    const answer = await post('/messages/send', text('crash'), { key: 'k-4' })
    expect([answer.status, answer.body.id]).toEqual([202, first.body.id])
  })

  test('belongs to its tenant', async () => {
    const mine = await post('/messages/send', text('a'), { key: 'k-5' })
    const theirs = await post('/messages/send', text('a'), { key: 'k-5', as: 'other' })
    expect(theirs.body.id).not.toBe(mine.body.id)
    expect(theirs.status).not.toBe(409)
  })

  test('is bounded', async () => {
    expect((await post('/messages/send', text('a'), { key: 'x'.repeat(256) })).status).toBe(400)
  })
})

describe('trying again', () => {
  async function failed(fields: Partial<MessageDoc>): Promise<string> {
    const { body } = await post('/messages/send', { to: SALMA, text: 'again' })
    const error = { code: 131026, title: 'T', detail: null, sentence: 'S', nextStep: 'N', source: 'meta' as const }
    const attempt = { kind: 'attempt' as const, at: new Date(), attempt: 2, outcome: 'accepted' as const }
    const wamid = `wamid.${body.id}`
    const set = { status: 'FAILED' as const, error, dispatch: null, wamid, timeline: [attempt], ...fields }
    await gateway.store.models.messages.updateOne({ tenantId: await tenantOf('agent'), _id: body.id }, { $set: set })
    return body.id
  }
  const retry = (id: string, body: object = {}) => post(`/messages/by-id/${id}/retry`, body)

  test('keeps the history, moves the old wamid aside and goes on counting', async () => {
    const id = await failed({})
    await untilPasses(() => expect(jobs.map(({ messageId }) => messageId)).toContain(id))
    jobs.length = 0
    const { status, body } = await retry(id)
    expect([status, body.status, body.externalMessageId, body.error]).toEqual([202, 'QUEUED', null, null])
    expect(await rowOf(id)).toMatchObject({ previousIds: [`wamid.${id}`], dispatch: { state: 'READY', attempt: 2 } })
    await untilPasses(() => expect(jobs.map(({ messageId }) => messageId)).toEqual([id]))
    expect((await retry(id)).body.errorCode).toBe('NOT_FAILED')
    const detail = await gateway.call('GET', `/api/v1/messages/by-id/${id}`, { as: 'agent' })
    expect(detail.body.timeline.map(({ kind }: { kind: string }) => kind)).toEqual(['attempt', 'note'])
  })

  test('of one whose outcome is unknown needs a word that it may arrive twice', async () => {
    const error = { code: null, title: 'T', detail: null, sentence: 'S', nextStep: 'N', source: 'platform' as const }
    const attempt = { kind: 'attempt' as const, at: new Date(), attempt: 1, outcome: 'unknown' as const }
    const id = await failed({ error, wamid: null, timeline: [attempt] })
    const refused = await retry(id)
    expect([refused.status, refused.body.errorCode]).toEqual([409, 'OUTCOME_UNKNOWN'])
    expect((await retry(id, { acceptDuplicate: true })).status).toBe(202)
  })

  test('at the same moment starts it once', async () => {
    const id = await failed({})
    const answers = await Promise.all([retry(id), retry(id), retry(id)])
    expect(answers.map(({ status }) => status).toSorted()).toEqual([202, 409, 409])
  })
})

test('[F7] without the broker a send is still stored, and the sweep enqueues it', async () => {
  await using world = await createWorld()
  await using alone = await openGateway(world)
  await alone.queue[Symbol.asyncDispose]()
  const { status, body } = await alone.call('POST', '/api/v1/messages/send', { as: 'agent', body: { to: SALMA, text: 'a' } })
  expect(status).toBe(202)
  const tenantId = (await userByEmail(alone.store, PEOPLE.agent)).tenantId
  const row = await alone.store.models.messages.findOne({ tenantId, _id: body.id }).lean()
  expect(row?.dispatch?.state).toBe('READY')
  expect(await alone.store.models.events.countDocuments({ tenantId, conversationId: row?.conversationId })).toBe(1)
})
