import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { countForReports } from '#services/gateway/analytics/count.ts'
import { sign } from '#shared/meta/signature.ts'
import { emptiedFields } from '#shared/model/erased-message.ts'
import { CountedElsewhere, followEvents } from '#shared/store/analytics/follow.ts'
import { beginRebuild, findAnalyticsState } from '#shared/store/analytics/states.ts'
import { latestSeq } from '#shared/store/events/sequence.ts'
import { countAll, numberEvents } from '#test/support/count-events.ts'
import { untilPasses, untilTrue } from '#test/support/until.ts'
import { webhookOf } from '#test/support/webhooks.ts'
import { APP_SECRET, log } from '#test/support/worlds/ingest.ts'
import { openRoad, type Road, TEMPLATE } from '#test/support/worlds/road.ts'

const stack = new AsyncDisposableStack()
let road: Road
beforeAll(async () => {
  road = stack.use(await openRoad())
  stack.use(await road.startSender({ callTimeoutMs: 60_000, unknownDeadlineMs: 300_000 }))
})
afterAll(() => stack.disposeAsync())

const store = () => road.gateway.store
const report = async (path: string, as: 'manager' | 'platform' | 'agent' = 'manager') =>
  (await road.call('GET', `/analytics/${path}`, undefined, as)).body

let written = 0
const AD = { source_id: '1202998877', source_type: 'ad', source_url: 'https://fb.me/x', headline: 'Jobs in Fès' }

/** A customer writes; the webhook was sent `secondsAgo`. @param referral where they came from */
async function writes(from: string, secondsAgo = 0, referral?: object): Promise<void> {
  const wamid = `wamid.analytics.${++written}`
  const timestamp = String(Math.floor(Date.now() / 1000) - secondsAgo)
  const value = {
    metadata: { phone_number_id: DEMO_TENANTS.demo.phoneNumberId },
    contacts: [{ wa_id: from, profile: { name: 'Nadia' } }],
    messages: [{ from, id: wamid, timestamp, type: 'text', text: { body: 'Bonjour' }, ...(referral && { referral }) }],
  }
  const raw = JSON.stringify(webhookOf(value, DEMO_TENANTS.demo.wabaId))
  const headers = { 'content-type': 'application/json', 'x-hub-signature-256': sign(raw, APP_SECRET) }
  await fetch(road.webhookUrl, { method: 'POST', body: raw, headers })
  await untilTrue(async () => (await store().models.messages.countDocuments({ tenantId: road.tenantId, wamid })) === 1)
}

async function sent(path: string, body: object, status: string, more: object = {}): Promise<string> {
  const { id } = (await road.call('POST', path, body)).body
  const { wamid, contactKey } = await road.until(id, row => row.status === 'SENT')
  if (status !== 'SENT') {
    await road.report(wamid as string, contactKey, status.toLowerCase(), more)
    await road.until(id, row => row.status === status)
  }
  return id
}

/** Counters without their generation, to be compared. */
async function counters() {
  const cells = await store().raw.analyticsCells.find({ tenantId: road.tenantId }).toArray()
  return cells
    .map(({ _id, generation, tenantId, counts, ...cell }) => [JSON.stringify(cell), nonZero(counts)] as const)
    .filter(([, counts]) => Object.keys(counts).length > 0)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
}
const nonZero = (counts: Record<string, Record<string, number>>) =>
  Object.fromEntries(
    Object.entries(counts)
      .map(([group, names]) => [group, Object.fromEntries(Object.entries(names).filter(([, value]) => value !== 0))] as const)
      .filter(([, names]) => Object.keys(names).length > 0),
  )

async function counted(): Promise<void> {
  // The recorder writes the last events of what the test has seen.
  await road.gateway.project()
  await untilPasses(async () => {
    await numberEvents(store())
    await countAll(store())
    expect(await store().raw.events.countDocuments({ seq: null })).toBe(0)
    const state = await findAnalyticsState(store(), road.tenantId)
    expect(state?.cursor).toBe(await latestSeq(store(), String(road.tenantId)))
  })
}

const OF_TEMPLATE = `messages?template=${TEMPLATE.templateName}`
const SERVICE = { billable: true, pricing_model: 'PMP', type: 'regular', category: 'service' }

describe('[peers 51] reports', () => {
  /** The demo's own messages. */
  let before: Record<'messages' | 'template' | 'hours' | 'others', Record<string, number>>

  beforeAll(async () => {
    const people = [await road.person(), await road.person(), await road.person()] as const
    await counted()
    const others = (await road.call('GET', '/analytics/messages', undefined, 'other')).body.totals
    const totals = async (path: string) => (await report(path)).totals
    before = { messages: await totals('messages'), template: await totals(OF_TEMPLATE), hours: await totals('hours'), others }
    await writes(people[0], 100)
    await writes(people[0], 50, AD)
    await sent('/messages/send', { to: people[0], text: 'Bonjour' }, 'READ', { pricing: SERVICE })
    await sent('/messages/send', { to: people[0], text: 'Encore' }, 'DELIVERED', { pricing: SERVICE })
    await sent('/messages/send-template', { to: people[1], ...TEMPLATE }, 'SENT')
    const errors = [{ code: 131026, title: 'Message undeliverable' }]
    await sent('/messages/send-template', { to: people[2], ...TEMPLATE }, 'FAILED', { errors })
    const conversation = await road.conversationOf(people[0])
    await road.call('PUT', `/conversations/${conversation._id}/status`, { status: 'closed' })
    await road.call('PUT', `/conversations/${conversation._id}/status`, { status: 'closed' })
    await counted()
  })

  test('count messages by day, number, template, agent and origin, with how far they came', async () => {
    const day = await report('messages')
    expect(day.data).toHaveLength(30)
    expect(differenceOf(before.messages, day.totals)).toEqual({ received: 2, sent: 3, delivered: 2, read: 1, failed: 1 })
    expect(day.data.at(-1)).toMatchObject({ key: day.to, name: day.to, received: expect.any(Number) })
    const sums = Object.keys(day.totals).map(name => [name, day.data.reduce((sum: number, row: never) => sum + row[name], 0)])
    expect(Object.fromEntries(sums)).toEqual(day.totals)
    const template = (await report('messages?by=template')).data.find(({ key }: { key: string }) => key === TEMPLATE.templateName)
    expect(differenceOf(before.template, template)).toMatchObject({ sent: 1, delivered: 0, failed: 1 })
    const agents = await report('messages?by=agent')
    expect(agents.data.map(({ name }: { name: string }) => name)).toContain('Demo Agent')
    const origins = (await report(`${OF_TEMPLATE}&by=origin`)).data.find(({ key }: { key: string }) => key === 'dashboard')
    expect(origins).toMatchObject({ failed: 1 })
    const numbers = await report('messages?by=number')
    expect(numbers.data).toHaveLength(1)
    expect(numbers.data[0]).toMatchObject(day.totals)
  })

  test('say why messages failed and when customers write', async () => {
    const { data } = await report('failures')
    expect(data).toMatchObject([{ code: 131026, key: null, messages: 1 }])
    expect(data[0].sentence.length).toBeGreaterThan(10)
    const hours = await report('hours')
    expect(hours.totals.messages - (before.hours.messages as number)).toBe(2)
  })

  test('[peers F] say which ads brought customers', async () => {
    const { data, totals } = await report('ads')
    expect(data).toContainEqual({ adId: AD.source_id, headline: AD.headline, messages: 1 })
    expect(totals.messages).toBe(data.reduce((sum: number, { messages }: { messages: number }) => sum + messages, 0))
    const file = await road.call('GET', '/analytics/ads/export.csv', undefined, 'manager')
    expect(file.body).toContain(`${AD.source_id},${AD.headline},1`)
  })

  test("[MS-04] set the company's prices beside what Meta bills, less the free replies of the month", async () => {
    const cost = await report('cost?by=category')
    const service = cost.data.find(({ key }: { key: string }) => key === 'service')
    expect(service).toMatchObject({ cost: {}, metaCost: { USD: 0.046 }, reported: 2, unknownRates: 0 })
    const utility = cost.data.find(({ key }: { key: string }) => key === 'utility')
    expect(utility.cost.MAD).toBeCloseTo(0.4 * utility.messages, 6)
    expect(cost.bill.freeReplies).toBe(2)
    expect(cost.bill.amounts.USD).toBeCloseTo(cost.totals.metaCost.USD - 0.046, 6)
    expect((await report('cost?template=application_received')).bill).toBeNull()
    expect((await report('cost?by=country')).data.map(({ key }: { key: string }) => key)).toContain('MA')
  })

  test('cost by account is for platform admins', async () => {
    const answer = await road.call('GET', '/analytics/cost?by=tenant', undefined, 'manager')
    expect([answer.status, answer.body.errorCode]).toEqual([403, 'FORBIDDEN'])
    const all = await report('cost?by=tenant', 'platform')
    const own = await report('cost')
    expect(all.data.find(({ key }: { key: string }) => key === String(road.tenantId))).toMatchObject(own.totals)
  })

  test('know how long customers waited: for the first answer, and until the conversation was closed', async () => {
    const { totals } = await report('response-times')
    expect(totals.reply.count).toBe(1)
    expect(Math.abs(totals.reply.medianMs - 100_000)).toBeLessThan(60_000)
    expect(totals.reply.p90Ms).toBe(totals.reply.medianMs)
    // The person had got a template a moment before.
    expect([totals.first.count, totals.resolution.count]).toEqual([0, 1])
    expect((await report('response-times?by=agent')).data.map(({ name }: { name: string }) => name)).toContain('Demo Agent')
  })

  test('can be had as files', async () => {
    for (const name of ['messages', 'failures', 'hours', 'cost', 'response-times']) {
      const { status, headers, body } = await road.call('GET', `/analytics/${name}/export.csv`, undefined, 'manager')
      expect([status, headers.get('content-type')]).toEqual([200, 'text/csv; charset=utf-8'])
      expect(body.split('\n').length).toBeGreaterThan(2)
    }
    const empty = await road.call('GET', '/analytics/failures/export.csv?from=2020-01-01&to=2020-01-02', undefined, 'manager')
    expect(empty.body.trim()).toContain('code,key,title')
  })

  test('refuse days in the wrong order and more than 400', async () => {
    for (const range of ['from=2026-02-01&to=2026-01-01', 'from=2024-01-01&to=2026-01-01'])
      expect((await report(`messages?${range}`)).errorCode).toBe('RANGE_INVALID')
  })

  test('are the same when they are built anew from the messages', async () => {
    const kept = await counters()
    expect(kept.length).toBeGreaterThan(3)
    const state = await findAnalyticsState(store(), road.tenantId)
    await store().raw.countedMessages.deleteMany({ tenantId: road.tenantId })
    const cursor = await latestSeq(store(), String(road.tenantId))
    await beginRebuild(store(), road.tenantId, state?.timezone ?? '', cursor)
    // Nothing is missing while they are built.
    expect((await report('messages')).totals.read).toBeGreaterThan(0)
    await countAll(store())
    expect((await findAnalyticsState(store(), road.tenantId))?.generation).toBe((state?.generation ?? 0) + 1)
    expect(await counters()).toEqual(kept)
    expect((await findAnalyticsState(store(), road.tenantId))?.months).toEqual(state?.months)
  })

  test('count once what two processes count at the same time, and what is counted again', async () => {
    const to = await road.person()
    await Promise.all(Array.from({ length: 5 }, () => sent('/messages/send', { to, text: 'Bonjour' }, 'SENT')))
    await counted()
    const kept = await counters()
    const state = await findAnalyticsState(store(), road.tenantId)
    if (state === null) throw new Error('no state')
    // The cursor goes back, as after a crash before a commit; two processes find the same events.
    await store().raw.analyticsStates.updateOne({ _id: state._id, tenantId: state.tenantId }, { $set: { cursor: 0 } })
    const round = () => countForReports({ store: store(), events: road.gateway.deps.events, log, now: () => new Date() })
    await Promise.all([round(), round()])
    await counted()
    expect(await counters()).toEqual(kept)
    const stale = { ...state, cursor: 0 }
    await expect(followEvents(store(), stale, new Date())).rejects.toThrow(CountedElsewhere)
  })

  test('keep what was counted of a person who is erased, also when they are built anew', async () => {
    const to = await road.person()
    const id = await sent('/messages/send-template', { to, ...TEMPLATE }, 'DELIVERED')
    await counted()
    const kept = await counters()
    const { _id, conversationId } = await road.rowOf(id)
    const mark = { at: new Date(), pseudonym: 'erased-1' }
    await store().raw.messages.updateMany(
      { tenantId: road.tenantId, conversationId },
      { $set: { ...emptiedFields(mark), erasedAt: mark.at } },
    )
    const state = await findAnalyticsState(store(), road.tenantId)
    await beginRebuild(store(), road.tenantId, state?.timezone ?? '', await latestSeq(store(), String(road.tenantId)))
    await countAll(store())
    expect(await counters()).toEqual(kept)
    expect((await store().raw.countedMessages.findOne({ _id, tenantId: road.tenantId }))?.cell?.country).toBe('MA')
  })

  test('begin a day at midnight of the account: another time zone builds them anew', async () => {
    const generation = (await findAnalyticsState(store(), road.tenantId))?.generation ?? 0
    await road.call('PUT', '/settings', { timezone: 'Pacific/Kiritimati' }, 'admin')
    await countAll(store())
    const state = await findAnalyticsState(store(), road.tenantId)
    expect([state?.timezone, state?.generation]).toEqual(['Pacific/Kiritimati', generation + 1])
    expect((await report('messages')).timezone).toBe('Pacific/Kiritimati')
    expect((await report('messages')).totals.read).toBeGreaterThan(0)
  })

  test('another account sees nothing of them', async () => {
    const { body } = await road.call('GET', '/analytics/messages', undefined, 'other')
    expect(body.totals).toEqual(before.others)
    expect((await road.call('GET', '/analytics/messages')).status).toBe(403)
  })
})

const differenceOf = (a: Record<string, number>, b: Record<string, number>) =>
  Object.fromEntries(Object.keys(a).map(key => [key, (b[key] as number) - (a[key] as number)]))
