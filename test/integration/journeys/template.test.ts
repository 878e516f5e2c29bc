import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createSimulator } from '#deploy/simulator/simulator.ts'
import { orderDueSyncs } from '#services/gateway/templates/order-syncs.ts'
import { runSyncs } from '#services/gateway/templates/run-syncs.ts'
import { createReceiver } from '#services/ingest/receiver/receiver.ts'
import { startRecorder } from '#services/ingest/recorder/recorder.ts'
import { listen } from '#shared/process/health.ts'
import { untilTrue } from '#test/support/until.ts'
import { createWorld } from '#test/support/world.ts'
import { openGateway } from '#test/support/worlds/gateway.ts'
import { APP_SECRET, keyring, log, VERIFY_TOKEN } from '#test/support/worlds/ingest.ts'

const { wabaId } = DEMO_TENANTS.demo
const HOUR_MS = 3_600_000

/** The gateway, a Meta that reviews so slowly that no two of its reports come in one second, and ingest, which receives them. */
async function openRoad() {
  await using stack = new AsyncDisposableStack()
  const simulator = stack.use(await createSimulator({ appSecret: APP_SECRET, reviewMs: 1100 }))
  const gateway = stack.use(await openGateway(stack.use(await createWorld()), { META_GRAPH_URL: simulator.url }))
  const { store, queue } = gateway
  stack.use(await startRecorder({ store, queue, log }))
  const app = createReceiver({ queue, spool: null, secrets: [APP_SECRET], verifyToken: VERIFY_TOKEN, log })
  const server = stack.use(await listen(createServer(app), '127.0.0.1', 0))
  simulator.app({ webhookUrl: `http://127.0.0.1:${server.port}/api/v1/webhook` })
  const { events, meta, now } = gateway.deps
  const everyMs = { tokenEveryMs: HOUR_MS, healthEveryMs: HOUR_MS, templatesEveryMs: 6 * HOUR_MS }
  const deps = { store, events, meta, app: null, version: 'v25.0', keyring, log, now, ...everyMs }
  async function check(): Promise<void> {
    await orderDueSyncs(deps)
    await runSyncs(deps, () => true)
  }
  const call = (method: string, path: string, body?: object) => gateway.call(method, `/api/v1${path}`, { as: 'manager', body })
  const until = async (id: string, status: string) => {
    await untilTrue(async () => (await call('GET', `/templates/${id}`)).body.status === status)
    return (await call('GET', `/templates/${id}`)).body
  }
  const opened = stack.move()
  return { simulator, gateway, call, until, check, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

const HELLO = {
  name: 'interview',
  language: 'fr',
  category: 'UTILITY',
  body: 'Bonjour {{1}}, votre entretien est confirmé.',
  variables: [{ position: 1, name: 'who', example: 'Salma' }],
}

test("Meta's review comes home by webhook, and an approved template is sent", async () => {
  await using road = await openRoad()
  const { body } = await road.call('POST', '/templates', HELLO)
  await road.until(body.id, 'APPROVED')
  const sent = { to: '+212661000101', templateId: body.id, variables: { who: 'Salma' } }
  expect((await road.call('POST', '/messages/send-template', sent)).status).toBe(202)
  await road.call('PATCH', `/templates/${body.id}`, { body: 'Bonjour {{1}}, votre entretien est reporté.' })
  expect(await road.until(body.id, 'APPROVED')).toMatchObject({ variables: [{ name: 'who' }] })
  expect((await road.call('DELETE', `/templates/${body.id}`)).body.status).toBe('DISABLED')
  const refused = await road.call('POST', '/messages/send-template', sent)
  expect([refused.status, refused.body.errorCode]).toEqual([422, 'TEMPLATE_NOT_APPROVED'])
})

test('a rejected template says why; mended, it is reviewed again', async () => {
  await using road = await openRoad()
  const { body } = await road.call('POST', '/templates', { ...HELLO, body: 'Bonjour {{1}}, au casino ce soir.' })
  const rejected = await road.until(body.id, 'REJECTED')
  expect(rejected.reason).toContain('ABUSIVE_CONTENT')
  expect((await road.call('PATCH', `/templates/${body.id}`, { body: 'Bonjour {{1}}, au bureau ce soir.' })).status).toBe(200)
  expect((await road.until(body.id, 'APPROVED')).reason).toBeNull()
})

test('a template that was made at Meta is here soon after its first webhook', async () => {
  await using road = await openRoad()
  await road.check()
  const components = [{ type: 'BODY', text: 'Bonjour à tous.' }]
  const made = road.simulator.template({ wabaId, name: 'made_there', language: 'fr', category: 'UTILITY', components })
  road.simulator.review(made.id, { status: 'APPROVED' })
  const { clients, templates } = road.gateway.store.raw
  await untilTrue(async () => (await clients.countDocuments({ wabaId, nextTemplateSyncAt: null })) > 0)
  await road.check()
  expect(await templates.findOne({ name: 'made_there' })).toMatchObject({ status: 'APPROVED', metaTemplateId: made.id })
})
