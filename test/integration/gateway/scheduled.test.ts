import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { platformError } from '#shared/domain/messages/send-errors.ts'
import type { MessageDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { cancelScheduled, changeScheduled } from '#shared/store/inbox/scheduled.ts'
import { untilTrue } from '#test/support/until.ts'
import { openRoad, type Road, TEMPLATE } from '#test/support/worlds/road.ts'
import { accept } from '#test/support/worlds/sender.ts'

const stack = new AsyncDisposableStack()
let road: Road
let sender: AsyncDisposable
beforeAll(async () => {
  road = stack.use(await openRoad())
  sender = await road.startSender()
  stack.defer(() => sender[Symbol.asyncDispose]())
})
afterAll(() => stack.disposeAsync())
beforeEach(() => {
  road.meta.answer = accept
})

const later = (ms: number) => new Date(Date.now() + ms).toISOString()
const send = (to: string, sendAt: string, more: object = {}) =>
  road.call('POST', '/messages/send', { to, text: 'later', sendAt, ...more })
const scheduled = async (query = '') => (await road.call('GET', `/messages/scheduled?limit=100${query}`)).body
const HOUR = 3_600_000

/** The time of a scheduled message comes. @returns it */
async function timeComes(id: string): Promise<Date> {
  const at = new Date()
  const waiting = { _id: (await road.rowOf(id))._id, tenantId: road.tenantId, 'dispatch.reason': 'scheduled' as const }
  await road.gateway.store.raw.messages.updateOne(waiting, { $set: { sendAt: at, 'dispatch.nextStepAt': at } })
  return at
}

describe('a message with a time of its own', () => {
  test('is listed until it goes, at its time, and shows in its conversation only then', async () => {
    const to = await road.person()
    const before = await road.conversationOf(to)
    const sendAt = later(HOUR / 2)
    const { status, body } = await send(to, sendAt)
    expect(status).toBe(202)
    expect(body).toMatchObject({ status: 'QUEUED', sendAt, waiting: { reason: 'scheduled', until: sendAt }, warnings: [] })
    const list = await scheduled(`&conversationId=${body.conversationId}`)
    expect(list.data.map(({ id }: { id: string }) => id)).toEqual([body.id])
    expect((await road.conversationOf(to)).lastMessage).toEqual(before.lastMessage)
    const due = await timeComes(body.id)
    const row = await road.until(body.id, m => m.status === 'SENT')
    expect(row.statusUpdatedAt.getTime() - due.getTime()).toBeGreaterThanOrEqual(-5)
    expect((await scheduled(`&conversationId=${body.conversationId}`)).data).toEqual([])
    expect((await road.conversationOf(to)).lastMessage).toMatchObject({ messageId: row._id, status: 'SENT' })
    expect(await road.eventsOf(body.id)).toEqual([
      'message:scheduled scheduled',
      'message:scheduled released',
      'message:sent sent',
    ])
    const { steps } = (await road.call('GET', `/messages/${body.id}/timeline`)).body
    expect(steps.map(({ kind }: { kind: string }) => kind)).toEqual(['accepted', 'queued', 'waited', 'attempt', 'sent'])
  })

  test('is not announced as a last message before it goes', async () => {
    const to = await road.person()
    const { lastMessage } = await road.conversationOf(to)
    const { body } = await send(to, later(HOUR))
    const shown = { lastMessageAt: lastMessage?.at.toISOString(), lastMessageText: lastMessage?.text }
    expect((await road.updatesOf(body.conversationId)).at(-1)).toMatchObject(shown)
    const first = await road.call('POST', '/messages/send-template', { ...TEMPLATE, to: '212663999001', sendAt: later(HOUR) })
    expect(await road.updatesOf(first.body.conversationId)).toMatchObject([{ lastMessageAt: null, lastMessageText: null }])
  })

  test('survives the sender: another one sends it, once', async () => {
    const to = await road.person()
    const { body } = await send(to, later(HOUR / 2))
    await sender[Symbol.asyncDispose]()
    await timeComes(body.id)
    expect(road.postsTo(to)).toEqual([])
    sender = await road.startSender()
    await road.until(body.id, m => m.status === 'SENT')
    expect(road.postsTo(to)).toHaveLength(1)
  })

  test('of any type may be changed, in time and content, until it is released', async () => {
    const to = await road.person()
    const image = { type: 'image', image: { id: '1234567' } }
    const { body } = await road.call('POST', '/messages', { to, ...image, sendAt: later(2 * HOUR) })
    const change = (change: object) => road.call('PATCH', `/messages/scheduled/${body.id}`, change)
    const wrong = await change({ content: { templateName: 'application_received', language: 'fr', variables: ['Salma'] } })
    expect([wrong.status, wrong.body.errorCode]).toEqual([422, 'TEMPLATE_VARIABLES'])
    expect((await change({})).status).toBe(400)
    expect((await change({ content: { type: 'image', text: { body: 'a' } } })).status).toBe(400)
    const asTemplate = await change({ content: TEMPLATE })
    expect(asTemplate.body).toMatchObject({ type: 'template', cost: { amount: 0.4, category: 'utility' }, warnings: [] })
    const asText = await change({ content: { text: 'better' }, sendAt: later(3 * HOUR) })
    expect(asText.body).toMatchObject({ type: 'text', cost: { amount: 0 }, warnings: [{ code: 'WINDOW_ENDS_BEFORE' }] })
    expect((await change({ sendAt: later(-1000) })).body).toMatchObject({ warnings: [] })
    await road.until(body.id, m => m.status === 'SENT')
    expect(road.postsTo(to)).toMatchObject([{ type: 'text', text: { body: 'better' } }])
    const late = await change({ sendAt: later(HOUR) })
    expect([late.status, late.body.errorCode, late.body.messageStatus]).toEqual([409, 'ALREADY_RELEASED', 'SENT'])
    expect((await road.eventsOf(body.id)).filter(name => name.endsWith('changed'))).toHaveLength(3)
  })

  test('changed by two at once takes one of the changes and refuses the other', async () => {
    const to = await road.person()
    const { body } = await send(to, later(HOUR / 2))
    const changes = ['a', 'b', 'c'].map(text => road.call('PATCH', `/messages/scheduled/${body.id}`, { content: { text } }))
    const answers = await Promise.all(changes)
    const codes = answers.filter(({ status }) => status !== 200).map(answer => answer.body.errorCode)
    expect(codes.every(code => code === 'MESSAGE_CHANGED')).toBe(true)
    expect(answers.some(({ status }) => status === 200)).toBe(true)
    expect((await road.call('DELETE', `/messages/scheduled/${body.id}`)).status).toBe(200)
  })

  test('changed or taken back while the platform notes its place in the conversation is not refused for that', async () => {
    const { store } = road.gateway
    const { body } = await send(await road.person(), later(HOUR / 2))
    const before = (await store.raw.messages.findOne({ _id: toId(body.id) })) as MessageDoc
    const notePlace = () => store.raw.messages.updateOne({ _id: before._id }, { $set: { seq: 7, updatedAt: new Date() } })
    const sendAt = later(HOUR)
    const content = { fallback: null, expiresAt: null, cost: before.cost, metaCost: before.metaCost }
    const change = { sendAt: new Date(sendAt), content, entries: [], by: before.tenantId }
    await notePlace()
    const changed = await store.transaction(session => changeScheduled(store, before, change, session))
    expect(changed).toMatchObject({ sendAt: new Date(sendAt), seq: 7 })
    await notePlace()
    const taken = { at: new Date(), error: platformError('cancelled'), entries: [], by: before.tenantId }
    // Of the row as it was before the change.
    const stale = store.transaction(session => cancelScheduled(store, before, taken, session))
    await expect(stale).rejects.toMatchObject({ errorCode: 'MESSAGE_CHANGED' })
    const cancelled = await store.transaction(session => cancelScheduled(store, changed, taken, session))
    expect(cancelled.status).toBe('FAILED')
  })

  test('taken back ends as cancelled, is never sent, and may be taken back twice', async () => {
    const to = await road.person()
    const { body } = await send(to, later(HOUR / 2))
    const taken = await road.call('DELETE', `/messages/scheduled/${body.id}`)
    expect(taken.body).toMatchObject({ status: 'FAILED', error: { title: 'Cancelled', source: 'platform' }, waiting: null })
    expect((await road.call('DELETE', `/messages/scheduled/${body.id}`)).status).toBe(200)
    await timeComes(body.id)
    const other = await send(to, later(HOUR / 2))
    await timeComes(other.body.id)
    await road.until(other.body.id, m => m.status === 'SENT')
    expect(road.postsTo(to)).toHaveLength(1)
    const late = await road.call('DELETE', `/messages/scheduled/${other.body.id}`)
    expect([late.status, late.body.errorCode]).toEqual([409, 'ALREADY_RELEASED'])
    expect((await road.conversationOf(to)).lastError).toBeNull()
    expect(await road.eventsOf(body.id)).toEqual(expect.arrayContaining(['message:scheduled cancelled', 'message:status failed']))
  })

  test('taken back in the very moment of its time is either taken back or sent, never both', async () => {
    const people = await Promise.all(Array.from({ length: 12 }, () => road.person()))
    const at = Date.now() + 1500
    const sendAt = new Date(at).toISOString()
    const ids = await Promise.all(people.map(async to => (await send(to, sendAt)).body.id as string))
    const cancels = ids.map(async (id, i) => {
      await untilTrue(() => Date.now() >= at + i * 30 - 50)
      return (await road.call('DELETE', `/messages/scheduled/${id}`)).status
    })
    const answers = await Promise.all(cancels)
    const rows = await Promise.all(ids.map(id => road.until(id, m => m.status !== 'QUEUED')))
    const posts = people.map(to => road.postsTo(to).length)
    expect(answers.map(status => (status === 200 ? ['FAILED', 0] : ['SENT', 1]))).toEqual(
      rows.map(({ status }, i) => [status, posts[i]]),
    )
    expect(answers.every(status => status === 200 || status === 409)).toBe(true)
  })

  test('beyond the end of the window gets a warning at once, and fails with a sentence when its time comes', async () => {
    const to = await road.person(new Date(Date.now() + HOUR / 2))
    const { status, body } = await send(to, later(HOUR))
    expect([status, body.warnings]).toEqual([202, [{ code: 'WINDOW_ENDS_BEFORE', message: expect.stringContaining('it fails') }]])
    await road.setWindow(to, new Date(Date.now() - 1000))
    await timeComes(body.id)
    const row = await road.until(body.id, m => m.status === 'FAILED')
    expect(row.error).toMatchObject({ code: 131047, source: 'platform', sentence: expect.stringMatching(/./) })
    expect(road.postsTo(to)).toEqual([])
    const closed = await send(to, later(HOUR))
    expect([closed.status, closed.body.errorCode]).toEqual([422, 'WINDOW_CLOSED'])
  })

  test('goes all the same when the customer has written again', async () => {
    const to = await road.person(new Date(Date.now() + HOUR / 2))
    const { body } = await send(to, later(HOUR))
    expect(body.warnings).toHaveLength(1)
    await road.setWindow(to, new Date(Date.now() + 2 * HOUR))
    await timeComes(body.id)
    await road.until(body.id, m => m.status === 'SENT')
  })

  test('as a template is checked again when its time comes', async () => {
    const { templates, contacts } = road.gateway.store.models
    const { tenantId } = road
    const [paused, unwilling] = [await road.person(), await road.person()]
    const marketing = { ...TEMPLATE, templateName: 'job_opportunity' }
    const first = await road.call('POST', '/messages/send-template', { to: paused, ...TEMPLATE, sendAt: later(HOUR) })
    const second = await road.call('POST', '/messages/send-template', { to: unwilling, ...marketing, sendAt: later(HOUR) })
    await templates.updateOne({ tenantId, name: 'application_received' }, { $set: { status: 'PAUSED' } })
    await contacts.updateOne({ tenantId, waId: unwilling }, { $set: { optOut: true } })
    for (const { body } of [first, second]) await timeComes(body.id)
    const rows = [
      await road.until(first.body.id, m => m.status === 'FAILED'),
      await road.until(second.body.id, m => m.status === 'FAILED'),
    ]
    await templates.updateOne({ tenantId, name: 'application_received' }, { $set: { status: 'APPROVED' } })
    expect(rows.map(({ error }) => error?.title)).toEqual(['Template not available', 'Opted out of marketing'])
    expect([...road.postsTo(paused), ...road.postsTo(unwilling)]).toEqual([])
  })

  test('lies at most 90 days ahead, and a hundred of them in one conversation', async () => {
    const to = await road.person()
    const day = 24 * HOUR
    expect((await send(to, later(91 * day))).body.errorCode).toBe('SEND_AT_TOO_FAR')
    const first = await send(to, later(89 * day))
    expect(first.status).toBe(202)
    const row = await road.rowOf(first.body.id)
    const { messages } = road.gateway.store.raw
    const { seq: _, ...unnumbered } = row
    const copies = Array.from({ length: 99 }, (_, i) => {
      const id = row._id.toHexString().slice(0, 18) + String(i).padStart(6, '0')
      return { ...unnumbered, _id: new (row._id.constructor as typeof import('mongoose').Types.ObjectId)(id) }
    })
    await messages.insertMany(copies)
    expect((await send(to, later(day))).body.errorCode).toBe('SCHEDULE_FULL')
    await messages.deleteMany({ tenantId: road.tenantId, conversationId: row.conversationId, status: 'QUEUED' })
  })
})

test('the list has filters, goes page by page, and belongs to its tenant', async () => {
  const to = await road.person()
  const times = [3, 1, 2].map(hours => later(hours * HOUR))
  const ids: string[] = []
  for (const sendAt of times) ids.push((await road.call('POST', '/messages/send-template', { to, ...TEMPLATE, sendAt })).body.id)
  const sorted = [ids[1], ids[2], ids[0]]
  const { conversationId, clientId } = (await road.call('GET', `/messages/by-id/${ids[0]}`)).body
  const own = `&conversationId=${conversationId}&clientId=${clientId}`
  const found: string[] = []
  for (let cursor = ''; ; ) {
    const page = await road.call('GET', `/messages/scheduled?limit=2${own}${cursor && `&cursor=${cursor}`}`)
    found.push(...page.body.data.map(({ id }: { id: string }) => id))
    cursor = page.body.nextCursor
    if (!page.body.hasMore) break
  }
  expect(found).toEqual(sorted)
  const between = await scheduled(`${own}&from=${times[2]}&to=${times[0]}`)
  expect(between.data.map(({ id }: { id: string }) => id)).toEqual([ids[2]])
  expect((await road.call('GET', '/messages/scheduled', undefined, 'other')).body.data).toEqual([])
  expect((await road.call('DELETE', `/messages/scheduled/${ids[0]}`, undefined, 'other')).status).toBe(404)
  expect((await road.call('PATCH', `/messages/scheduled/${ids[0]}`, { sendAt: times[1] }, 'other')).status).toBe(404)
  for (const id of ids) expect((await road.call('DELETE', `/messages/scheduled/${id}`)).status).toBe(200)
})
