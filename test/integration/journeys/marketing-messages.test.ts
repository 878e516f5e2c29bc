import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createSimulator, type Simulator } from '#deploy/simulator/simulator.ts'
import type { MessageDoc } from '#shared/model/documents.ts'
import { untilTrue } from '#test/support/until.ts'
import { APP_SECRET } from '#test/support/worlds/ingest.ts'
import { openRoad, type Road, TEMPLATE } from '#test/support/worlds/road.ts'

const { wabaId } = DEMO_TENANTS.demo
const stack = new AsyncDisposableStack()
let road: Road
let simulator: Simulator
let people = 212664000000
const stranger = () => String(++people)

/** A marketing template. */
const OFFER = { templateName: 'job_opportunity', language: 'fr', variables: ['Salma', 'Comptable'] }
const CHOICE = { marketingMessages: true }

beforeAll(async () => {
  road = stack.use(await openRoad())
  simulator = stack.use(await createSimulator({ appSecret: APP_SECRET, webhookUrl: road.webhookUrl }))
  stack.use(await road.startSender({ metaUrl: simulator.url }))
})
afterAll(() => stack.disposeAsync())
beforeEach(() => simulator.setWaba(wabaId, { marketingMessages: 'ONBOARDED', marketingElsewhere: false }))

const send = (to: string, more: object = {}, path = '/messages/template') =>
  road.call('POST', path, { to, ...OFFER, ...CHOICE, ...more })
const ended = ({ status }: MessageDoc) => status !== 'QUEUED' && status !== 'SENT'
const policiesTo = (to: string) => simulator.messages({ to: `+${to}` }).data.map(({ body }) => (body as Body).product_policy)
interface Body {
  product_policy?: string
}

describe('[peers E] a marketing template by the Marketing Messages API', () => {
  test.for(['/messages/template', '/messages/send-template'])('goes by its endpoint, which the report tells: %s', async path => {
    const to = stranger()
    const { status, body } = await send(to, {}, path)
    expect([status, body.marketingMessages]).toEqual([202, { strict: false }])
    const row = await road.until(body.id, ended)
    expect(policiesTo(to)).toEqual(['CLOUD_API_FALLBACK'])
    expect(['DELIVERED', 'READ']).toContain(row.status)
    expect(row.metaCost).toMatchObject({ category: 'marketing_lite', amount: 0.0414, basis: 'reported' })
    expect(row.cost?.amount).toBe(body.cost.amount)
  })

  test('goes the ordinary way while Meta has not let the account in, unless nothing else is wanted', async () => {
    simulator.setWaba(wabaId, { marketingMessages: 'ELIGIBLE' })
    const first = await road.until((await send(stranger())).body.id, ended)
    expect(first.metaCost?.category).toBe('marketing')
    const to = stranger()
    const { body } = await send(to, { strict: true })
    expect(body.marketingMessages).toEqual({ strict: true })
    expect((await road.until(body.id, ended)).status).toBe('FAILED')
  })

  test('is refused for another category, and for what is no template', async () => {
    const utility = await road.call('POST', '/messages/template', { to: stranger(), ...TEMPLATE, ...CHOICE })
    expect([utility.status, utility.body.errorCode]).toEqual([422, 'NOT_MARKETING'])
    const text = { to: stranger(), type: 'text', text: { body: 'a' }, ...CHOICE }
    expect((await road.call('POST', '/messages', text)).status).toBe(400)
    expect((await send(stranger(), { marketingMessages: false, strict: true })).status).toBe(400)
  })

  test('keeps its way when it is sent again', async () => {
    const to = stranger()
    simulator.setWaba(wabaId, { marketingMessages: 'ELIGIBLE' })
    const { body } = await send(to, { strict: true })
    await road.until(body.id, ended)
    simulator.setWaba(wabaId, { marketingMessages: 'ONBOARDED' })
    expect((await road.call('POST', `/messages/by-id/${body.id}/retry`, {})).status).toBe(202)
    const row = await road.until(body.id, ({ status }) => status === 'DELIVERED' || status === 'READ')
    expect([row.marketingMessages, row.metaCost?.category]).toEqual(['STRICT', 'marketing_lite'])
  })

  test('keeps its way with other content before its time, where that is marketing', async () => {
    const sendAt = new Date(Date.now() + 3_600_000).toISOString()
    const { body } = await send(stranger(), { sendAt })
    const change = (content: object) => road.call('PATCH', `/messages/scheduled/${body.id}`, { content })
    expect((await change({ ...OFFER, variables: ['Nora', 'Comptable'] })).status).toBe(200)
    expect((await road.rowOf(body.id)).marketingMessages).toBe('CLOUD_API_FALLBACK')
    expect((await change(TEMPLATE)).status).toBe(200)
    expect((await road.rowOf(body.id)).marketingMessages).toBeNull()
  })
})

describe('[peers E] a campaign by the Marketing Messages API', () => {
  const campaign = (more: object) =>
    road.call('POST', '/campaigns', { name: 'Offers', ...OFFER, variables: undefined, ...more }, 'manager')

  test('sends all of its messages so', async () => {
    const to = [stranger(), stranger()]
    const variables = { ...(await variablesOf(OFFER.templateName)) }
    const { status, body } = await campaign({ ...CHOICE, recipients: to.map(one => ({ to: one, variables })) })
    expect([status, body.marketingMessages]).toEqual([201, { strict: false }])
    const start = { expectedRecipients: 2 }
    await untilTrue(async () => (await road.call('POST', `/campaigns/${body.id}/start`, start, 'manager')).status === 202)
    await untilTrue(async () => to.every(one => policiesTo(one).length === 1))
    expect(to.flatMap(policiesTo)).toEqual(['CLOUD_API_FALLBACK', 'CLOUD_API_FALLBACK'])
  })

  test('is refused for another category, and may leave the choice while it is a draft', async () => {
    const utility = await campaign({ templateName: TEMPLATE.templateName, ...CHOICE })
    expect([utility.status, utility.body.errorCode]).toEqual([422, 'NOT_MARKETING'])
    const { body } = await campaign({ ...CHOICE, strict: true })
    expect(body.marketingMessages).toEqual({ strict: true })
    const renamed = await road.call('PATCH', `/campaigns/${body.id}`, { name: 'Other' }, 'manager')
    expect(renamed.body.marketingMessages).toEqual({ strict: true })
    const left = await road.call('PATCH', `/campaigns/${body.id}`, { marketingMessages: false }, 'manager')
    expect(left.body.marketingMessages).toBeNull()
  })
})

describe('[peers E] the ordinary way', () => {
  test('says what to do where Meta takes marketing templates by the other alone', async () => {
    simulator.setWaba(wabaId, { marketingElsewhere: true })
    const row = await road.until((await send(stranger(), { marketingMessages: false })).body.id, ended)
    expect([row.status, row.error?.code]).toEqual(['FAILED', 131_063])
    expect(row.error?.nextStep).toContain('Marketing Messages API')
  })
})

async function variablesOf(name: string): Promise<Record<string, string>> {
  const template = await road.gateway.store.models.templates.findOne({ tenantId: road.tenantId, name }).lean()
  return Object.fromEntries((template?.variables ?? []).map(one => [one.name, 'Salma']))
}
