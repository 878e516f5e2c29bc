import { randomBytes } from 'node:crypto'
import { Types } from 'mongoose'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { createSendLimits, limitsPrefix } from '#shared/limits/send-limits.ts'
import type { CampaignDoc, ClientDoc, Dispatch, Id, MessageDoc } from '#shared/model/documents.ts'
import { type CountBounds, countBacklog } from '#shared/store/dispatch/backlog.ts'
import { untilPasses } from '#test/support/until.ts'
import { createWorld } from '#test/support/world.ts'
import { type Gateway, openGateway, PEOPLE, type Person } from '#test/support/worlds/gateway.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'

const stack = new AsyncDisposableStack()
let gateway: Gateway
let demo: Id
let other: Id
/** A number of the demo tenant's that no other test's Redis keys know. */
let number: ClientDoc
beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld())))
  demo = (await userByEmail(gateway.store, PEOPLE.agent)).tenantId
  other = (await userByEmail(gateway.store, PEOPLE.other)).tenantId
})
afterAll(() => stack.disposeAsync())
beforeEach(async () => {
  const { raw } = gateway.store
  await raw.messages.deleteMany({ 'dispatch.state': { $exists: true } })
  await raw.campaigns.deleteMany({})
  await raw.clients.deleteMany({ tenantId: demo, isPrimary: false })
  await raw.clients.updateMany({}, { $set: { maxPerSecond: null, status: 'active' } })
  const wabaId = `8${randomBytes(4).readUInt32BE(0)}`
  const fresh = { phoneNumberId: `9${randomBytes(6).readUIntBE(0, 6)}`, wabaId, portfolioId: null }
  await raw.clients.updateOne({ tenantId: demo }, { $set: { ...fresh, throughput: 80, messagingLimit: 1000 } })
  number = (await raw.clients.findOne({ tenantId: demo })) as ClientDoc
  await call('PUT', '/limits', { messagesPerMinute: null, messagesPerDay: null }, 'admin')
})

const call = (method: string, path: string, body?: object, as: Person = 'manager') =>
  gateway.call(method, `/api/v1${path}`, { as, body })

/** Messages of the demo number's that wait like this, a second older each. */
async function wait(count: number, dispatch: Partial<Dispatch>, changes: Partial<MessageDoc> = {}): Promise<MessageDoc[]> {
  const row = (await gateway.store.raw.messages.findOne({ tenantId: demo, direction: 'OUTBOUND' })) as MessageDoc
  const base = { state: 'READY', priority: 'chat', attempt: 0, token: null, owner: null, leaseUntil: null }
  const rows = Array.from({ length: count }, (_, i) => ({
    ...row,
    _id: new Types.ObjectId(),
    phoneNumberId: number.phoneNumberId,
    wamid: null,
    idempotencyKey: null,
    status: 'QUEUED',
    createdAt: new Date(Date.now() - (i + 1) * 1000),
    dispatch: { ...base, nextStepAt: null, reason: null, deadlineAt: null, ...dispatch },
    ...changes,
  })) as MessageDoc[]
  await gateway.store.raw.messages.insertMany(rows)
  return rows
}

/** Campaigns of the demo number's with 2,500 recipients whose message is still to be made. */
async function campaigns(statuses: string[], changes: Partial<CampaignDoc> = {}): Promise<void> {
  const rows = statuses.map(status => ({
    _id: new Types.ObjectId(),
    tenantId: demo,
    name: 'October',
    phoneNumberId: number.phoneNumberId,
    template: { category: 'UTILITY' },
    perMinute: null,
    deletedAt: null,
    createdAt: new Date(),
    audience: { recipients: 2600 },
    released: 90,
    skipped: 10,
    status,
    ...changes,
  }))
  await gateway.store.raw.campaigns.insertMany(rows as unknown as CampaignDoc[])
}

/** Another number of the demo tenant's; it is gone before the next test. */
async function secondNumber(changes: Partial<ClientDoc> = {}): Promise<ClientDoc> {
  const phoneNumberId = `6${randomBytes(6).readUIntBE(0, 6)}`
  const second = { ...number, _id: new Types.ObjectId(), phoneNumberId, isPrimary: false, ...changes }
  await gateway.store.raw.clients.insertOne(second)
  return second
}

test('limits that somebody else has changed are not written over unseen', async () => {
  await call('PUT', '/limits', { messagesPerMinute: 600, numbers: [{ id: String(number._id), maxPerSecond: 5 }] }, 'admin')
  const stale = { messagesPerMinute: 700, expected: { messagesPerMinute: null } }
  const { status, body } = await call('PUT', '/limits', stale, 'admin')
  expect([status, body.errorCode, body.current.messagesPerMinute]).toEqual([409, 'CHANGED_MEANWHILE', 600])
  const numbers = (maxPerSecond: number | null) => [{ id: String(number._id), maxPerSecond }]
  const ofNumber = await call('PUT', '/limits', { numbers: numbers(9), expected: { numbers: numbers(null) } }, 'admin')
  expect([ofNumber.status, ofNumber.body.current.numbers]).toEqual([409, numbers(5)])
  const fresh = { numbers: numbers(9), messagesPerMinute: 700, expected: { numbers: numbers(5), messagesPerMinute: 600 } }
  expect((await call('PUT', '/limits', fresh, 'admin')).status).toBe(200)
  const now = (await call('GET', '/limits')).body
  expect([now.messagesPerMinute.own, now.numbers[0].maxPerSecond]).toEqual([700, 9])
})

describe('limits', () => {
  test('are shown with how much of them is used', async () => {
    await call('PUT', '/limits', { messagesPerMinute: 60, messagesPerDay: 1000 }, 'admin')
    const { redis, store } = gateway
    const limits = createSendLimits({ redis, prefix: limitsPrefix(store.connection.name) })
    const { phoneNumberId, wabaId } = number
    const initiates = { portfolioId: wabaId, limit: 1000 }
    const claim = {
      phoneNumberId,
      ratePerSecond: 80,
      tenantId: String(demo),
      wabaId,
      perMinute: 60,
      perDay: 1000,
      initiates,
      leadMs: 0,
    }
    const claims = [1, 2, 3].map(i => ({ ...claim, priority: 'chat' as const, leadMs: 0, contactKey: `p${i}` }))
    expect((await limits.decide(claims)).every(({ granted }) => granted)).toBe(true)
    await limits.slowDown(phoneNumberId)
    await limits.hold('campaign', phoneNumberId, 60_000)
    const { body } = await call('GET', '/limits')
    expect(body).toMatchObject({
      live: true,
      messagesPerMinute: { limit: 60, used: 3 },
      messagesPerDay: { limit: 1000, used: 3 },
      pair: { burst: 45, thenOneInSeconds: 6 },
    })
    const own = body.numbers.find((one: { phoneNumberId: string }) => one.phoneNumberId === phoneNumberId)
    expect(own).toMatchObject({
      throughput: 80,
      maxPerSecond: null,
      messagesPerSecond: 1,
      messagingLimit: { portfolioId: wabaId, limit: 1000, used: 3 },
      holds: [{ scope: 'campaign' }],
    })
    expect(own.slowFactor).toBeCloseTo(0.5, 1)
    expect(Date.parse(own.holds[0].until)).toBeGreaterThan(Date.now() + 50_000)
  })

  test('say so when their use cannot be read', async () => {
    const { redis } = gateway.deps
    const away = { time: () => Promise.reject(new Error('away')) }
    gateway.deps.redis = new Proxy(redis, { get: (real, name) => Reflect.get(name in away ? away : real, name) })
    const { status, body } = await call('GET', '/limits')
    gateway.deps.redis = redis
    expect([status, body.live, body.messagesPerMinute.used]).toEqual([200, false, null])
    expect(body.numbers[0]).toMatchObject({ slowFactor: null, holds: [] })
  })

  test('are set by admins, member by member, with an audit entry', async () => {
    const { body } = await call('PUT', '/limits', { messagesPerMinute: 30 }, 'admin')
    expect([body.messagesPerMinute.limit, body.messagesPerDay.limit]).toEqual([30, null])
    await call('PUT', '/limits', { messagesPerDay: 500, numbers: [{ id: String(number._id), maxPerSecond: 5 }] }, 'admin')
    const after = (await call('GET', '/limits')).body
    expect([after.messagesPerMinute.limit, after.messagesPerDay.limit]).toEqual([30, 500])
    expect(after.numbers[0]).toMatchObject({ throughput: 80, maxPerSecond: 5, messagesPerSecond: 0.5 })
    const traces = await gateway.store.raw.auditLog.find({ action: 'limits.write' }).sort({ _id: -1 }).limit(3).toArray()
    expect(traces.map(({ object, changes }) => [object.kind, changes])).toEqual([
      ['client', { maxPerSecond: { before: null, after: 5 } }],
      ['tenant', { messagesPerDay: { before: null, after: 500 } }],
      ['tenant', { messagesPerMinute: { before: null, after: 30 } }],
    ])
  })

  test("of the account are shared by its active numbers: each one's rate is its part", async () => {
    await secondNumber({ throughput: 80, maxPerSecond: 2 })
    const paused = await secondNumber({ status: 'paused' })
    const { body } = await call('PUT', '/limits', { messagesPerMinute: 600 }, 'admin')
    const rates = new Map(body.numbers.map((one: { id: string; messagesPerSecond: number }) => [one.id, one.messagesPerSecond]))
    expect([...rates.values()].toSorted()).toEqual([2, 4, 8])
    // Of one that does not send: what it would have.
    expect(rates.get(String(paused._id))).toBe(4)
  })

  test('refuse what is none, and whom it does not concern', async () => {
    const theirs = String((await gateway.store.raw.clients.findOne({ tenantId: other }))?._id)
    const put = async (body: object, as: Person = 'admin') => (await call('PUT', '/limits', body, as)).status
    expect(await put({ messagesPerMinute: 1 }, 'manager')).toBe(403)
    expect(await put({ messagesPerMinute: 0 })).toBe(400)
    expect(await put({ messagesPerHour: 5 })).toBe(400)
    expect(await put({ messagesPerMinute: 7, numbers: [{ id: theirs, maxPerSecond: 1 }] })).toBe(404)
    expect((await call('POST', '/limits/preview', { numbers: [{ id: theirs, maxPerSecond: 1 }] })).status).toBe(404)
    expect((await call('GET', '/limits')).body.messagesPerMinute.limit).toBeNull()
    expect((await call('GET', '/limits', undefined, 'agent')).status).toBe(403)
  })

  test('that are raised make due what waited for them', async () => {
    await call('PUT', '/limits', { messagesPerDay: 10 }, 'admin')
    const tomorrow = new Date(Date.now() + 20 * 3_600_000)
    const [limited] = await wait(1, { state: 'WAITING', reason: 'rate', nextStepAt: tomorrow })
    const [scheduled] = await wait(1, { state: 'WAITING', reason: 'scheduled', nextStepAt: tomorrow })
    const next = async (row: MessageDoc | undefined) =>
      (await gateway.store.raw.messages.findOne({ _id: row?._id as Id }))?.dispatch?.nextStepAt as Date
    await call('PUT', '/limits', { messagesPerDay: 5 }, 'admin')
    expect(await next(limited)).toEqual(tomorrow)
    await call('PUT', '/limits', { messagesPerDay: 1000 }, 'admin')
    await untilPasses(async () => expect((await next(limited)).getTime()).toBeLessThan(Date.now() + 1000))
    expect(await next(scheduled)).toEqual(tomorrow)
  })
})

describe('the backlog', () => {
  const backlog = async (as: Person = 'manager', query = '') => (await call('GET', `/backlog${query}`, undefined, as)).body
  const mine = (body: { data: { phoneNumberId: string }[] }) =>
    // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects
    body.data.find(({ phoneNumberId }) => phoneNumberId === number.phoneNumberId) as any

  test('shows what waits for what, how long, and when it is gone', async () => {
    const later = new Date(Date.now() + 3_600_000)
    await wait(3, {})
    await wait(5, { state: 'WAITING', reason: 'pair', nextStepAt: later })
    await wait(7, { state: 'WAITING', reason: 'scheduled', nextStepAt: later }, { createdAt: new Date(0) })
    await wait(2, { state: 'TAKEN' })
    await wait(160, { priority: 'campaign' })
    const { chat, campaign } = (await backlog()).total
    expect([chat.waiting, campaign.waiting, chat.isExact]).toEqual([17, 160, true])
    const own = mine(await backlog())
    expect(own).toMatchObject({ status: 'active', messagesPerSecond: 80 })
    expect(own.classes).toMatchObject([
      { class: 'chat', waiting: 17, reasons: { ready: 3, pair: 5, scheduled: 7, in_flight: 2 }, secondsLeft: 1 },
      { class: 'campaign', waiting: 160, reasons: { ready: 160 }, secondsLeft: 3 },
    ])
    expect(own.classes[0].oldestSeconds).toBeGreaterThanOrEqual(5)
    expect(own.classes[0].oldestSeconds).toBeLessThan(60)
    expect(own.classes[1].oldestSeconds).toBeGreaterThanOrEqual(160)
  })

  test('of many messages is estimated from the next due ones', async () => {
    await wait(40, { state: 'WAITING', reason: 'rate', nextStepAt: new Date(1_795_000_000_000) })
    await wait(10, { state: 'WAITING', reason: 'rate', priority: 'campaign', nextStepAt: new Date(1_795_000_000_000) })
    const count = async (bounds: CountBounds) =>
      (await countBacklog(gateway.store, number, bounds)).map(({ priority, count, isExact }) => [priority, count, isExact])
    expect((await count({ grouped: 51, counted: 1000 })).toSorted()).toEqual([
      ['campaign', 10, true],
      ['chat', 40, true],
    ])
    // Of one moment replies come first.
    expect(await count({ grouped: 40, counted: 1000 })).toEqual([['chat', 50, false]])
    expect(await count({ grouped: 40, counted: 45 })).toEqual([['chat', 45, false]])
  })

  test('counts recipients whose message is still to be made, and days that the messaging limit takes', async () => {
    await campaigns(['RUNNING', 'PAUSED', 'DONE'])
    expect(mine(await backlog()).classes[1]).toMatchObject({
      waiting: 5000,
      reasons: { audience: 2500, paused: 2500 },
      secondsLeft: 2 * 86_400,
    })
  })

  test('of a number that is held ends when it is resumed', async () => {
    await wait(4, { state: 'WAITING', reason: 'paused' })
    await wait(1, {})
    await gateway.store.raw.clients.updateOne({ _id: number._id }, { $set: { status: 'paused', pauseReason: 'token' } })
    const own = mine(await backlog())
    expect(own).toMatchObject({ status: 'paused', pauseReason: 'token', messagesPerSecond: 0 })
    expect(own.classes[0]).toMatchObject({ waiting: 5, reasons: { paused: 4, ready: 1 }, secondsLeft: null })
  })

  test('is tried with other limits before they are set', async () => {
    await wait(600, {})
    const input = { messagesPerMinute: 60, numbers: [{ id: String(number._id), maxPerSecond: 20 }] }
    const { body } = await call('POST', '/limits/preview', input)
    const left = (side: 'before' | 'after') => mine({ data: body[side] }).classes[0].secondsLeft
    expect([left('before'), left('after')]).toEqual([8, 600])
    expect((await call('GET', '/limits')).body.messagesPerMinute.limit).toBeNull()
    const slower = (await call('POST', '/limits/preview', { numbers: input.numbers })).body
    expect(mine({ data: slower.after }).classes[0].secondsLeft).toBe(30)
  })

  test('is tried within what the platform allows: without a limit of its own, that of the platform holds', async () => {
    const { tenants } = gateway.store.raw
    const ceilings = { messagesPerMinute: 60, messagesPerDay: null }
    await tenants.updateOne({ _id: demo }, { $set: { ceilings, limits: ceilings } })
    onTestFinished(async () => void (await tenants.updateOne({ _id: demo }, { $set: { ceilings: null } })))
    await wait(600, {})
    const { body } = await call('POST', '/limits/preview', { messagesPerMinute: null })
    expect(body.effects[0].secondsLeft.chat).toEqual({ before: 600, after: 600 })
    const above = await call('POST', '/limits/preview', { messagesPerMinute: 61 })
    expect([above.status, above.body.errorCode]).toEqual([422, 'LIMIT_ABOVE_CEILING'])
  })

  test('waits longer where numbers share what the account allows itself', async () => {
    const second = await secondNumber()
    await call('PUT', '/limits', { messagesPerMinute: 600 }, 'admin')
    await wait(100, {})
    await wait(300, {}, { phoneNumberId: second.phoneNumberId })
    const left = (
      body: { data: { clientId: string; messagesPerSecond: number; classes: { secondsLeft: number }[] }[] },
      id: Id,
    ) => body.data.flatMap(one => (one.clientId === String(id) ? [[one.messagesPerSecond, one.classes[0]?.secondsLeft]] : []))[0]
    const shared = await backlog()
    expect([left(shared, number._id), left(shared, second._id)]).toEqual([
      [5, 20],
      [5, 40],
    ])
  })

  test('is tried with other limits, and shows the effect on the other numbers of the account', async () => {
    const near = await secondNumber()
    const far = await secondNumber({ wabaId: '77', portfolioId: '78' })
    await call('PUT', '/limits', { messagesPerMinute: 600 }, 'admin')
    await wait(100, {})
    await wait(300, {}, { phoneNumberId: near.phoneNumberId })
    await campaigns(['RUNNING'], { phoneNumberId: far.phoneNumberId })
    await gateway.store.raw.clients.updateOne({ _id: far._id }, { $set: { messagingLimit: null } })
    const slow = { numbers: [{ id: String(number._id), maxPerSecond: 1 }] }
    const { body } = await call('POST', '/limits/preview', slow)
    const effectOn = ({ _id }: ClientDoc, from = body) =>
      from.effects.find(({ clientId }: { clientId: string }) => clientId === String(_id))
    expect(effectOn(number)).toMatchObject({
      isNamed: true,
      shares: [],
      messagesPerSecond: { before: 5, after: 1 },
      secondsLeft: { chat: { before: 20, after: 100 } },
    })
    expect(effectOn(near)).toMatchObject({
      isNamed: false,
      shares: ['minute', 'account', 'messagingLimit'],
      messagesPerSecond: { before: 5, after: 9 },
      secondsLeft: { chat: { before: 40, after: 34 } },
    })
    // Campaigns go when all replies have gone: what the slow number leaves is theirs.
    expect(effectOn(far)).toMatchObject({
      isNamed: false,
      shares: ['minute'],
      messagesPerSecond: { before: 0, after: 0 },
      secondsLeft: { campaign: { before: 290, after: 290 } },
      campaigns: [{ name: 'October', left: 2500, secondsLeft: { before: 290, after: 290 } }],
    })
    const faster = (await call('POST', '/limits/preview', { messagesPerMinute: null })).body
    expect(effectOn(far, faster)).toMatchObject({ shares: ['minute'], secondsLeft: { campaign: { before: 290, after: 32 } } })
    expect((await call('GET', '/limits')).body.messagesPerMinute.limit).toBe(600)
  })

  test("is the tenant's own, for platform admins everybody's", async () => {
    await wait(2, {})
    const phoneNumberId = `7${randomBytes(6).readUIntBE(0, 6)}`
    await gateway.store.raw.clients.updateOne({ tenantId: other }, { $set: { phoneNumberId } })
    // A row of another tenant's under a number that is the demo tenant's now.
    await wait(3, {}, { tenantId: other })
    await wait(4, {}, { tenantId: other, phoneNumberId })
    expect(mine(await backlog()).classes[0].waiting).toBe(2)
    expect(JSON.stringify(await backlog())).not.toContain(phoneNumberId)
    expect((await call('GET', '/backlog?scope=all', undefined, 'admin')).status).toBe(403)
    const all = await backlog('platform', '?scope=all')
    expect(all.data.map((one: { phoneNumberId: string }) => one.phoneNumberId)).toEqual([phoneNumberId, number.phoneNumberId])
    expect(all).toMatchObject({ isWhole: true, total: { chat: { waiting: 6 } } })
    expect((await call('GET', '/backlog', undefined, 'agent')).status).toBe(403)
  })
})
