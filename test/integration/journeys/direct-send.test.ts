import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createSimulator, type Simulator } from '#deploy/simulator/simulator.ts'
import type { ClientDoc, MessageDoc } from '#shared/model/documents.ts'
import { sendJobFor } from '#shared/store/dispatch/take.ts'
import { updateClientWithoutEvent } from '#shared/store/numbers/checks.ts'
import { APP_SECRET } from '#test/support/worlds/ingest.ts'
import { openRoad, type Road, TEMPLATE } from '#test/support/worlds/road.ts'

const { phoneNumberId, wabaId } = DEMO_TENANTS.demo
const stack = new AsyncDisposableStack()
let road: Road
let simulator: Simulator
let people = 212665000000
/** Has never written. */
const stranger = () => String(++people)

beforeAll(async () => {
  road = stack.use(await openRoad())
  simulator = stack.use(await createSimulator({ appSecret: APP_SECRET, webhookUrl: road.webhookUrl }))
  stack.use(await road.startSender({ metaUrl: simulator.url }))
})
afterAll(() => stack.disposeAsync())
beforeEach(async () => {
  simulator.setWaba(wabaId, { directSend: 'ELIGIBLE' })
  await refusedAt(null)
})

/** Sets when Meta last refused Direct Send. */
async function refusedAt(at: Date | null): Promise<void> {
  const { store } = road.gateway
  const client = (await store.models.clients.findOne({ tenantId: road.tenantId, phoneNumberId }).lean()) as ClientDoc
  await updateClientWithoutEvent(store, client, { directSendRefusedAt: at })
}

const send = (to: string, more: object = {}) =>
  road.call('POST', '/messages/send', { to, text: 'Votre entretien est confirmé.', category: 'utility', ...more })
const ended = ({ status }: MessageDoc) => status !== 'QUEUED' && status !== 'SENT'
const bodiesTo = (to: string) =>
  simulator.messages({ phoneNumberId, to: `+${to}` }).data.map(({ body }) => body as Record<string, unknown>)

describe('[peers C] a message with a category', () => {
  test('goes to somebody who has never written, without a template, at the price of one', async () => {
    const to = stranger()
    const { status, body } = await send(to, { ttlSeconds: 3600 })
    expect(status).toBe(202)
    expect(body).toMatchObject({
      type: 'text',
      directSend: { category: 'utility', ttlSeconds: 3600 },
      cost: { amount: 0.4, currency: 'MAD', category: 'utility' },
      metaCost: { category: 'utility', basis: 'foreseen' },
      warnings: [],
    })
    const row = await road.until(body.id, ended)
    expect(bodiesTo(to)).toMatchObject([{ type: 'text', category: 'utility', ttl_seconds: 3600 }])
    expect(['DELIVERED', 'READ']).toContain(row.status)
    expect(row.cost).toMatchObject({ amount: 0.4, category: 'utility' })
    expect(row.metaCost).toMatchObject({ category: 'utility', basis: 'reported' })
  })

  test('may be a form with buttons, in Meta’s own form too', async () => {
    const to = stranger()
    const action = { buttons: [{ type: 'reply', reply: { id: 'yes', title: 'Je viens' } }] }
    const interactive = { type: 'button', body: { text: 'Venez-vous demain ?' }, action }
    const { body } = await road.call('POST', '/messages', { to, type: 'interactive', interactive, category: 'utility' })
    await road.until(body.id, ended)
    expect(bodiesTo(to)).toMatchObject([{ interactive: { type: 'button' }, category: 'utility' }])
  })

  test('counts against the messaging limit as a template does, and waits with templates for the spend', async () => {
    const to = stranger()
    const { body } = await send(to, { sendAt: new Date(Date.now() + 3_600_000).toISOString() })
    expect(sendJobFor(await road.rowOf(body.id))).toMatchObject({ isTemplate: true, templateName: null })
  })

  test.for<[string, string, object]>([
    ['another category', '/messages/send', { text: 'a', category: 'marketing' }],
    ['a time without category', '/messages/send', { text: 'a', ttlSeconds: 60 }],
    ['too short a time', '/messages/send', { text: 'a', category: 'utility', ttlSeconds: 29 }],
    ['too long a time', '/messages/send', { text: 'a', category: 'utility', ttlSeconds: 43_201 }],
    ['a long text', '/messages/send', { text: 'a'.repeat(1025), category: 'utility' }],
    ['a preview', '/messages/send', { text: 'a', previewUrl: true, category: 'utility' }],
    ['a picture', '/messages', { type: 'image', image: { id: '1' }, category: 'utility' }],
    ['a template', '/messages', { type: 'template', template: { name: 'a', language: { code: 'fr' } }, category: 'utility' }],
  ])('is refused with %s', async ([, path, body]) => {
    const answer = await road.call('POST', path, { to: stranger(), ...body })
    expect([answer.status, answer.body.errorCode]).toEqual([400, 'BODY_INVALID'])
  })

  test('stays one when its text is changed before its time, and takes what Direct Send takes', async () => {
    const to = stranger()
    const { body } = await send(to, { sendAt: new Date(Date.now() + 3_600_000).toISOString(), ttlSeconds: 60 })
    const change = (content: object) => road.call('PATCH', `/messages/scheduled/${body.id}`, { content })
    expect((await change({ text: 'À 11 h.' })).status).toBe(200)
    expect(await road.rowOf(body.id)).toMatchObject({
      directSend: { category: 'utility', ttlSeconds: 60 },
      payload: { text: { body: 'À 11 h.' }, category: 'utility', ttl_seconds: 60 },
      cost: { amount: 0.4 },
    })
    expect((await change({ text: 'a'.repeat(1025) })).body.errorCode).toBe('DIRECT_SEND_CONTENT')
    expect((await change(TEMPLATE)).status).toBe(200)
    const row = await road.rowOf(body.id)
    expect([row.type, row.directSend, row.payload?.category]).toEqual(['template', null, undefined])
  })
})

describe('[peers C] where Meta takes none from the account', () => {
  test('the template goes instead, and from then on at once; after a day it is tried again', async () => {
    simulator.setWaba(wabaId, { directSend: 'INELIGIBLE' })
    const [first, second, third] = [stranger(), stranger(), stranger()]
    const one = (await send(first, { fallback: TEMPLATE })).body
    expect(one).toMatchObject({ type: 'text', fallback: { state: 'ready' } })
    const row = await road.until(one.id, ended)
    expect(['DELIVERED', 'READ']).toContain(row.status)
    expect(row).toMatchObject({ type: 'template', directSend: null, fallback: { because: 'not-eligible' } })
    const two = (await send(second, { fallback: TEMPLATE })).body
    expect(two).toMatchObject({ type: 'template', fallback: { state: 'used', because: 'not-eligible' } })
    await road.until(two.id, ended)
    expect([bodiesTo(first), bodiesTo(second)].map(bodies => bodies.map(({ type }) => type))).toEqual([
      ['template'],
      ['template'],
    ])

    await refusedAt(new Date(Date.now() - 25 * 3_600_000))
    simulator.setWaba(wabaId, { directSend: 'ELIGIBLE' })
    const three = (await send(third, { fallback: TEMPLATE })).body
    expect((await road.until(three.id, ended)).type).toBe('text')
  })

  test('it fails with Meta’s reason where no template is given', async () => {
    simulator.setWaba(wabaId, { directSend: 'BLOCKED' })
    const { body } = await send(stranger())
    const row = await road.until(body.id, ended)
    expect([row.status, row.error?.code]).toEqual(['FAILED', 139_200])
    expect(row.error?.nextStep).toContain('template')
  })
})
