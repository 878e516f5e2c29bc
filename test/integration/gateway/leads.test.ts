import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createRecording, newPace } from '#services/ingest/recorder/recorder.ts'
import type { Id } from '#shared/model/documents.ts'
import { createWorld } from '#test/support/world.ts'
import { deliveryOf } from '#test/support/worlds/fixtures.ts'
import { type Gateway, openGateway, PEOPLE, type Person } from '#test/support/worlds/gateway.ts'
import { log } from '#test/support/worlds/ingest.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'

const stack = new AsyncDisposableStack()
let gateway: Gateway
let demo: Id
let record: (from: string, text: string) => Promise<unknown>
beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld())))
  demo = (await userByEmail(gateway.store, PEOPLE.agent)).tenantId
  const events = { publish: async () => undefined, settled: async () => undefined }
  const recording = createRecording({ store: gateway.store, queue: gateway.queue, log, events, pace: newPace() })
  let count = 0
  record = (from, text) => recording([deliveryOf(inbound(`wamid.lead.${++count}`, from, text, count))])
})
afterAll(() => stack.disposeAsync())

function inbound(id: string, from: string, body: string, second: number) {
  const messages = [{ from, id, timestamp: String(1_795_165_200 + second), type: 'text', text: { body } }]
  const value = { metadata: { phone_number_id: DEMO_TENANTS.demo.phoneNumberId }, messages }
  return { entry: [{ id: DEMO_TENANTS.demo.wabaId, changes: [{ field: 'messages', value }] }] }
}

const call = (method: string, path: string, body?: object, as: Person = 'agent', headers = {}) =>
  gateway.call(method, `/api/v1${path}`, { as, body, headers })
const get = (path: string, as: Person = 'agent') => call('GET', path, undefined, as)
const leadOf = async (phone: string) => (await get(`/leads?q=${phone}`)).body.data[0]

describe('a lead', () => {
  test('is made by the first message of a number, in the first stage of the default pipeline', async () => {
    await record('212661800001', 'Bonjour')
    await record('212661800001', 'Encore moi')
    const { body } = await get('/leads?q=0661800001')
    const { body: pipelines } = await get('/pipelines')
    expect(pipelines).toMatchObject({ total: pipelines.data.length, page: 1, hasMore: false, nextCursor: null })
    const [pipeline] = pipelines.data
    expect([body.total, pipeline.isDefault]).toEqual([1, true])
    expect(body.data[0]).toMatchObject({
      name: 'WhatsApp 212661800001',
      phone: '+212661800001',
      status: 'ACTIVE',
      source: 'whatsapp',
      pipelineId: pipeline.id,
      stageId: pipeline.stages[0].id,
    })
    expect((await get(`/leads/${body.data[0].id}`)).body).toEqual(body.data[0])
  })

  test('has its messages as notes among those that people wrote, page by page', async () => {
    const { id } = await leadOf('212661800001')
    gateway.clock.now = new Date('2026-11-20T09:30:00Z')
    const add = () => call('POST', `/leads/${id}/notes`, { content: 'called back' }, 'agent', { 'idempotency-key': 'lead-note' })
    const made = await add()
    expect([made.status, (await add()).body]).toEqual([201, made.body])
    gateway.clock.now = null
    const { body } = await get(`/leads/${id}/notes`)
    const notes = body.data.map(({ kind, content, isPrivate }: Record<string, unknown>) => [kind, content, isPrivate])
    expect(notes).toHaveLength(3)
    expect(notes).toEqual(
      expect.arrayContaining([
        ['note', 'called back', true],
        ['message', 'Encore moi', false],
        ['message', 'Bonjour', false],
      ]),
    )
    const pages: string[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: { data: { id: string }[]; nextCursor: string | null } = (
        await get(`/leads/${id}/notes?limit=1${cursor && `&cursor=${cursor}`}`)
      ).body
      pages.push(...page.data.map(note => note.id))
      cursor = page.nextCursor
    }
    expect(pages).toEqual(body.data.map((note: { id: string }) => note.id))
    const { conversationId } = made.body
    expect((await get(`/conversations/${conversationId}/notes`)).body.data[0].text).toBe('called back')
  })

  test('is moved along its pipeline, and to none of another', async () => {
    const { id } = await leadOf('212661800001')
    const [{ stages }] = (await get('/pipelines')).body.data
    expect((await call('PATCH', `/leads/${id}`, { stageId: stages[2].id, name: 'Nadia' })).body).toMatchObject({
      name: 'Nadia',
      stageId: stages[2].id,
    })
    expect((await get(`/leads?stageId=${stages[2].id}`)).body.total).toBe(1)
    expect((await call('PATCH', `/leads/${id}`, { stageId: '0'.repeat(24) })).body.errorCode).toBe('STAGE_UNKNOWN')
    expect((await call('PATCH', `/leads/${id}`, { pipelineId: '0'.repeat(24) })).body.errorCode).toBe('PIPELINE_UNKNOWN')
    expect((await call('PATCH', `/leads/${id}`, { tenantId: 'x' })).status).toBe(400)
  })

  test('made by hand is the one of whoever writes from its phone', async () => {
    const made = await call('POST', '/leads', { name: 'Omar', phone: '0661 80 00 02' })
    expect([made.status, made.body.phone, made.body.source]).toEqual([201, '+212661800002', 'manual'])
    await record('212661800002', 'Salut')
    expect((await get('/leads?q=212661800002')).body.total).toBe(1)
    expect((await get(`/leads/${made.body.id}/notes`)).body.data).toMatchObject([{ content: 'Salut' }])
    expect((await call('POST', '/leads', { name: 'Omar 2', phone: '+212661800002' })).body.errorCode).toBe('LEAD_EXISTS')
    expect((await call('POST', '/leads', { name: 'X', phone: 'abc' })).body.errorCode).toBe('PHONE_INVALID')
  })

  test('that is removed stays away however often its person writes, until somebody makes one by hand', async () => {
    const { id } = await leadOf('212661800002')
    expect((await call('DELETE', `/leads/${id}`)).status).toBe(204)
    expect((await get(`/leads/${id}`)).status).toBe(404)
    expect((await get('/leads?q=212661800002')).body.total).toBe(0)
    await record('212661800002', 'Toujours là')
    expect((await get('/leads?q=212661800002')).body.total).toBe(0)
    const next = await call('POST', '/leads', { name: 'Omar again', phone: '+212661800002' })
    expect([next.status, next.body.id === id]).toEqual([201, false])
    await record('212661800002', 'Merci')
    expect((await get('/leads?q=212661800002')).body.total).toBe(1)
    expect((await get(`/leads/${next.body.id}/notes`)).body.total).toBe(3)
    expect(await gateway.store.raw.auditLog.countDocuments({ action: 'leads.delete', 'object.id': id })).toBe(1)
  })

  test('is linked by whoever sends to its number first, in whatever form the number is written', async () => {
    const made = await call('POST', '/leads', { name: 'Rui', phone: '+55 11 98765-4321' })
    expect((await call('POST', '/leads', { name: 'Rui', phone: '+551187654321' })).body.errorCode).toBe('LEAD_EXISTS')
    const other = await call('POST', '/leads', { name: 'Rui 2' })
    const taken = await call('PATCH', `/leads/${other.body.id}`, { phone: '+551187654321' })
    expect([taken.status, taken.body.errorCode]).toEqual([409, 'LEAD_EXISTS'])
    expect((await call('PATCH', `/leads/${made.body.id}`, { phone: '+551187654321' })).body.phone).toBe('+551187654321')
    expect((await call('PATCH', `/leads/${made.body.id}`, { phone: '+5511987654321' })).body.phone).toBe('+5511987654321')
    const template = { templateName: 'application_received', language: 'fr', variables: ['Rui', 'Comptable'] }
    const sent = await call('POST', '/messages/send-template', { to: '551187654321', ...template })
    expect(sent.status).toBe(202)
    expect((await get(`/conversations/${sent.body.conversationId}`)).body.leadId).toBe(made.body.id)
    expect((await get(`/leads/${made.body.id}/notes`)).body.data).toMatchObject([{ kind: 'message', direction: 'OUTBOUND' }])
  })

  test('is named by a text or a template, which are then notes of it', async () => {
    const made = await call('POST', '/leads', { name: 'Amal', phone: '+212661800005' })
    const leadId = made.body.id
    const template = { templateName: 'application_received', language: 'fr', variables: ['Amal', 'Comptable'] }
    const first = await call('POST', '/messages/send', { to: '212661000101', text: 'Salut', leadId })
    const second = await call('POST', '/messages/send-template', { to: '212661800006', ...template, leadId })
    expect([first.status, second.status]).toEqual([202, 202])
    const notes = (await get(`/leads/${leadId}/notes`)).body.data
    expect(notes.map(({ content }: { content: string }) => content)).toEqual(expect.arrayContaining(['Salut']))
    expect(new Set(notes.map((note: { conversationId: string }) => note.conversationId)).size).toBe(2)
    const rows = await gateway.store.raw.messages.find({ tenantId: demo, wamid: null }).toArray()
    expect(rows.filter(row => String(row.leadId) === leadId)).toHaveLength(2)
    expect((await call('DELETE', `/leads/${leadId}`)).status).toBe(204)
    expect((await get(`/conversations/${first.body.conversationId}`)).body.leadId).toBeNull()
    const gone = await call('POST', '/messages/send', { to: '212661000101', text: 'Encore', leadId })
    expect(gone.status).toBe(404)
    const foreign = await gateway.store.raw.leads.findOne({ tenantId: { $ne: demo } })
    const other = { to: '212661000101', text: 'Encore', leadId: String(foreign?._id ?? '0'.repeat(24)) }
    expect((await call('POST', '/messages/send', other)).status).toBe(404)
  })

  test('is not made for a tenant that wants none', async () => {
    const settings = (isOn: boolean) =>
      gateway.store.models.tenants.updateOne({ _id: demo }, { $set: { 'settings.leadsEnabled': isOn } })
    const { forgetTenant } = await import('#shared/store/accounts/tenants.ts')
    await settings(false)
    forgetTenant(gateway.store, demo)
    await record('212661800003', 'Bonjour')
    await settings(true)
    forgetTenant(gateway.store, demo)
    expect((await get('/leads?q=212661800003')).body.total).toBe(0)
    expect((await get('/contacts?q=212661800003')).body.total).toBe(1)
    const made = await call('POST', '/leads', { name: 'Late', phone: '+212661800003' })
    expect((await get(`/leads/${made.body.id}/notes`)).body.data).toMatchObject([{ content: 'Bonjour' }])
  })
})

describe('a contact', () => {
  const find = async (q: string) => (await get(`/contacts?q=${encodeURIComponent(q)}`)).body

  test('is found by name, number in any form, and username', async () => {
    expect([(await find('0661800001')).total, (await find('karim.b')).total, (await find('SALMA')).total]).toEqual([1, 1, 1])
    expect((await find('.*')).total).toBe(0)
  })

  test('is named by an agent, and has that name in its conversations', async () => {
    const { id } = (await find('212661800001')).data[0]
    const { body } = await call('PATCH', `/contacts/${id}`, { name: 'Nadia A.', attributes: { city: 'Rabat', age: 30 } })
    expect(body).toMatchObject({ name: 'Nadia A.', nameSource: 'agent', attributes: { city: 'Rabat', age: 30 } })
    const less = await call('PATCH', `/contacts/${id}`, { attributes: { age: null } })
    expect(less.body.attributes).toEqual({ city: 'Rabat' })
    expect((await get('/conversations?q=nadia a')).body.data).toMatchObject([{ contact: { id, name: 'Nadia A.' } }])
    const events = await gateway.store.raw.events.find({ tenantId: demo, _id: /^p:/ }).toArray()
    expect(events[0]).toMatchObject({
      name: 'conversation:updated',
      payload: { conversation: { contact: { name: 'Nadia A.' } } },
    })
  })

  test('is opted out and in again, with source, time and an audit entry', async () => {
    const { id } = (await find('212661800001')).data[0]
    const out = await call('PATCH', `/contacts/${id}`, { optOut: true })
    expect(out.body).toMatchObject({ optOut: true, optOutSource: 'agent', optOutAt: expect.any(String) })
    expect((await get('/contacts?optOut=true')).body.data).toMatchObject([{ id }])
    expect((await call('PATCH', `/contacts/${id}`, { optOut: false })).body).toMatchObject({
      optOut: false,
      optOutSource: 'agent',
    })
    expect(await gateway.store.raw.auditLog.countDocuments({ action: 'contacts.optOut', 'object.id': id })).toBe(2)
  })

  test('is made once, in whatever form its number is written', async () => {
    const made = await call('POST', '/contacts', { phone: '+55 11 99123-4567', name: 'Rui' })
    expect([made.status, made.body.waId]).toEqual([201, '5511991234567'])
    const again = await call('POST', '/contacts', { phone: '551191234567' })
    expect([again.status, again.body.errorCode, again.body.contactId]).toEqual([409, 'CONTACT_EXISTS', made.body.id])
    expect((await call('POST', '/contacts', { userId: 'MA.41982200731550069999' })).status).toBe(201)
    expect((await call('POST', '/contacts', { name: 'Nobody' })).status).toBe(400)
  })
})
