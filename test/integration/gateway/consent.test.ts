import { Types } from 'mongoose'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { ContactDoc, Id, MessageDoc } from '#shared/model/documents.ts'
import { createWorld } from '#test/support/world.ts'
import { type Gateway, openGateway, PEOPLE } from '#test/support/worlds/gateway.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'

const stack = new AsyncDisposableStack()
let gateway: Gateway
let tenantId: Id
beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld())))
  tenantId = (await userByEmail(gateway.store, PEOPLE.agent)).tenantId
})
afterAll(() => stack.disposeAsync())

const TO = '212661000101'
const OFFER = { name: 'application_received', language: 'fr' }
const call = (method: string, path: string, body?: object) => gateway.call(method, `/api/v1${path}`, { as: 'agent', body })
const setPerson = (fields: Partial<ContactDoc>) =>
  gateway.store.models.contacts.updateOne({ tenantId, waId: TO }, { $set: { optOut: false, block: null, ...fields } })
const setTemplate = (fields: object) =>
  gateway.store.models.templates.updateMany(
    { tenantId, ...OFFER },
    { $set: { status: 'APPROVED', category: 'UTILITY', ...fields } },
  )
const block = { at: new Date(), by: new Types.ObjectId(), state: 'DONE' as const, problem: null, nextAt: new Date() }

beforeEach(async () => {
  await setPerson({})
  await setTemplate({})
  const windowExpiresAt = new Date(Date.now() + 3_600_000)
  await gateway.store.models.conversations.updateMany({ tenantId, 'contact.waId': TO }, { $set: { windowExpiresAt } })
})

const template = { templateName: OFFER.name, language: OFFER.language, variables: ['Salma', 'Comptable'] }

/** A message that Meta has refused. */
async function failed(path: string, body: object): Promise<string> {
  const { body: sent } = await call('POST', path, { to: TO, ...body })
  const $set: Partial<MessageDoc> = { status: 'FAILED', dispatch: null }
  await gateway.store.models.messages.updateOne({ tenantId, _id: sent.id }, { $set })
  return sent.id
}
const retry = async (id: string) => {
  const { status, body } = await call('POST', `/messages/by-id/${id}/retry`, {})
  return status === 202 ? status : body.errorCode
}

test('[MS-15] nothing is sent again to a person who was blocked since', async () => {
  const [text, offer] = [await failed('/messages/send', { text: 'a' }), await failed('/messages/send-template', template)]
  await setPerson({ block })
  expect([await retry(text), await retry(offer)]).toEqual(['CONTACT_BLOCKED', 'CONTACT_BLOCKED'])
  await setPerson({ block: { ...block, state: 'LIFTING' } })
  expect([await retry(text), await retry(offer)]).toEqual([202, 202])
})

test('[MS-15] a marketing template is not sent again to somebody who has opted out since; a text is', async () => {
  const [text, offer] = [await failed('/messages/send', { text: 'a' }), await failed('/messages/send-template', template)]
  await setTemplate({ category: 'MARKETING' })
  await setPerson({ optOut: true })
  expect([await retry(text), await retry(offer)]).toEqual([202, 'CONTACT_OPTED_OUT'])
  await setTemplate({})
  expect(await retry(offer)).toBe(202)
})

test.for([
  [{ status: 'PAUSED' }, 'TEMPLATE_NOT_APPROVED'],
  [{ deletedAt: new Date() }, 'TEMPLATE_UNKNOWN'],
])('[MS-15] a template that is %j is not sent again', async ([fields, code]) => {
  const offer = await failed('/messages/send-template', template)
  await setTemplate(fields as object)
  try {
    expect(await retry(offer)).toBe(code)
  } finally {
    await setTemplate({ deletedAt: null })
  }
})

test('[MS-15] of a text that falls back to its template the template is asked about', async () => {
  const text = await failed('/messages/send', { text: 'a', fallback: template })
  await gateway.store.models.conversations.updateMany({ tenantId, 'contact.waId': TO }, { $set: { windowExpiresAt: null } })
  await setTemplate({ category: 'MARKETING' })
  await setPerson({ optOut: true })
  expect(await retry(text)).toBe('CONTACT_OPTED_OUT')
})

test('[MS-15] a scheduled message to a person who was blocked since is not changed, only cancelled', async () => {
  const sendAt = new Date(Date.now() + 3_600_000).toISOString()
  const { body } = await call('POST', '/messages/send', { to: TO, text: 'a', sendAt })
  await setPerson({ block })
  const change = await call('PATCH', `/messages/scheduled/${body.id}`, { content: { text: 'b' } })
  expect([change.status, change.body.errorCode]).toEqual([422, 'CONTACT_BLOCKED'])
  expect((await call('DELETE', `/messages/scheduled/${body.id}`)).status).toBeLessThan(300)
})
