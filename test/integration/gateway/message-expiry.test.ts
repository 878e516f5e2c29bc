import { afterAll, beforeAll, expect, test } from 'vitest'
import { openRoad, type Road, TEMPLATE } from '#test/support/worlds/road.ts'

const stack = new AsyncDisposableStack()
let road: Road
let to: string
beforeAll(async () => {
  road = stack.use(await openRoad())
  stack.use(await road.startSender())
  to = await road.person()
})
afterAll(() => stack.disposeAsync())

const HOUR = 3_600_000
const DAY = 24 * HOUR
const later = (ms: number) => new Date(Date.now() + ms).toISOString()
const send = (body: object, path = '/messages/send') => road.call('POST', path, { to, text: 'code 1234', ...body })

test.for<[string, string, object]>([
  ['a text', '/messages/send', { text: 'code 1234' }],
  ['a template', '/messages/send-template', { ...TEMPLATE }],
  ['a message of any type', '/messages', { type: 'text', text: { body: 'code 1234' } }],
])('%s may have a time after which it is not sent, which its view shows', async ([, path, content]) => {
  const expiresAt = later(HOUR)
  const { status, body } = await road.call('POST', path, { to, ...content, expiresAt })
  expect([status, body.expiresAt]).toEqual([202, expiresAt])
  const row = await road.until(body.id, m => m.status === 'SENT')
  expect(row.expiresAt?.toISOString()).toBe(expiresAt)
  expect((await road.call('GET', `/messages/by-id/${body.id}`)).body.expiresAt).toBe(expiresAt)
})

test('a message without one shows none', async () => {
  const { body } = await send({})
  expect(body.expiresAt).toBeNull()
  await road.until(body.id, m => m.status === 'SENT')
})

test('the time lies after the send, and at most 30 days after it', async () => {
  const code = async (body: object) => (await send(body)).body.errorCode
  expect(await code({ expiresAt: later(-1000) })).toBe('EXPIRES_AT_PAST')
  expect(await code({ expiresAt: later(31 * DAY) })).toBe('EXPIRES_AT_TOO_FAR')
  expect(await code({ expiresAt: later(HOUR), sendAt: later(2 * HOUR) })).toBe('EXPIRES_AT_PAST')
  expect(await code({ expiresAt: 'tomorrow' })).toBe('BODY_INVALID')
  const far = await send({ expiresAt: later(70 * DAY), sendAt: later(60 * DAY) })
  expect(far.status).toBe(202)
  await road.call('DELETE', `/messages/scheduled/${far.body.id}`)
})

test('of a scheduled message the time is changed and removed; the send is not moved behind it', async () => {
  const { body } = await send({ sendAt: later(HOUR), expiresAt: later(2 * HOUR) })
  const change = (fields: object) => road.call('PATCH', `/messages/scheduled/${body.id}`, fields)
  expect((await change({ sendAt: later(3 * HOUR) })).body.errorCode).toBe('EXPIRES_AT_PAST')
  const expiresAt = later(5 * HOUR)
  expect((await change({ sendAt: later(3 * HOUR), expiresAt })).body.expiresAt).toBe(expiresAt)
  expect((await change({ sendAt: later(4 * HOUR) })).body.expiresAt).toBe(expiresAt)
  expect((await change({ expiresAt: null })).body.expiresAt).toBeNull()
  await road.call('DELETE', `/messages/scheduled/${body.id}`)
})

test('a message whose time has passed before its turn fails without a call; sent again by hand it has no such time', async () => {
  const { body } = await send({ sendAt: later(HOUR), expiresAt: later(2 * HOUR) })
  const at = new Date()
  road.meta.posts.length = 0
  // Both times come.
  const times = { sendAt: at, 'dispatch.nextStepAt': at, expiresAt: at }
  await road.gateway.store.raw.messages.updateOne(
    { _id: (await road.rowOf(body.id))._id, tenantId: road.tenantId },
    { $set: times },
  )
  const row = await road.until(body.id, m => m.status !== 'QUEUED')
  expect([row.status, row.error?.title, road.meta.posts]).toEqual(['FAILED', 'Waited too long', []])
  const again = await road.call('POST', `/messages/by-id/${body.id}/retry`, {})
  expect([again.status, again.body.expiresAt]).toEqual([202, null])
  await road.until(body.id, m => m.status === 'SENT')
})
