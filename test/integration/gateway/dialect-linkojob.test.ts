import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { forgetClient } from '#shared/store/numbers/clients.ts'
import { type Dialects, openDialects } from '#test/support/worlds/dialects.ts'
import { openRoad, SALMA } from '#test/support/worlds/road.ts'
import { accept } from '#test/support/worlds/sender.ts'

const AHMED = '212638167216'
const ID = expect.stringMatching(/^[0-9a-f]{24}$/)
const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/)
const stack = new AsyncDisposableStack()
let world: Dialects
beforeAll(async () => {
  world = stack.use(await openDialects())
  const { store, tenantId } = world
  await store.models.clients.updateOne({ tenantId }, { $set: { userId: 'recruiter_id' } })
})
afterAll(() => stack.disposeAsync())

const send = (body: object, headers?: Record<string, string>) => world.call('POST', '/api/messages/send', body, 'agent', headers)
const toAhmed = (more: object = {}) => ({ clientId: 'recruiter_id', candidatePhone: AHMED, ...more })
const paid = { cost: 0.4, costDetail: { amount: 0.4, currency: 'MAD', category: 'utility' } }
const free = { cost: 0, costDetail: { amount: 0, currency: 'MAD', category: 'service' } }
const application = (...values: string[]) => ({
  type: 'template',
  template: {
    name: 'application_received',
    language: { code: 'fr' },
    components: [{ type: 'body', parameters: values.map(text => ({ type: 'text', text })) }],
  },
})

describe('MS-01..MS-05 POST /api/messages/send', () => {
  test("the system's call when a candidate applies: the account's first template, filled, at its price", async () => {
    const { status, body } = await send({
      clientId: 'recruiter_id',
      candidatePhone: '212638167216',
      candidateName: 'Ahmed Hassan',
      jobTitle: 'Developer PHP',
      companyName: 'Acme Corp',
    })
    expect([status, body]).toEqual([202, { success: true, messageId: ID, ...paid }])
    expect((await world.rowOf(body.messageId)).payload).toEqual(application('Ahmed Hassan', 'Developer PHP'))
  })

  test('a first message goes as the template that is named, with its variables by place', async () => {
    const input = { message: 'Bonjour', templateName: 'application_received', templateVars: ['Ahmed', 'Developer PHP'] }
    const { status, body } = await send({ ...toAhmed(input), candidatePhone: '212638167299' })
    expect([status, body]).toEqual([202, { success: true, messageId: ID, ...paid }])
    const row = await world.rowOf(body.messageId)
    expect(row.payload).toEqual(application('Ahmed', 'Developer PHP'))
    expect(row.fallback).toMatchObject({ because: 'accepted', instead: { type: 'text', text: 'Bonjour' } })
  })

  test('after the candidate has replied: the text is free, with the template as its fallback at sending', async () => {
    await world.receive(AHMED, 'Yes interested')
    const { status, body } = await send(
      toAhmed({ message: 'Message content', candidateName: 'Ahmed', jobTitle: 'Developer PHP' }),
    )
    expect([status, body]).toEqual([202, { success: true, messageId: ID, ...free }])
    const row = await world.rowOf(body.messageId)
    expect(row.payload).toEqual({ type: 'text', text: { body: 'Message content' } })
    expect(row.fallback).toMatchObject({ usedAt: null, payload: application('Ahmed', 'Developer PHP') })
  })

  test.for<[string, object]>([
    ['without variables', { message: 'a' }],
    ['with a template that nobody knows', { message: 'a', templateName: 'nobody_knows_it' }],
    ['with variables too many', { message: 'a', templateName: 'application_received', templateVars: { x: 'y' } }],
  ])('in an open window a text goes %s, with nothing in reserve', async ([, input]) => {
    const { status, body } = await send(toAhmed(input))
    expect([status, body]).toEqual([202, { success: true, messageId: ID, ...free }])
    expect((await world.rowOf(body.messageId)).fallback ?? null).toBeNull()
  })

  test('after 24 h of silence: the template again, and what it lacks is named', async () => {
    await world.closeWindow(AHMED)
    const lacking = await send(toAhmed({ message: 'a', candidateName: 'Ahmed' }))
    expect([lacking.status, lacking.body.errorCode, lacking.body.errors]).toEqual([
      422,
      'TEMPLATE_VARIABLES',
      [
        {
          path: 'variables.jobTitle',
          message: 'This variable is missing.',
          messageKey: { key: 'variable-missing', parameters: {} },
        },
      ],
    ])
    const { body } = await send(toAhmed({ message: 'a', templateVars: { jobTitle: 'CTO' }, candidateName: 'Ahmed' }))
    expect(body).toEqual({ success: true, messageId: ID, ...paid })
    expect((await world.rowOf(body.messageId)).payload).toEqual(application('Ahmed', 'CTO'))
  })

  test('[AU-14] a number is named by our id, by its person, or by Meta; several of one person are refused', async () => {
    const { store, tenantId } = world
    const client = await store.models.clients.findOne({ tenantId }).lean()
    const input = { candidateName: 'A', jobTitle: 'B' }
    for (const clientId of [String(client?._id), 'recruiter_id', client?.phoneNumberId])
      expect((await send({ ...toAhmed(input), clientId })).status).toBe(202)
    expect((await send({ ...toAhmed(input), clientId: 'recruiter-other' })).status).toBe(404)
    const { _id, ...own } = client as NonNullable<typeof client>
    const [second] = await store.models.clients.insertMany([{ ...own, phoneNumberId: '3054543651068213', isPrimary: false }])
    forgetClient(store, '3054543651068213')
    const ambiguous = await send(toAhmed(input))
    expect([ambiguous.status, ambiguous.body.errorCode]).toEqual([409, 'CLIENT_AMBIGUOUS'])
    await store.models.clients.updateOne({ tenantId, _id: second?._id }, { $set: { userId: null } })
    forgetClient(store, '3054543651068213')
  })

  test('the same Idempotency-Key gets the same answer', async () => {
    const input = toAhmed({ candidateName: 'A', jobTitle: 'B' })
    const headers = { 'idempotency-key': 'application-1' }
    const [first, second] = [await send(input, headers), await send(input, headers)]
    expect([first.status, second.status, second.headers.get('idempotency-replayed')]).toEqual([202, 202, 'true'])
    expect(second.body).toEqual(first.body)
  })

  test('Prefer: wait answers with the wamid, or with the failure', async () => {
    const { store, tenantId } = world
    const settled = async (set: object) => {
      const asked = send(toAhmed({ candidateName: 'Waits', jobTitle: 'B' }), { prefer: 'wait=10' })
      const filter = { tenantId, status: 'QUEUED' as const, 'content.template.variables.candidateName': 'Waits' }
      const settle = () => store.models.messages.updateOne(filter, { $set: { dispatch: null, ...set } })
      await expect.poll(async () => (await settle()).modifiedCount).toBe(1)
      return (await asked).body
    }
    const sent = await settled({ status: 'SENT', wamid: 'wamid.waits' })
    expect(sent).toEqual({ success: true, messageId: ID, ...paid, externalMessageId: 'wamid.waits' })
    const error = { code: 131026, title: 'T', detail: null, sentence: 'Not on WhatsApp', nextStep: 'N', source: 'meta' }
    const failed = await settled({ status: 'FAILED', error })
    expect(failed).toEqual({ success: false, messageId: ID, ...paid, errorMessage: 'Not on WhatsApp' })
  })

  test.for<[string, object]>([
    ['no number', { candidatePhone: AHMED, message: 'a' }],
    ['nobody to send to', { clientId: 'recruiter_id', message: 'a' }],
    ['a member that nobody knows', toAhmed({ message: 'a', priority: 1 })],
  ])('refused with 400: %s', async ([, body]) => {
    expect((await send(body)).status).toBe(400)
  })
})

test('MS-03 the window is asked again when the text is sent', async () => {
  await using road = await openRoad()
  road.meta.answer = accept
  const body = { clientId: 'recruiter-demo', candidatePhone: SALMA, message: 'Bonjour' }
  const about = { candidateName: 'Salma', jobTitle: 'Comptable' }
  const accepted = await road.gateway.call('POST', '/api/messages/send', { as: 'agent', body: { ...body, ...about } })
  expect(accepted.body.cost).toBe(0)
  await road.setWindow(SALMA, new Date(Date.now() - 1000))
  await using _sender = await road.startSender()
  const row = await road.until(accepted.body.messageId, ({ status }) => status === 'SENT')
  expect([row.type, row.cost?.amount, row.fallback?.because]).toEqual(['template', 0.4, 'sending'])
  expect(road.postsTo(SALMA)).toMatchObject([application('Salma', 'Comptable')])
})

describe('CV-01..CV-03 conversations', () => {
  test('are listed, shown whole and marked as read', async () => {
    const waId = '212638167217'
    await send({
      ...toAhmed({ jobTitle: 'Developer PHP', candidateName: 'Ahmed Hassan' }),
      candidatePhone: waId,
      clientId: '1054543651068213',
      applicationId: 'application-7',
    })
    const { wamid, at } = await world.receive(waId, 'Yes interested')
    const { _id, clientId } = await world.conversationOf(waId)
    const list = await world.call('GET', `/api/messages/conversations?clientId=${clientId}&page=1&limit=1`)
    const row = {
      _id: String(_id),
      id: String(_id),
      clientId: String(clientId),
      candidatePhone: waId,
      candidateName: 'Ahmed Hassan',
      candidateId: null,
      applicationId: 'application-7',
      messageCount: 2,
      lastMessageAt: expect.any(String),
      lastMessageFrom: expect.stringMatching(/^(candidate|client)$/),
      unreadCount: 1,
      inWindow: true,
      windowExpiresAt: new Date(at.getTime() + 24 * 3_600_000).toISOString(),
      createdAt: TIME,
      updatedAt: TIME,
    }
    expect([list.status, list.body]).toEqual([200, { conversations: [row], total: expect.any(Number), hasMore: true }])

    const shown = await world.call('GET', `/api/messages/conversation/${_id}`)
    const answered = {
      _id: ID,
      from: 'candidate',
      type: 'text',
      timestamp: at.toISOString(),
      status: 'received',
      errorMessage: null,
    }
    const template = { _id: ID, from: 'client', type: 'template', timestamp: TIME, status: 'queued', errorMessage: null }
    expect([shown.status, shown.body]).toEqual([
      200,
      {
        conversation: row,
        messages: expect.arrayContaining([
          { ...answered, messageId: wamid, content: { text: 'Yes interested', templateName: null, mediaUrl: null } },
          {
            ...template,
            messageId: null,
            content: { text: expect.stringContaining('Ahmed Hassan'), templateName: 'application_received', mediaUrl: null },
          },
        ]),
        nextCursor: null,
      },
    ])
    const times = shown.body.messages.map(({ timestamp }: { timestamp: string }) => timestamp)
    expect(times).toEqual(times.toSorted())

    const read = await world.call('PATCH', `/api/messages/conversation/${_id}/read`)
    expect([read.status, read.body]).toEqual([200, { success: true }])
    expect((await world.conversationOf(waId)).unreadCount).toBe(0)
  })

  test('of 100 messages and more show the newest 100, and the rest by the cursor', async () => {
    const { store, tenantId } = world
    const { _id } = await world.conversationOf(AHMED)
    const [one] = await store.models.messages.find({ tenantId, conversationId: _id }).limit(1).lean()
    const { _id: _own, wamid: _wamid, idempotencyKey: _key, seq: _seq, ...copy } = one as NonNullable<typeof one>
    await store.models.messages.insertMany(Array.from({ length: 100 }, () => ({ ...copy, wamid: null, idempotencyKey: null })))
    const first = await world.call('GET', `/api/messages/conversation/${_id}`)
    const second = await world.call('GET', `/api/messages/conversation/${_id}?cursor=${first.body.nextCursor}`)
    expect([first.body.messages.length, second.body.messages.length > 0, second.body.nextCursor]).toEqual([100, true, null])
    const ids = [...first.body.messages, ...second.body.messages].map(message => message._id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('of another account are not there', async () => {
    const list = await world.call('GET', '/api/messages/conversations?clientId=recruiter-other')
    expect(list.status).toBe(404)
    expect((await world.call('GET', '/api/messages/conversations?clientId=recruiter_id', undefined, 'other')).status).toBe(404)
  })
})
