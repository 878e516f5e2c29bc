import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createSimulator } from '#deploy/simulator/simulator.ts'
import type { MessageDoc } from '#shared/model/documents.ts'
import { untilTrue } from '#test/support/until.ts'
import { APP_SECRET } from '#test/support/worlds/ingest.ts'
import { openRoad, type Road, TEMPLATE, WINDOW_ERROR } from '#test/support/worlds/road.ts'
import { type Answer, accept, refuse } from '#test/support/worlds/sender.ts'

const stack = new AsyncDisposableStack()
let road: Road
beforeAll(async () => {
  road = stack.use(await openRoad())
  stack.use(await road.startSender({ callTimeoutMs: 1000, unknownDeadlineMs: 700 }))
})
afterAll(() => stack.disposeAsync())
beforeEach(() => {
  road.meta.answer = accept
})

const send = (to: string, more: object = {}) =>
  road.call('POST', '/messages/send', { to, text: 'Bonjour', fallback: TEMPLATE, ...more })
const typesTo = (to: string) => road.postsTo(to).map(({ type }) => type)
const ended = (row: MessageDoc) => row.status === 'SENT' || row.status === 'FAILED'
const later = (ms: number) => new Date(Date.now() + ms).toISOString()
/** The message itself is answered so, its template is accepted. */
const onlyTemplates =
  (other: Answer): Answer =>
  (post, ...rest) =>
    (post.body.type === 'template' ? accept : other)(post, ...rest)

describe('the template goes instead, once, under the same id', () => {
  test('when the window is closed already', async () => {
    const to = await road.person(null)
    const { status, body } = await send(to)
    expect(status).toBe(202)
    expect(body).toMatchObject({
      type: 'template',
      cost: { amount: 0.4, currency: 'MAD', category: 'utility' },
      content: { template: { name: 'application_received' } },
      fallback: { state: 'used', because: 'accepted', instead: { type: 'text', text: 'Bonjour' } },
    })
    await road.until(body.id, ended)
    expect(typesTo(to)).toEqual(['template'])
  })

  test('and to the one identity for which the message was meant', async () => {
    const to = await road.person(null)
    const message = { to, type: 'text', text: { body: 'a' }, identityKeyHash: 'DF2lS5v2W6x=', fallback: TEMPLATE }
    const { body } = await road.call('POST', '/messages', message)
    await road.until(body.id, ended)
    expect(road.postsTo(to)).toMatchObject([{ type: 'template', recipient_identity_key_hash: 'DF2lS5v2W6x=' }])
  })

  test('when the window has closed by the time it should go', async () => {
    const to = await road.person(new Date(Date.now() + 500))
    const { body } = await send(to, { sendAt: later(900) })
    expect(body).toMatchObject({ type: 'text', cost: { amount: 0 }, fallback: { state: 'ready', cost: { amount: 0.4 } } })
    expect(body.warnings[0].message).toContain('application_received')
    const row = await road.until(body.id, ended)
    expect([row.status, row.type, row.cost?.amount]).toEqual(['SENT', 'template', 0.4])
    expect(typesTo(to)).toEqual(['template'])
    expect(road.postsTo(to)[0]?.biz_opaque_callback_data).toBe(`1:c:${body.id}:1`)
    const { steps } = (await road.call('GET', `/messages/${body.id}/timeline`)).body
    const kinds = steps.map(({ kind }: { kind: string }) => kind)
    expect(kinds.filter((kind: string) => kind === 'fallback' || kind === 'attempt')).toEqual(['fallback', 'attempt'])
    expect((await road.conversationOf(to)).lastMessage).toMatchObject({ type: 'template', status: 'SENT' })
    expect(await road.eventsOf(body.id)).toContain('message:status queued')
    const updates = await road.updatesOf(body.conversationId)
    expect(updates.at(-1)).toMatchObject({ lastMessageStatus: 'SENT', lastMessageText: row.content.text })
  })

  test('when Meta refuses the message with 131047', async () => {
    const to = await road.person()
    road.meta.answer = onlyTemplates(refuse(131047))
    const { body } = await send(to)
    const row = await road.until(body.id, ended)
    expect([row.status, row.error]).toEqual(['SENT', null])
    expect(typesTo(to)).toEqual(['text', 'template'])
    expect(row.timeline.filter(({ kind }) => kind === 'attempt')).toMatchObject([
      { attempt: 1, outcome: 'refused', code: 131047 },
      { attempt: 2, outcome: 'accepted' },
    ])
    expect(row.fallback).toMatchObject({ because: 'refused', instead: { type: 'text', text: 'Bonjour' } })
  })

  test('when Meta takes the message and reports 131047 afterwards, however often and late', async () => {
    const to = await road.person()
    const { body } = await send(to)
    const first = await road.until(body.id, ended)
    const wamid = first.wamid as string
    const failed = { errors: [WINDOW_ERROR], biz_opaque_callback_data: `1:c:${body.id}:1` }
    await Promise.all([road.report(wamid, to, 'failed', failed), road.report(wamid, to, 'failed', failed)])
    const row = await road.until(body.id, m => m.status === 'SENT' && m.type === 'template')
    await road.report(wamid, to, 'sent', { biz_opaque_callback_data: `1:c:${body.id}:1` })
    await road.report(row.wamid as string, to, 'delivered', { biz_opaque_callback_data: `1:c:${body.id}:2` })
    const end = await road.until(body.id, m => m.status === 'DELIVERED')
    expect([end.type, end.wamid, end.previousIds]).toEqual(['template', row.wamid, [wamid]])
    expect(typesTo(to)).toEqual(['text', 'template'])
    expect((await road.conversationOf(to)).lastError).toBeNull()
  })

  test('when that report is faster than the answer to the call', async () => {
    const to = await road.person()
    const wamid = `wamid.early.${to}`
    road.meta.answer = onlyTemplates((post, response) => {
      const [, , id] = post.body.biz_opaque_callback_data.split(':')
      const callback = { biz_opaque_callback_data: post.body.biz_opaque_callback_data }
      const answer = async () => {
        await road.report(wamid, to, 'failed', { errors: [WINDOW_ERROR], ...callback })
        await road.until(id as string, m => m.type === 'template')
        response.setHeader('content-type', 'application/json').end(JSON.stringify({ messages: [{ id: wamid }] }))
      }
      void answer()
    })
    const { body } = await send(to)
    const row = await road.until(body.id, m => m.status === 'SENT' && m.type === 'template' && m.timeline.length > 4)
    expect(row.wamid).not.toBe(wamid)
    expect(typesTo(to)).toEqual(['text', 'template'])
  })

  test('when a failed message is sent again after the window has closed', async () => {
    const to = await road.person()
    road.meta.answer = refuse(131026)
    const { body } = await send(to)
    await road.until(body.id, m => m.status === 'FAILED')
    road.meta.answer = accept
    await road.setWindow(to, null)
    const again = await road.call('POST', `/messages/by-id/${body.id}/retry`, {})
    expect(again.body).toMatchObject({ status: 'QUEUED', type: 'template', fallback: { state: 'used' } })
    await road.until(body.id, m => m.status === 'SENT')
    expect(typesTo(to)).toEqual(['text', 'template'])
  })
})

describe('the template stays', () => {
  test('while the window is open, and when Meta refuses for another reason', async () => {
    const [open, refused] = [await road.person(), await road.person()]
    const one = await send(open)
    await road.until(one.body.id, m => m.status === 'SENT')
    road.meta.answer = refuse(131026)
    const other = await send(refused)
    const row = await road.until(other.body.id, m => m.status === 'FAILED')
    expect([row.type, row.error?.code]).toEqual(['text', 131026])
    expect([typesTo(open), typesTo(refused)]).toEqual([['text'], ['text']])
  })

  test('while an attempt of the message may still arrive', async () => {
    const to = await road.person()
    const { tenantId, gateway } = road
    await gateway.store.raw.tenants.updateOne({ _id: tenantId }, { $set: { 'settings.unknownOutcome': 'retry' } })
    // The settings are known to the sender for a moment longer.
    await untilTrue(async () => {
      road.meta.answer = onlyTemplates((_post, _response, request) => request.socket.resetAndDestroy())
      const { body } = await send(to)
      await road.until(body.id, m => m.dispatch?.state === 'UNKNOWN')
      await road.setWindow(to, null)
      const row = await road.until(body.id, ended)
      await road.setWindow(to, new Date(Date.now() + 3_600_000))
      expect([row.status, row.type, row.fallback?.usedAt]).toEqual(['FAILED', 'text', null])
      return row.error?.code === 131047 && row.error.detail?.includes('may have arrived') === true
    })
    await gateway.store.raw.tenants.updateOne({ _id: tenantId }, { $set: { 'settings.unknownOutcome': 'fail' } })
    expect(typesTo(to)).not.toContain('template')
  })

  test('but goes once that very attempt is known to have failed', async () => {
    const to = await road.person()
    road.meta.answer = onlyTemplates((_post, _response, request) => request.socket.resetAndDestroy())
    const { body } = await send(to)
    await road.until(body.id, m => m.dispatch?.state === 'UNKNOWN')
    const failed = { errors: [WINDOW_ERROR], biz_opaque_callback_data: `1:c:${body.id}:1` }
    await road.report(`wamid.unknown.${to}`, to, 'failed', failed)
    const row = await road.until(body.id, m => m.status === 'SENT')
    expect([row.type, row.previousIds]).toEqual(['template', [`wamid.unknown.${to}`]])
    expect(typesTo(to)).toEqual(['text', 'template'])
  })

  test('when it is approved no more, with that reason', async () => {
    const to = await road.person()
    const { templates } = road.gateway.store.models
    const filter = { tenantId: road.tenantId, name: 'application_received' }
    const { body } = await send(to, { sendAt: later(800) })
    await templates.updateOne(filter, { $set: { status: 'PAUSED' } })
    await road.setWindow(to, null)
    const row = await road.until(body.id, ended)
    await templates.updateOne(filter, { $set: { status: 'APPROVED' } })
    expect([row.status, row.error?.title]).toEqual(['FAILED', 'Template not available'])
    expect(typesTo(to)).toEqual([])
  })
})

test('the simulated Meta, which knows the window better than we do, gets the template once', async () => {
  await using own = await openRoad()
  await using simulator = await createSimulator({ appSecret: APP_SECRET, webhookUrl: own.webhookUrl })
  await using _sender = await own.startSender({ metaUrl: simulator.url })
  // Here the window is open; at Meta it is not.
  const { phoneNumberId } = DEMO_TENANTS.demo
  const to = await own.person()
  const { body } = await own.call('POST', '/messages/send', { to: `+${to}`, text: 'Bonjour', fallback: TEMPLATE })
  const row = await own.until(body.id, m => m.type === 'template' && m.status !== 'QUEUED' && m.status !== 'SENT')
  expect(['DELIVERED', 'READ']).toContain(row.status)
  const posted = simulator.messages({ phoneNumberId, to: `+${to}` }).data.map(({ body }) => (body as { type: string }).type)
  expect(posted.slice(-2)).toEqual(['text', 'template'])
  expect(posted).toHaveLength(3)
  const { steps } = (await own.call('GET', `/messages/by-id/${body.id}/timeline`)).body
  const failed = steps.find(({ kind }: { kind: string }) => kind === 'failed')
  expect(failed.error).toMatchObject({ code: 131047, sentence: expect.stringMatching(/./), nextStep: expect.stringMatching(/./) })
})

test('the template is checked when the message is accepted', async () => {
  const to = await road.person()
  const errorOf = async (fallback: object) => (await send(to, { fallback })).body.errorCode
  expect(await errorOf({ templateName: 'nobody_knows', language: 'fr' })).toBe('TEMPLATE_UNKNOWN')
  expect(await errorOf({ ...TEMPLATE, variables: ['Salma'] })).toBe('TEMPLATE_VARIABLES')
  expect(await errorOf({ variables: [] })).toBe('BODY_INVALID')
  const template = { name: 'welcome', language: { code: 'en_US' } }
  const both = await road.call('POST', '/messages', { to, type: 'template', template, fallback: TEMPLATE })
  expect(both.status).toBe(400)
  const image = await road.call('POST', '/messages', { to, type: 'image', image: { id: '123' }, fallback: TEMPLATE })
  expect(image.body.fallback).toMatchObject({ state: 'ready', text: expect.stringContaining('Salma') })
})
