import { createServer } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { examine } from '#deploy/doctor/examine.ts'
import { type Finding, report } from '#deploy/doctor/finding.ts'
import { checkClock } from '#deploy/doctor/meta.ts'
import { listen } from '#shared/process/health.ts'
import { APP_SECRET, log, VERIFY_TOKEN } from '#test/support/worlds/ingest.ts'
import { APP_ID, type Onboarding, openOnboarding } from '#test/support/worlds/onboarding.ts'

const stack = new AsyncDisposableStack()
let o: Onboarding
beforeAll(async () => {
  o = stack.use(await openOnboarding())
})
afterAll(() => stack.disposeAsync())

const settings = () => ({
  NODE_ENV: 'test',
  BASE_URL: 'https://linko.test',
  SIMULATOR_WEBHOOK_URL: o.webhookUrl,
  MONGODB_URI: o.world.mongodbUri,
  RABBITMQ_URL: o.world.rabbitmqUrl,
  REDIS_URL: o.world.redisUrl,
  META_GRAPH_URL: o.simulator.url,
  META_APP_ID: APP_ID,
  META_APP_SECRET: APP_SECRET,
  META_WEBHOOK_VERIFY_TOKEN: VERIFY_TOKEN,
  TOKEN_ENCRYPTION_KEY: '11'.repeat(32),
})
const statesOf = (findings: Finding[]) => Object.fromEntries(findings.map(({ check, state }) => [check, state]))
const RIGHT = {
  app: 'ok',
  'app webhooks': 'ok',
  'webhook fields': 'ok',
  webhook: 'ok',
  'wrong verify token': 'ok',
  'webhook signature': 'ok',
  clock: 'ok',
  broker: 'ok',
  database: 'ok',
  'file storage': 'ok',
  redis: 'ok',
}

test('[ON-27] the doctor finds nothing wrong with an installation that works, and changes nothing', async () => {
  const before = await o.store.raw.clients.find({}).toArray()
  const findings = await examine(settings(), log)
  expect(statesOf(findings)).toMatchObject(RIGHT)
  expect(await o.store.raw.clients.find({}).toArray()).toEqual(before)
  expect(o.simulator.calls({}).data.filter(({ method }) => method !== 'GET')).toEqual([])
})

test.for<[string, Record<string, string>, Record<string, string>]>([
  ['another app secret', { META_APP_SECRET: 'another-secret-of-the-app' }, { app: 'failed', 'webhook signature': 'failed' }],
  ['another verify token', { META_WEBHOOK_VERIFY_TOKEN: 'another-verify-token' }, { webhook: 'failed' }],
  ['no app', { META_APP_ID: '' }, { app: 'failed' }],
  [
    'an address where nobody listens',
    { SIMULATOR_WEBHOOK_URL: 'http://127.0.0.1:9/api/v1/webhook' },
    { webhook: 'failed', 'app webhooks': 'failed' },
  ],
  ['no database', { MONGODB_URI: '' }, { database: 'failed' }],
  ['no broker', { RABBITMQ_URL: '' }, { broker: 'failed' }],
  ['no Redis', { REDIS_URL: '' }, { redis: 'failed' }],
  ['no key', { TOKEN_ENCRYPTION_KEY: '' }, { 'token keys': 'failed' }],
  ['another key', { TOKEN_ENCRYPTION_KEY: '77'.repeat(32) }, { 'token keys': 'failed' }],
])('[ON-27] the doctor names what is wrong, and the cure: %s', async ([, changes, expected]) => {
  const env = Object.fromEntries(Object.entries({ ...settings(), ...changes }).filter(([, value]) => value !== ''))
  const findings = await examine(env, log)
  expect(statesOf(findings)).toMatchObject(expected)
  for (const { state, cure } of findings) if (state === 'failed') expect(cure).toMatch(/\w/)
  expect(report(findings).join('\n')).not.toContain('another-secret')
})

test('[ON-27] the doctor names the fields that the app is not subscribed to, with what is lost', async () => {
  const { fields } = o.simulator.sim.world.app
  o.simulator.app({ fields: ['messages'] })
  const [finding] = (await examine(settings(), log)).filter(({ check }) => check === 'webhook fields')
  o.simulator.app({ fields })
  expect(finding).toMatchObject({ state: 'failed', text: expect.stringContaining('account_update (bans') })
})

test('[ON-27] the doctor sees a clock that differs from Meta’s', async () => {
  await using server = await listen(
    createServer((_request, response) => void response.writeHead(404).end()),
    '127.0.0.1',
    0,
  )
  const config = { META_GRAPH_URL: `http://127.0.0.1:${server.port}` } as Parameters<typeof checkClock>[0]
  expect((await checkClock(config)).state).toBe('ok')
  expect((await checkClock(config, () => Date.now() + 120_000)).state).toBe('failed')
})
