import { afterAll, beforeAll, expect, test } from 'vitest'
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

const sentTo = async (people: string[]) =>
  await store().raw.messages.countDocuments({
    tenantId: road.tenantId,
    type: 'template',
    contactKey: { $in: people },
    status: 'SENT',
  })

test('[peers J] has a ceiling only when one is set; campaigns may not stop after templates', async () => {
  expect(await spend()).toBeNull()
  const answer = await settings({ amount: 10, of: 'cost', campaignsStopAt: 95, templatesStopAt: 90 })
  expect([answer.status, answer.body.errors[0].path]).toEqual([400, 'spendCeiling.campaignsStopAt'])
})

test('[peers J] templates wait before replies, a wait holds up nothing, and a higher ceiling ends it', async () => {
  const first = await road.person()
  const others = [await road.person(), await road.person()] as const
  await count()
  await settings({ amount: 1_000_000 })
  const { spent, currency } = await spend()
  expect(currency).toBe('MAD')
  // What has been spent is 96 % of the ceiling, with room for replies, which cost nothing here.
  await settings({ amount: spent / 0.96 })
  await count()
  expect(await spend()).toMatchObject({ level: 'templates', of: 'cost' })
  const template = (await road.call('POST', '/messages/send-template', { to: first, ...TEMPLATE })).body
  const held = await road.until(template.id, ({ dispatch, status }) => dispatch?.reason === 'spend' || status !== 'QUEUED')
  expect([held.status, held.dispatch?.state]).toEqual(['QUEUED', 'WAITING'])
  expect((await road.call('GET', `/messages/by-id/${template.id}`)).body.waiting.reason).toBe('spend')
  // The reply passes it, in the same conversation.
  const reply = (await road.call('POST', '/messages/send', { to: first, text: 'Bonjour' })).body
  await road.until(reply.id, ({ status }) => status === 'SENT')
  await settings({ amount: spent / 1.5 })
  await count()
  expect((await spend()).level).toBe('everything')
  // Senders read the account at most six seconds late.
  let last = { status: 'SENT', id: '' }
  await untilPasses(async () => {
    const { id } = (await road.call('POST', '/messages/send', { to: others[0], text: 'Encore' })).body
    const row = await road.until(id, ({ dispatch, status }) => dispatch?.reason === 'spend' || status !== 'QUEUED')
    last = { status: row.status, id }
    expect(row.status).toBe('QUEUED')
  })
  await settings(null)
  await count()
  await road.until(last.id, ({ status }) => status === 'SENT')
  await road.until(template.id, ({ status }) => status === 'SENT')
  expect((await levels()).slice(-3)).toEqual(['templates', 'everything', null])
  expect(await spend()).toBeNull()
})

test('[peers J] what is sent reaches the ceiling, and nothing slips past once the senders have read it', async () => {
  const people = Array.from({ length: 40 }, (_, i) => String(212664000000 + i))
  await count()
  await settings({ amount: 1_000_000 })
  const { spent } = await spend()
  // Four templates at 0.40 are allowed for.
  await settings({ amount: spent + 4 * 0.4, of: 'cost', campaignsStopAt: 100, templatesStopAt: 100 })
  for (const to of people.slice(0, 4)) {
    const { id } = (await road.call('POST', '/messages/send-template', { to, ...TEMPLATE })).body
    await road.until(id, ({ status }) => status === 'SENT')
  }
  await count()
  expect((await spend()).level).toBe('everything')
  // Until a sender has read the account anew, messages slip past; from the first one that waits, none does.
  let sent = 4
  for (let isHeld = false; !isHeld; ) {
    const { id } = (await road.call('POST', '/messages/send-template', { to: people[sent], ...TEMPLATE })).body
    const row = await road.until(id, ({ dispatch, status }) => dispatch?.reason === 'spend' || status === 'SENT')
    isHeld = row.status === 'QUEUED'
    if (!isHeld) sent = Math.min(sent + 1, people.length - 20)
  }
  const late = people.slice(-10)
  for (const to of late) await road.call('POST', '/messages/send-template', { to, ...TEMPLATE })
  const held = { tenantId: road.tenantId, contactKey: { $in: late }, 'dispatch.reason': 'spend' as const }
  await untilTrue(async () => (await store().raw.messages.countDocuments(held)) === late.length)
  expect(await sentTo(late)).toBe(0)
})

test('[peers J] campaigns wait before anything else, and no more recipients are released', async () => {
  await settings({ amount: 1_000_000 })
  await count()
  // What the test before has left waiting goes first.
  const left = { tenantId: road.tenantId, status: 'QUEUED' as const, sendAt: null }
  await untilTrue(async () => (await store().raw.messages.countDocuments(left)) === 0)
  await count()
  const { spent } = await spend()
  await settings({ amount: spent / 0.91, of: 'cost' })
  await count()
  expect((await spend()).level).toBe('campaigns')
  const welcome = await store().models.templates.findOne({ tenantId: road.tenantId, name: 'welcome' }).lean()
  const variables = { [welcome?.variables[0]?.name ?? '1']: 'Salma' }
  const recipients = ['212665000001', '212665000002'].map(to => ({ to, variables }))
  const input = { name: 'Held', templateName: 'welcome', language: 'en_US', recipients }
  const made = await road.call('POST', '/campaigns', input, 'manager')
  expect([made.status, made.body.errors]).toEqual([201, undefined])
  const start = { expectedRecipients: 2 }
  await untilTrue(async () => (await road.call('POST', `/campaigns/${made.body.id}/start`, start, 'manager')).status === 202)
  // A template of its own still goes, later than a round of the release.
  const { id } = (await road.call('POST', '/messages/send-template', { to: '212665000003', ...TEMPLATE })).body
  await road.until(id, ({ status }) => status === 'SENT')
  const released = await store().raw.messages.countDocuments({
    tenantId: road.tenantId,
    contactKey: { $in: recipients.map(({ to }) => to) },
    status: 'SENT',
  })
  expect(released).toBe(0)
  await settings(null)
  await count()
  await untilTrue(async () => (await sentTo(recipients.map(({ to }) => to))) === 2)
})
