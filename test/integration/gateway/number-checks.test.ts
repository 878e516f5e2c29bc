import { Types } from 'mongoose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createSimulator, type Simulator } from '#deploy/simulator/simulator.ts'
import { GATEWAY_LEASE, startBackground } from '#services/gateway/background.ts'
import type { BackgroundDeps, ConnectionJobDeps } from '#services/gateway/numbers/background-deps.ts'
import { checkHealth } from '#services/gateway/numbers/check-health.ts'
import { checkTokens } from '#services/gateway/numbers/check-tokens.ts'
import { rewriteTokens } from '#services/gateway/numbers/rewrite-tokens.ts'
import { openAccessToken, sealAccessToken } from '#shared/auth/client-tokens.ts'
import { createKeyring } from '#shared/auth/encryption.ts'
import type { ClientDoc, LeaseDoc } from '#shared/model/documents.ts'
import { pauseClient } from '#shared/store/numbers/clients.ts'
import { untilTrue } from '#test/support/until.ts'
import { createWorld } from '#test/support/world.ts'
import { type Gateway, openGateway } from '#test/support/worlds/gateway.ts'
import { keyring, log } from '#test/support/worlds/ingest.ts'

const { phoneNumberId, wabaId, accessToken: TOKEN } = DEMO_TENANTS.demo
const OWN_WEBHOOK = 'https://linko.example/api/v1/webhook'
const APP = { id: '918273645500112', secret: 'secret-of-the-app' }
const DAY_MS = 86_400_000
const inDays = (days: number) => Date.now() + days * DAY_MS

let stack: AsyncDisposableStack
let gateway: Gateway
let simulator: Simulator
let deps: BackgroundDeps & Pick<ConnectionJobDeps, 'webhook'>

beforeEach(async () => {
  stack = new AsyncDisposableStack()
  simulator = stack.use(await createSimulator({ appId: APP.id, appSecret: APP.secret }))
  const env = { META_GRAPH_URL: simulator.url, META_APP_ID: APP.id, META_APP_SECRET: APP.secret }
  gateway = stack.use(await openGateway(stack.use(await createWorld()), env))
  const { store } = gateway
  const { events, meta, now } = gateway.deps
  const everyMs = { tokenEveryMs: DAY_MS, healthEveryMs: 3_600_000, templatesEveryMs: DAY_MS }
  const webhook = { url: OWN_WEBHOOK, verifyToken: null }
  deps = { store, events, meta, app: APP, version: 'v25.0', keyring, log, now, webhook, ...everyMs }
})
afterEach(() => stack.disposeAsync())

const number = async () => (await gateway.store.raw.clients.findOne({ phoneNumberId })) as ClientDoc
const set = (fields: Partial<ClientDoc>) => gateway.store.raw.clients.updateOne({ phoneNumberId }, { $set: fields })
const due = () => set({ nextTokenCheckAt: null, nextHealthCheckAt: null })
const check = (changes: Partial<BackgroundDeps> = {}) => checkTokens({ ...deps, ...changes })
async function emitted(): Promise<unknown[]> {
  const rows = await gateway.store.raw.events
    .find({ name: 'client:status', clientId: (await number())._id })
    .sort({ at: 1 })
    .toArray()
  return rows.map(({ payload: { status, reason, changed } }) => ({ status, reason, ...(changed !== undefined && { changed }) }))
}

describe('a token', () => {
  test('is asked about once a day; what Meta says of it is stored', async () => {
    await check()
    const first = await number()
    expect(first).toMatchObject({ tokenValid: true, status: 'active', tokenCheckedAt: expect.any(Date) })
    expect(first.tokenScopes).toContain('whatsapp_business_messaging')
    expect((first.tokenExpiry?.getTime() ?? 0) - Date.now()).toBeGreaterThan(59 * DAY_MS)
    const aheadMs = (first.nextTokenCheckAt?.getTime() ?? 0) - Date.now()
    expect(aheadMs).toBeGreaterThan(0.89 * DAY_MS)
    expect(aheadMs).toBeLessThan(1.11 * DAY_MS)
    await check()
    expect((await number()).tokenCheckedAt).toEqual(first.tokenCheckedAt)
    expect(await emitted()).toEqual([])
  })

  test('that is not valid any more pauses its number, whose banner names the cause', async () => {
    simulator.refuseToken(TOKEN, { code: 190, subcode: 460 })
    await check()
    expect(await number()).toMatchObject({
      status: 'paused',
      pauseReason: 'token',
      pauseCode: 190,
      tokenValid: false,
      statusReason: expect.stringContaining('password'),
    })
    expect(await emitted()).toEqual([{ status: 'paused', reason: 'token' }])
  })

  test('is announced once as near its end, and not again when it is replaced', async () => {
    simulator.token({ token: TOKEN, wabaIds: [wabaId], expiresAt: inDays(6) })
    await check({ app: null })
    await due()
    await check({ app: null })
    expect(await emitted()).toEqual([{ status: 'active', reason: 'token-expiring' }])
    expect((await number()).notices).toMatchObject([{ type: 'TOKEN_EXPIRING', severity: 'WARNING' }])
    simulator.token({ token: TOKEN, wabaIds: [wabaId], expiresAt: inDays(60) })
    await due()
    await check({ app: null })
    expect((await number()).notices).toEqual([])
    expect(await emitted()).toHaveLength(1)
  })

  test('that ends soon is exchanged for a new one, stored encrypted; numbers that share it are asked about once', async () => {
    simulator.token({ token: TOKEN, wabaIds: [wabaId], expiresAt: inDays(6) })
    const { tenantId } = await number()
    const _id = new Types.ObjectId()
    const accessToken = sealAccessToken(keyring, { _id, tenantId }, TOKEN)
    const sibling = { ...(await number()), _id, phoneNumberId: '1054543651069001', accessToken }
    await gateway.store.raw.clients.insertOne(sibling)
    await check()
    const rows = await gateway.store.raw.clients.find({ tenantId }).toArray()
    const tokens = rows.map(row => openAccessToken(keyring, row))
    expect(new Set(tokens).size).toBe(1)
    expect(tokens[0]).not.toBe(TOKEN)
    for (const row of rows) expect((row.tokenExpiry?.getTime() ?? 0) - Date.now()).toBeGreaterThan(59 * DAY_MS)
    expect(await emitted()).toEqual([])
    const traces = await gateway.store.connection.collection('auditLog').find({ action: 'clients.renewToken' }).toArray()
    expect(traces).toHaveLength(2)
    expect(JSON.stringify(traces)).not.toContain(tokens[0] as string)
  })

  test('cannot be checked while Meta is away or does not know our app: nothing is paused, and it is asked again soon', async () => {
    for (const app of [APP, { ...APP, secret: 'wrong' }]) {
      if (app === APP) simulator.faults([{ match: { path: '/debug_token' }, times: 5, effect: { reset: true } }])
      await due()
      await check({ app })
      const row = await number()
      expect(row).toMatchObject({ status: 'active' })
      expect((row.nextTokenCheckAt?.getTime() ?? 0) - Date.now()).toBeLessThan(20 * 60_000)
      simulator.reset()
    }
    expect(await emitted()).toEqual([])
  })

  test('that Meta calls valid ends the pause that a refusal made, once an hour; other pauses stay', async () => {
    const { tenantId, _id: clientId } = await number()
    const pause = (code: number) => pauseClient(gateway.store, { tenantId, clientId, reason: 'token', detail: 'x', code })
    await pause(190)
    await check()
    expect(await number()).toMatchObject({ status: 'active', pauseReason: null, pauseCode: null })
    await pause(190)
    await check()
    expect(await number()).toMatchObject({ status: 'paused' })
    await set({ tokenResumedAt: null, status: 'active' })
    await pause(10)
    await check()
    expect(await number()).toMatchObject({ status: 'paused', pauseCode: 10 })
  })
})

describe('rotation of keys', () => {
  const OLD = `old:${'11'.repeat(32)}`
  const NEW = `new:${'22'.repeat(32)}`
  const enqueue = (keys: string) => createKeyring({ TOKEN_ENCRYPTION_KEYS: keys })

  test('[F54] moves every token under the first key, after which the old one may go', async () => {
    const old = enqueue(OLD)
    const { _id, tenantId } = await number()
    await set({ accessToken: sealAccessToken(old, { _id, tenantId }, TOKEN) })
    await rewriteTokens({ ...deps, keyring: enqueue(`${NEW},${OLD}`) })
    const row = await number()
    expect(row.accessToken).toMatch(/^v1:new:/)
    expect(openAccessToken(enqueue(NEW), row)).toBe(TOKEN)
    await due()
    await check({ keyring: enqueue(NEW) })
    expect(await number()).toMatchObject({ status: 'active', tokenValid: true })
  })

  test('[F54] a key that went too early pauses the number with a clear reason; put back, it goes on', async () => {
    const { _id, tenantId } = await number()
    await set({ accessToken: sealAccessToken(enqueue(OLD), { _id, tenantId }, TOKEN) })
    await check({ keyring: enqueue(NEW) })
    expect(await number()).toMatchObject({ status: 'paused', pauseReason: 'token', statusReason: expect.stringContaining('key') })
    await due()
    await check({ keyring: enqueue(`${NEW},${OLD}`) })
    expect(await number()).toMatchObject({ status: 'active' })
  })
})

describe('the fields of a number', () => {
  const look = () => checkHealth(deps)

  test('are read, written where they differ, and emitted', async () => {
    simulator.setNumber(phoneNumberId, { qualityRating: 'RED', throughput: 1000, verifiedName: 'Atlas' })
    await look()
    const row = await number()
    expect(row).toMatchObject({ qualityRating: 'RED', throughput: 1000, verifiedName: 'Atlas', metaStatus: 'CONNECTED' })
    expect(row.nextHealthCheckAt?.getTime()).toBeGreaterThan(Date.now() + 0.89 * 3_600_000)
    const [event] = (await emitted()) as { changed: string[] }[]
    expect(event?.changed.toSorted()).toEqual(['metaStatus', 'nameStatus', 'qualityRating', 'throughput', 'verifiedName'])
    await due()
    await look()
    expect(await emitted()).toHaveLength(1)
  })

  test('say where the webhooks go, without what may be secret in the address', async () => {
    const theirs = async () =>
      (await gateway.call('GET', `/api/v1/phone-numbers/${(await number())._id}`, { as: 'agent' })).body.webhookElsewhere
    simulator.app({ webhookUrl: OWN_WEBHOOK })
    await look()
    expect(await theirs()).toBeNull()
    simulator.app({ webhookUrl: 'https://user:pass@elsewhere.example/hook?key=1' })
    await due()
    await look()
    expect(await theirs()).toEqual({ url: 'https://elsewhere.example/hook', of: 'app', expected: OWN_WEBHOOK })
    expect(((await emitted()) as { changed: string[] }[]).at(-1)?.changed).toEqual(['webhookElsewhere'])
    const events = (await emitted()).length
    await due()
    await look()
    expect(await emitted()).toHaveLength(events)
    simulator.app({ webhookUrl: OWN_WEBHOOK })
    await due()
    await look()
    expect([await theirs(), (await emitted()).length]).toEqual([null, events + 1])
  })

  test('do not undo what a webhook reported later', async () => {
    simulator.setNumber(phoneNumberId, { throughput: 1000 })
    await set({ lastEventAt: { throughput: new Date(Date.now() + 60_000) }, throughput: 80 })
    await look()
    expect(await number()).toMatchObject({ throughput: 80, metaStatus: 'CONNECTED' })
  })

  test('refused for the token let the token be checked at once', async () => {
    await check()
    simulator.refuseToken(TOKEN)
    await look()
    expect((await number()).nextTokenCheckAt).toBeNull()
  })
})

describe('resume', () => {
  const resume = async (body: object = {}) =>
    gateway.call('POST', `/api/v1/phone-numbers/${(await number())._id}/resume`, { as: 'admin', body })

  test('is refused with the reason while the token is not valid, unless it is forced', async () => {
    simulator.refuseToken(TOKEN, { code: 190, subcode: 458 })
    await check()
    const refused = await resume()
    expect(refused.status).toBe(409)
    expect(refused.body).toMatchObject({ errorCode: 'TOKEN_INVALID', detail: expect.stringContaining('app was removed') })
    expect(await number()).toMatchObject({ status: 'paused' })
    expect((await resume({ force: true })).body).toMatchObject({ status: 'active' })
  })

  test('sends again with a valid token, and lets the fields be read at once', async () => {
    await checkHealth(deps)
    await check()
    const { tenantId, _id: clientId } = await number()
    await pauseClient(gateway.store, { tenantId, clientId, reason: 'payment', detail: 'x', code: 131042 })
    expect((await resume()).status).toBe(200)
    expect(await number()).toMatchObject({ status: 'active', nextHealthCheckAt: null })
    expect((await resume()).status).toBe(409)
  })

  test('does not wait for a Meta that is away', async () => {
    const { tenantId, _id: clientId } = await number()
    await pauseClient(gateway.store, { tenantId, clientId, reason: 'token', detail: 'x', code: 190 })
    simulator.faults([{ match: { path: '/debug_token' }, times: 5, effect: { reset: true } }])
    expect((await resume()).status).toBe(200)
  })
})

test('one gateway at a time runs the jobs, and another goes on when it stops', async () => {
  const leader = async () =>
    (await gateway.store.connection.collection<LeaseDoc>('leases').findOne({ _id: GATEWAY_LEASE.name }))?.owner
  await using first = await startBackground({
    ...deps,
    redis: gateway.redis,
    webhook: { url: 'http://linko.test', verifyToken: null },
    settingsNumber: null,
  })
  await untilTrue(async () => {
    const { tokenCheckedAt, healthCheckedAt } = await number()
    return !!tokenCheckedAt && !!healthCheckedAt
  })
  const owner = await leader()
  await using _second = await startBackground({
    ...deps,
    redis: gateway.redis,
    webhook: { url: 'http://linko.test', verifyToken: null },
    settingsNumber: null,
  })
  expect(await leader()).toBe(owner)
  await first[Symbol.asyncDispose]()
  await set({ tokenCheckedAt: null, nextTokenCheckAt: null })
  await untilTrue(async () => !!(await number()).tokenCheckedAt)
  expect(await leader()).not.toBe(owner)
})
