import { Types } from 'mongoose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Dialects, openDialects } from '#test/support/worlds/dialects.ts'
import { PEOPLE } from '#test/support/worlds/gateway.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'

/** Of the document, though no country has it: whoever writes from it can be answered. */
const PHONE = '+1234567890'
const OURS = '+212600111222'
const ID = expect.stringMatching(/^[0-9a-f]{24}$/)
const stack = new AsyncDisposableStack()
let world: Dialects
let organization: Record<string, string>
let received: { wamid: string; at: Date }
let leadId: string
beforeAll(async () => {
  world = stack.use(await openDialects())
  organization = { 'x-organization-id': String(world.tenantId) }
  received = await world.receive('1234567890', 'Hello, I want to buy an iPhone')
  leadId = String((await world.conversationOf('1234567890')).leadId)
})
afterAll(() => stack.disposeAsync())

const call = (method: string, path: string, body?: object, as: 'agent' | 'manager' = 'agent') =>
  world.call(method, `/api/integrations${path}`, body, as, organization)

describe('MS-12 POST /whatsapp/send', () => {
  test('queues a text as a job', async () => {
    const { status, body } = await call('POST', '/whatsapp/send', {
      toPhone: '+1234567890',
      text: 'Hello! How can I help you?',
      leadId,
    })
    expect([status, body]).toEqual([202, { jobId: ID, status: 'PENDING', message: 'Message queued for sending' }])
    expect((await world.rowOf(body.jobId)).payload).toEqual({ type: 'text', text: { body: 'Hello! How can I help you?' } })
    const job = await world.call('GET', `/api/v1/jobs/${body.jobId}`, undefined, 'manager')
    expect(job.body).toMatchObject({ type: 'SEND_MESSAGE', status: 'PENDING' })
    const notes = await world.call('GET', `/api/v1/leads/${leadId}/notes`)
    expect(notes.body.data[0]).toMatchObject({ content: 'Hello! How can I help you?', isPrivate: false })
  })

  test('a closed window, an unknown lead and a number that is none are refused as everywhere', async () => {
    const send = async (body: object) => {
      const answer = await call('POST', '/whatsapp/send', { text: 'a', ...body })
      return [answer.status, answer.body.errorCode]
    }
    expect(await send({ toPhone: '+212638167216' })).toEqual([422, 'WINDOW_CLOSED'])
    expect(await send({ toPhone: PHONE, leadId: '0'.repeat(24) })).toEqual([404, 'NOT_FOUND'])
    expect(await send({ toPhone: '+0987654321' })).toEqual([422, 'PHONE_INVALID'])
    expect(await send({ toPhone: PHONE, leadId: 'lead-123' })).toEqual([400, 'BODY_INVALID'])
  })
})

describe('MS-14 POST /whatsapp/templates/send', () => {
  test('queues an approved template, its variables by place', async () => {
    const { store, tenantId } = world
    const templateId = String(await template('APPROVED'))
    const { status, body } = await call('POST', '/whatsapp/templates/send', {
      toPhone: '+1234567890',
      templateId,
      variables: { '1': 'John', '2': '#12345' },
      leadId,
    })
    expect([status, body]).toEqual([
      202,
      { jobId: ID, messageLogId: body.jobId, status: 'QUEUED', message: 'Template message queued for sending' },
    ])
    expect((await world.rowOf(body.messageLogId)).payload).toEqual({
      type: 'template',
      template: {
        name: 'welcome',
        language: { code: 'es_AR' },
        components: [
          {
            type: 'body',
            parameters: [
              { type: 'text', text: 'John' },
              { type: 'text', text: '#12345' },
            ],
          },
        ],
      },
    })
    await store.models.templates.updateOne({ tenantId, _id: templateId }, { $set: { status: 'PENDING' } })
    const pending = await call('POST', '/whatsapp/templates/send', { toPhone: PHONE, templateId, variables: { 1: 'a', 2: 'b' } })
    expect([pending.status, pending.body.errorCode]).toEqual([422, 'TEMPLATE_NOT_APPROVED'])
  })

  async function template(status: 'APPROVED') {
    const { store, tenantId } = world
    const number = await store.models.clients.findOne({ tenantId }).lean()
    const text = 'Hello {{1}}, your order {{2}} is ready!'
    const variables = ['1', '2'].map((name, i) => ({
      name,
      position: i + 1,
      component: 'BODY',
      description: null,
      example: null,
    }))
    const own = { tenantId, wabaId: number?.wabaId, name: 'welcome', language: 'es_AR', category: 'MARKETING' as const, status }
    const [made] = await store.models.templates.insertMany([{ ...own, components: [{ type: 'BODY', text }], variables }])
    return made?._id
  }
})

describe('TP-05, TP-06 GET /whatsapp/templates', () => {
  test('lists by status and category, and shows one', async () => {
    const { status, body } = await call('GET', '/whatsapp/templates?status=APPROVED&category=MARKETING&page=1&limit=20')
    const template = {
      id: ID,
      name: 'job_opportunity',
      language: 'fr',
      category: 'MARKETING',
      status: 'APPROVED',
      componentsJson: { body: [expect.objectContaining({ type: 'text', text: expect.stringContaining('Bonjour {{1}}') })] },
      createdAt: expect.any(String),
    }
    expect([status, body]).toEqual([200, { data: [template], total: 1, page: 1, limit: 20 }])
    const one = await call('GET', `/whatsapp/templates/${body.data[0].id}`)
    expect([one.status, one.body]).toEqual([200, template])
  })
})

describe('TP-07..TP-10 templates by hand', () => {
  const input = {
    name: 'welcome_store',
    language: 'es_AR',
    category: 'MARKETING',
    componentsJson: { body: [{ type: 'text', text: 'Hello {{1}}, welcome to our store!' }] },
  }

  test('managers register, approve, change and disable them; sellers may not', async () => {
    expect((await call('POST', '/whatsapp/templates', input)).status).toBe(403)
    const made = await call('POST', '/whatsapp/templates', input, 'manager')
    const row = { id: ID, ...input, status: 'PENDING', createdAt: expect.any(String) }
    expect([made.status, made.body]).toEqual([201, row])
    const at = `/whatsapp/templates/${made.body.id}`
    const componentsJson = {
      body: [{ type: 'text', text: 'Hello {{1}}, your order {{2}} is ready!' }],
      header: [{ type: 'text', text: 'Order Update' }],
      buttons: [{ type: 'quick_reply', text: 'View Order' }],
    }
    const approved = await call('PATCH', at, { status: 'APPROVED', componentsJson }, 'manager')
    expect([approved.status, approved.body]).toEqual([200, { ...row, status: 'APPROVED', componentsJson }])
    const sent = await call('POST', '/whatsapp/templates/send', {
      toPhone: PHONE,
      templateId: made.body.id,
      variables: { '1': 'John', '2': '#12345' },
    })
    expect([sent.status, sent.body.status]).toEqual([202, 'QUEUED'])
    await world.store.models.messages.deleteOne({ tenantId: world.tenantId, _id: sent.body.jobId })
    expect((await call('DELETE', at)).status).toBe(403)
    const removed = await call('DELETE', at, undefined, 'manager')
    expect([removed.status, removed.body.status]).toEqual([200, 'DISABLED'])
    expect((await call('GET', at)).body.status).toBe('DISABLED')
  })

  test('TP-08 what Meta manages is not approved by hand (C23)', async () => {
    const { data } = (await call('GET', '/whatsapp/templates?category=UTILITY')).body
    const answer = await call('PATCH', `/whatsapp/templates/${data[0].id}`, { status: 'REJECTED' }, 'manager')
    expect([answer.status, answer.body.errorCode]).toEqual([409, 'TEMPLATE_MANAGED_BY_META'])
  })
})

describe('MS-13 GET /messages', () => {
  test('of a lead, page by page', async () => {
    const { status, body } = await call('GET', `/messages?leadId=${leadId}&page=1&limit=20`)
    const rows = body.data.filter((row: { direction: string }) => row.direction === 'INBOUND')
    expect([status, { ...body, data: rows }]).toEqual([
      200,
      {
        data: [
          {
            id: ID,
            provider: 'WHATSAPP',
            direction: 'INBOUND',
            to: OURS,
            from: PHONE,
            text: 'Hello, I want to buy an iPhone',
            createdAt: received.at.toISOString(),
          },
        ],
        total: body.data.length,
        page: 1,
        limit: 20,
      },
    ])
    const answer = body.data.find((row: { text: string }) => row.text === 'Hello! How can I help you?')
    expect(answer).toMatchObject({ direction: 'OUTBOUND', from: OURS, to: PHONE })
    const all = (await call('GET', '/messages?limit=1')).body
    expect([all.data.length, all.total > body.total]).toEqual([1, true])
    expect((await call('GET', `/messages?leadId=${'0'.repeat(24)}`)).status).toBe(404)
  })
})

describe('CV-08..CV-11 /conversations, named by phone', () => {
  const own = async () => {
    const { data } = (await call('GET', '/conversations?provider=WHATSAPP&page=1&limit=20')).body
    return data.find((row: { id: string }) => row.id === PHONE)
  }

  test('are listed with their leads and agents', async () => {
    const { status, body } = await call('GET', '/conversations?provider=WHATSAPP&page=1&limit=20')
    expect([status, { ...body, data: 0 }]).toEqual([200, { data: 0, total: body.data.length, page: 1, limit: 20 }])
    expect(await own()).toEqual({
      id: '+1234567890',
      phone: '+1234567890',
      leadId,
      leadName: 'WhatsApp 1234567890',
      unreadCount: 1,
      lastMessageAt: expect.any(String),
      lastMessageText: 'Hello John, your order #12345 is ready!',
      lastMessageDirection: 'OUTBOUND',
      assignedToId: null,
      assignedToName: null,
    })
    expect((await call('GET', '/conversations?provider=SMS')).status).toBe(400)
  })

  test.for(['+1234567890', '%2B1234567890', '1234567890'])('%s names the same messages', async id => {
    const { status, body } = await call('GET', `/conversations/${id}/messages?page=1&limit=50`)
    expect([status, { ...body, data: 0 }]).toEqual([200, { data: 0, total: 3, page: 1, limit: 50 }])
    expect(body.data.at(-1)).toEqual({
      id: ID,
      provider: 'WHATSAPP',
      direction: 'INBOUND',
      to: OURS,
      from: PHONE,
      text: 'Hello, I want to buy an iPhone',
      createdAt: received.at.toISOString(),
      status: 'RECEIVED',
      statusUpdatedAt: expect.any(String),
      externalMessageId: received.wamid,
      errorCode: null,
      errorMessage: null,
    })
    expect((await call('GET', `/conversations/${id}/messages`)).body.limit).toBe(50)
  })

  test('a failure shows with its code and the words of WhatsApp (ST-07)', async () => {
    const { store, tenantId } = world
    const error = { code: 131047, title: 'Re-engagement message', detail: 'More than 24 hours', sentence: 'S', nextStep: 'N' }
    const filter = { tenantId, 'content.text': 'Hello! How can I help you?' }
    await store.models.messages.updateOne(filter, { $set: { status: 'FAILED', error: { ...error, source: 'meta' } } })
    const { data } = (await call('GET', `/conversations/${PHONE}/messages`)).body
    expect(data.find((row: { status: string }) => row.status === 'FAILED')).toMatchObject({
      errorCode: 131047,
      errorMessage: 'More than 24 hours',
    })
  })

  test('are assigned by managers and marked as read', async () => {
    const { _id, name } = await userByEmail(world.store, PEOPLE.agent)
    const assign = (as: 'agent' | 'manager') => call('PATCH', `/conversations/${PHONE}/assign`, { assignedToId: String(_id) }, as)
    expect((await assign('agent')).status).toBe(403)
    const { status, body } = await assign('manager')
    expect([status, body]).toEqual([200, { ...(await own()), assignedToId: String(_id), assignedToName: name }])
    const read = await call('PATCH', `/conversations/${encodeURIComponent(PHONE)}/mark-read`)
    expect([read.status, read.body]).toEqual([200, { ...body, unreadCount: 0 }])
    const unknown = await call('PATCH', `/conversations/${PHONE}/assign`, { assignedToId: '0'.repeat(24) }, 'manager')
    expect([unknown.status, unknown.body.errorCode]).toEqual([422, 'ASSIGNEE_UNKNOWN'])
  })

  test('with several of our numbers: the latest is meant, the header names the others, clientId any of them (C26)', async () => {
    const { store, tenantId } = world
    const client = await store.models.clients.findOne({ tenantId }).lean()
    const { _id: first, ...copied } = client as NonNullable<typeof client>
    const phoneNumberId = '3054543651068213'
    const second = new Types.ObjectId()
    await store.models.clients.insertMany([
      { ...copied, _id: second, phoneNumberId, whatsappNumber: '212600111333', isPrimary: false },
    ])
    await world.receive('1234567890', 'And the other number?', phoneNumberId)
    const later = new Date(Date.now() + 60_000)
    await store.models.conversations.updateOne({ tenantId, clientId: second }, { $set: { lastActivityAt: later } })
    const latest = await call('GET', `/conversations/${PHONE}/messages`)
    expect([latest.body.total, latest.headers.get('x-other-clients')]).toEqual([1, String(first)])
    const named = await call('GET', `/conversations/${PHONE}/messages?clientId=${first}`)
    expect([named.body.total, named.headers.get('x-other-clients')]).toEqual([3, null])
    const { body } = await call('POST', '/whatsapp/send', { toPhone: PHONE, text: 'Here too' })
    expect(String((await world.rowOf(body.jobId)).clientId)).toBe(String(second))
  })
})

test('[AU-05] [ON-28] X-Organization-Id names the own account; a platform admin may name any', async () => {
  const list = (as: 'agent' | 'platform' | 'other', id: string) =>
    world.call('GET', '/api/integrations/conversations', undefined, as, { 'x-organization-id': id })
  const { tenantId } = await userByEmail(world.store, PEOPLE.other)
  expect((await list('agent', String(tenantId))).status).toBe(403)
  expect((await list('other', String(world.tenantId))).status).toBe(403)
  const theirs = await list('platform', String(tenantId))
  expect(theirs.body.total).toBe((await list('other', String(tenantId))).body.total)
})
