import { expect } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createSimulator } from '#deploy/simulator/simulator.ts'
import { beginSignup } from '#services/gateway/onboarding/begin.ts'
import { runConnection } from '#services/gateway/onboarding/run.ts'
import { createMetaClient } from '#shared/meta/client.ts'
import type { MessageDoc } from '#shared/model/documents.ts'
import { createEventPublisher } from '#shared/queue/publish-events.ts'
import { untilTrue } from '#test/support/until.ts'
import { test } from '#test/support/world.ts'
import { log } from '#test/support/worlds/ingest.ts'
import { openSenderWorld, TOKEN } from '#test/support/worlds/sender.ts'

const { phoneNumberId, wabaId } = DEMO_TENANTS.demo
const APP = { id: '918273645500112', secret: 'secret-of-the-app-of-this-test' }
const COUNT = 1000
const LIMIT_MS = 900_000

test('[ON-14] a number that is paused for its token is connected again with a new one: all 1,000 waiting messages go out, once', {
  timeout: LIMIT_MS,
}, async ({ world }) => {
  await using simulator = await createSimulator({ appId: APP.id, appSecret: APP.secret })
  simulator.rules({ throughput: false })
  simulator.token({ token: TOKEN, wabaIds: [wabaId], refused: { code: 190, subcode: 460 } })
  await using w = await openSenderWorld(world, simulator.url, { phoneNumberId, wabaId, throughput: 80 })
  // An answer that a busy machine gives late is no unknown outcome.
  await using _sender = await w.startSender({ callTimeoutMs: 30_000, unknownDeadlineMs: LIMIT_MS })
  const messages: MessageDoc[] = []
  while (messages.length < COUNT) messages.push(w.messageIn(await w.addConversation()))
  await w.send(messages)
  const countOf = (filter: object) => w.store.raw.messages.countDocuments({ tenantId: w.tenantId, ...filter })
  await untilTrue(async () => (await w.number()).status === 'paused', LIMIT_MS)
  await untilTrue(async () => (await countOf({ status: 'QUEUED', 'dispatch.reason': 'paused' })) === COUNT, LIMIT_MS)
  expect(simulator.messages({ phoneNumberId }).data).toEqual([])

  await using meta = createMetaClient({ baseUrl: simulator.url, version: 'v25.0' })
  const events = createEventPublisher({ queue: w.queue, log })
  const { store, keyring } = w
  const deps = {
    store,
    keyring,
    events,
    meta,
    app: APP,
    log,
    now: () => new Date(),
    webhook: { url: 'http://linko.test', verifyToken: null },
  }
  const actor = { kind: 'system' as const, id: null, name: 'test' }
  const { code } = simulator.code({ wabaIds: [wabaId] })
  const begin = { tenantId: String(w.tenantId), actor, input: { phoneNumberId } }
  const begun = await beginSignup(deps, begin, { code, redirectUri: null }, async () => undefined)
  expect((await runConnection(deps, begun, LIMIT_MS)).state).toBe('DONE')

  await untilTrue(async () => (await countOf({ status: 'SENT' })) === COUNT, LIMIT_MS)
  const ids = simulator
    .messages({ phoneNumberId })
    .data.map(({ body }) => String((body as { biz_opaque_callback_data: string }).biz_opaque_callback_data.split(':')[2]))
  expect(ids.toSorted()).toEqual(messages.map(({ _id }) => String(_id)).toSorted())
  expect(await w.number()).toMatchObject({ _id: w.client._id, status: 'active', pauseReason: null })
})
