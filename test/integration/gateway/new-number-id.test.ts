import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import type { MessageDoc } from '#shared/model/documents.ts'
import { newId, toId } from '#shared/model/ids.ts'
import { pauseClient } from '#shared/store/numbers/clients.ts'
import { keepNumbers } from '#shared/store/numbers/connect-numbers.ts'
import { untilPasses, untilTrue } from '#test/support/until.ts'
import { inboundOf } from '#test/support/webhooks.ts'
import { type Onboarding, openOnboarding, SPARE } from '#test/support/worlds/onboarding.ts'

const LIMIT_MS = 300_000
const { demo, other } = DEMO_TENANTS
const NEW_ID = '1054543651068999'
const SALMA = '212664000301'

const stack = new AsyncDisposableStack()
let o: Onboarding
beforeAll(async () => {
  o = stack.use(await openOnboarding())
})
beforeEach(() => o.reset())
afterAll(() => stack.disposeAsync())

const TEMPLATE = { templateName: 'application_received', language: 'fr', variables: ['Salma', 'Comptable'] }
const queue = async (to: string, as: 'admin' | 'other' = 'admin', more: object = {}) => {
  const { status, body } = await o.call('POST', '/api/v1/messages/send-template', { to, ...TEMPLATE, ...more }, as)
  expect([status, body.errorCode]).toEqual([202, undefined])
  return String(body.id)
}
const messageOf = async (id: string) => (await o.store.raw.messages.findOne({ _id: toId(id) })) as MessageDoc
const signUp = (wabaId: string, body: object = {}, as: 'admin' | 'other' = 'admin') =>
  o.call('POST', '/api/v1/tenants/embedded-signup', { code: o.codeFor(wabaId), ...body }, as)

/** Meta gives the demo's phone number another id, in this account. */
function renumber(wabaId: string) {
  o.simulator.number({ phoneNumberId: NEW_ID, wabaId, displayPhoneNumber: demo.whatsappNumber })
  o.simulator.sim.world.numbers.delete(demo.phoneNumberId)
}

test('[ON-07] a phone number with a new id at Meta keeps its row, its history and what waits, and late webhooks by the former id are its own', {
  timeout: LIMIT_MS,
}, async () => {
  const before = await o.rowOf(demo.phoneNumberId)
  await pauseClient(o.store, { tenantId: o.tenantId, clientId: before._id, reason: 'token', detail: 'The token was revoked.' })
  const waiting = await Promise.all([queue(SALMA), queue('212664000302'), queue('212664000303')])
  renumber(demo.wabaId)

  const { status, body } = await signUp(demo.wabaId)
  expect([status, body.state]).toEqual([201, 'DONE'])
  expect(body.numbers).toContainEqual(expect.objectContaining({ clientId: String(before._id), phoneNumberId: NEW_ID }))
  expect(await o.store.raw.clients.countDocuments({ tenantId: o.tenantId, whatsappNumber: demo.whatsappNumber })).toBe(1)
  const after = await o.rowOf(NEW_ID)
  expect(after).toMatchObject({ _id: before._id, status: 'active', formerPhoneNumberIds: [demo.phoneNumberId], isPrimary: true })
  const entry = await o.store.raw.auditLog.findOne({ action: 'clients.connect', 'object.id': String(before._id) })
  expect(entry?.changes).toMatchObject({ phoneNumberId: { before: demo.phoneNumberId, after: NEW_ID } })
  const { conversationId } = await messageOf(waiting[0] as string)
  const { body: conversation } = await o.call('GET', `/api/v1/conversations/${conversationId}`)
  expect([conversation.phoneNumberId, conversation.clientId]).toEqual([NEW_ID, String(before._id)])
  const { body: named } = await o.call('GET', `/api/v1/phone-numbers/${before._id}`)
  expect(named.phoneNumberId).toBe(NEW_ID)

  // A message that a process accepted before it heard of the new id.
  const late = await queue('212664000304')
  await o.store.raw.messages.updateOne({ _id: toId(late) }, { $set: { phoneNumberId: demo.phoneNumberId } })
  await using _sender = await o.startSender()
  await untilPasses(async () => {
    for (const id of [...waiting, late]) expect((await messageOf(id)).status).toBe('SENT')
  }, LIMIT_MS)
  const sent = o.simulator.messages({}).data
  expect(sent.map(({ phoneNumberId }) => phoneNumberId)).toEqual(Array(4).fill(NEW_ID))
  expect(new Set(sent.map(({ to }) => to)).size).toBe(4)

  await using _recorder = await o.startRecorder()
  for (const [wamid, id] of [
    ['wamid.former', demo.phoneNumberId],
    ['wamid.present', NEW_ID],
  ] as const)
    o.simulator.webhook(JSON.stringify(inboundOf(wamid, SALMA, { type: 'text', text: { body: 'Bonjour' } }, id)))
  await untilTrue(
    async () => (await o.store.raw.messages.countDocuments({ wamid: { $in: ['wamid.former', 'wamid.present'] } })) === 2,
    LIMIT_MS,
  )
  for (const wamid of ['wamid.former', 'wamid.present']) {
    const row = await o.store.raw.messages.findOne({ wamid })
    expect([wamid, String(row?.conversationId), String(row?.clientId)]).toEqual([
      wamid,
      String(conversationId),
      String(before._id),
    ])
  }
})

test('[ON-27] a check takes over the new id of a number that moved to another account of its token', async () => {
  const before = await o.rowOf(demo.phoneNumberId)
  o.simulator.token({ token: demo.accessToken, wabaIds: [SPARE.wabaId] })
  renumber(SPARE.wabaId)
  const { body } = await o.call('POST', `/api/v1/phone-numbers/${before._id}/check`)
  expect([body.state, o.stepOf(body, 'number').note]).toEqual(['DONE', expect.stringContaining(NEW_ID)])
  expect(await o.rowOf(NEW_ID)).toMatchObject({ _id: before._id, status: 'active', wabaId: SPARE.wabaId })
  expect(await o.store.raw.clients.countDocuments({ tenantId: o.tenantId, whatsappNumber: demo.whatsappNumber })).toBe(1)
})

test('[ON-07] of two connections at the same moment that name one phone number by two ids, one makes the row', async () => {
  const number = {
    ...{ wabaId: SPARE.wabaId, portfolioId: null, whatsappNumber: '212600777888', verifiedName: null, coexistence: false },
  }
  const kept = await Promise.all(
    ['811', '812', '813'].map(phoneNumberId => keepNumbers(o.store, o.tenantId, [{ ...number, phoneNumberId }], {})),
  )
  expect(new Set(kept.flat().map(({ clientId }) => String(clientId))).size).toBe(1)
  expect(await o.store.raw.clients.countDocuments({ whatsappNumber: '212600777888' })).toBe(1)
})

test('[ON-07] a number that was taken out of the lists comes back under its new id, with its history', async () => {
  const before = await o.rowOf(demo.phoneNumberId)
  await o.call('DELETE', '/api/clients/me')
  expect(await o.rowOf(demo.phoneNumberId)).toBeNull()
  renumber(demo.wabaId)
  expect((await signUp(demo.wabaId)).status).toBe(201)
  expect(await o.rowOf(NEW_ID)).toMatchObject({ _id: before._id, status: 'active', formerPhoneNumberIds: [demo.phoneNumberId] })
})

test('[ON-25] [SE-01] a number that moved to another organisation sends nothing that waits in the former one', {
  timeout: LIMIT_MS,
}, async () => {
  const theirs = await o.rowOf(other.phoneNumberId)
  const template = await o.store.raw.templates.findOne({ tenantId: o.tenantId, name: TEMPLATE.templateName })
  await o.store.raw.templates.insertOne({ ...template, _id: newId(), tenantId: theirs.tenantId, wabaId: theirs.wabaId } as never)
  const sendAt = new Date(Date.now() + 3_600_000).toISOString()
  const [scheduled, ready] = [await queue(SALMA, 'other', { sendAt }), await queue('212664000306', 'other')]
  await o.call('DELETE', `/api/v1/phone-numbers/${theirs._id}`, undefined, 'other')
  expect((await signUp(other.wabaId)).status).toBe(201)
  expect(String((await o.rowOf(other.phoneNumberId)).tenantId)).toBe(String(o.tenantId))
  // Its time has come.
  await o.store.raw.messages.updateOne({ _id: toId(scheduled) }, { $set: { 'dispatch.nextStepAt': new Date(0) } })

  await using _sender = await o.startSender()
  await untilPasses(async () => {
    for (const id of [scheduled, ready])
      expect((await messageOf(id)).dispatch).toMatchObject({ state: 'WAITING', reason: 'paused' })
  }, LIMIT_MS)
  expect(o.simulator.messages({}).data).toEqual([])
})
