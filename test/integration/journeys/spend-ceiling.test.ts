import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MessageDoc } from '#shared/model/documents.ts'
import { countAll, numberEvents } from '#test/support/count-events.ts'
import { untilPasses, untilTrue } from '#test/support/until.ts'
import { openRoad, type Road, TEMPLATE } from '#test/support/worlds/road.ts'

const stack = new AsyncDisposableStack()
let road: Road
beforeAll(async () => {
  road = stack.use(await openRoad())
  stack.use(await road.startSender({ callTimeoutMs: 60_000, unknownDeadlineMs: 300_000 }))
})
afterAll(() => stack.disposeAsync())

const store = () => road.gateway.store
const spend = async () => (await road.call('GET', '/limits/spend', undefined, 'manager')).body.spend
const settings = (spendCeiling: object | null) => road.call('PUT', '/settings', { spendCeiling }, 'admin')

/** What the realtime process and the gateway's job do every moment. */
async function count(): Promise<void> {
  await numberEvents(store())
  await countAll(store())
}

const levels = async () => {
  const rows = await store().raw.events.find({ tenantId: road.tenantId, name: 'spend:changed' }).sort({ createdAt: 1 }).toArray()
  return rows.map(({ payload }) => payload.level)
}

/** Sets a ceiling of which the spend is this share. @returns the level */
async function spendIs(share: number, more: object = {}): Promise<string | null> {
  await settings({ amount: 1_000_000, of: 'cost' })
  await count()
  const { spent } = await spend()
  await settings({ amount: spent / share, of: 'cost', ...more })
  await count()
  return (await spend()).level
}

const template = async (to: string): Promise<string> =>
  (await road.call('POST', '/messages/send-template', { to, ...TEMPLATE })).body.id
const reply = async (to: string): Promise<string> => (await road.call('POST', '/messages/send', { to, text: 'Bonjour' })).body.id

const sent = ({ status }: MessageDoc) => status === 'SENT'
/** Senders read an account at most six seconds late: sends until a message waits for the spend. @returns its id */
async function untilHeld(send: () => Promise<string>): Promise<string> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const id = await send()
    const row = await road.until(id, row => row.dispatch?.reason === 'spend' || sent(row))
    if (row.status === 'QUEUED') return id
    await sleep(100)
  }
  throw new Error('nothing was held')
}
const MOST_TRIES = 300

let people = 212664000000
const nobody = () => String(++people)

test('[peers J] has a ceiling only when one is set; campaigns may not stop after templates', async () => {
  expect(await spend()).toBeNull()
  const answer = await settings({ amount: 10, of: 'cost', campaignsStopAt: 95, templatesStopAt: 90 })
  expect([answer.status, answer.body.errors[0].path]).toEqual([400, 'spendCeiling.campaignsStopAt'])
})

test('[peers J] what an account has spent raises the level, and a higher ceiling lowers it again', async () => {
  const to = await road.person()
  const { id } = (await road.call('POST', '/messages/send-template', { to, ...TEMPLATE })).body
  await road.until(id, ({ status }) => status === 'SENT')
  await settings({ amount: 1_000_000, of: 'cost' })
  await untilPasses(async () => {
    await count()
    expect((await spend()).spent).toBeGreaterThan(0)
  })
  const { spent, level } = await spend()
  expect(level).toBeNull()
  const levelAt = async (share: number) => {
    await settings({ amount: spent / share, of: 'cost' })
    await count()
    return (await spend()).level
  }
  expect([await levelAt(0.82), await levelAt(0.92), await levelAt(0.96), await levelAt(1.5)]).toEqual([
    'warning',
    'campaigns',
    'templates',
    'everything',
  ])
  expect(await levelAt(0.5)).toBeNull()
})

test('[peers J] templates wait before replies, a wait holds up nothing, and a higher ceiling ends it', async () => {
  const [first, other] = [await road.person(), await road.person()]
  expect(await spendIs(0.96)).toBe('templates')
  const held = await untilHeld(() => template(first))
  expect((await road.rowOf(held)).dispatch?.state).toBe('WAITING')
  expect((await road.call('GET', `/messages/by-id/${held}`)).body.waiting.reason).toBe('spend')
  // The reply passes it, in the same conversation.
  await road.until(await reply(first), sent)
  expect(await spendIs(1.5)).toBe('everything')
  const last = await untilHeld(() => reply(other))
  await settings(null)
  await count()
  await road.until(last, sent)
  await road.until(held, sent)
  expect((await levels()).slice(-1)).toEqual([null])
  expect(await spend()).toBeNull()
})

test('[peers J] what is sent reaches the ceiling, and nothing slips past once the senders have read it', async () => {
  await settings({ amount: 1_000_000, of: 'cost' })
  await count()
  const { spent } = await spend()
  // Four templates at 0.40 are allowed for.
  await settings({ amount: spent + 4 * 0.4, of: 'cost', campaignsStopAt: 100, templatesStopAt: 100 })
  await count()
  await untilPasses(async () => {
    await road.until(await template(nobody()), sent)
    await count()
    expect((await spend()).level).toBe('everything')
  })
  await untilHeld(() => template(nobody()))
  const late = Array.from({ length: 10 }, nobody)
  const ids = await Promise.all(late.map(template))
  await untilTrue(async () => (await Promise.all(ids.map(road.rowOf))).every(({ dispatch }) => dispatch?.reason === 'spend'))
  expect(late.flatMap(to => road.postsTo(to))).toEqual([])
})

test('[peers J] campaigns wait before anything else, and no more recipients are released', async () => {
  await settings(null)
  await count()
  // What the test before has left waiting goes first.
  const left = { tenantId: road.tenantId, status: 'QUEUED' as const, sendAt: null }
  await untilTrue(async () => (await store().raw.messages.countDocuments(left)) === 0)
  expect(await spendIs(0.91)).toBe('campaigns')
  const recipients = [nobody(), nobody()]
  const id = await startCampaign(recipients)
  // A template of its own still goes, later than a round of the release.
  await road.until(await template(nobody()), sent)
  expect(recipients.flatMap(to => road.postsTo(to))).toEqual([])
  await settings(null)
  await count()
  await untilTrue(async () => recipients.every(to => road.postsTo(to).length === 1))
  expect((await road.call('GET', `/campaigns/${id}`, undefined, 'manager')).body.status).toMatch(/RUNNING|COMPLETED/)
})

async function startCampaign(to: string[]): Promise<string> {
  const welcome = await store().models.templates.findOne({ tenantId: road.tenantId, name: 'welcome' }).lean()
  const variables = { [welcome?.variables[0]?.name ?? '1']: 'Salma' }
  const recipients = to.map(one => ({ to: one, variables }))
  const input = { name: 'Held', templateName: 'welcome', language: 'en_US', recipients }
  const { body } = await road.call('POST', '/campaigns', input, 'manager')
  const start = { expectedRecipients: recipients.length }
  await untilTrue(async () => (await road.call('POST', `/campaigns/${body.id}/start`, start, 'manager')).status === 202)
  return body.id
}
