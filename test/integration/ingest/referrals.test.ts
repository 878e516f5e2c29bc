import { afterAll, beforeAll, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createRecording, newPace } from '#services/ingest/recorder/recorder.ts'
import type { SentCommand } from '#shared/store/connect.ts'
import { tracesOf } from '#test/support/traces.ts'
import { createWorld } from '#test/support/world.ts'
import { deliveryOf } from '#test/support/worlds/fixtures.ts'
import { type Gateway, openGateway, type Person } from '#test/support/worlds/gateway.ts'
import { log } from '#test/support/worlds/ingest.ts'

const stack = new AsyncDisposableStack()
const commands: SentCommand[] = []
let gateway: Gateway
let record: (from: string, ad: string | null, secondsAgo?: number) => Promise<string[]>

beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld()), {}, command => commands.push(command)))
  const events = { publish: async () => undefined, settled: async () => undefined }
  const recording = createRecording({ store: gateway.store, queue: gateway.queue, log, events, pace: newPace() })
  let count = 0
  record = async (from, ad, secondsAgo = 0) => {
    commands.length = 0
    await recording([deliveryOf(inbound(from, ad, ++count, secondsAgo), new Date())])
    return commands
      .map(({ name, command }) => `${name} ${command[name]}`)
      .filter(isOfMessage)
      .toSorted()
  }
})
afterAll(() => stack.disposeAsync())

function inbound(from: string, ad: string | null, n: number, secondsAgo: number) {
  const { phoneNumberId, wabaId } = DEMO_TENANTS.demo
  const referral = {
    source_url: 'https://fb.me/x',
    source_type: 'ad',
    source_id: ad,
    headline: `About ${ad}`,
    ctwa_clid: `clid.${ad}`,
  }
  const timestamp = String(Math.floor(Date.now() / 1000) - secondsAgo)
  const message = { from, id: `wamid.ad.${n}`, timestamp, type: 'text', text: { body: 'Bonjour' }, ...(ad && { referral }) }
  const contacts = [{ wa_id: from, profile: { name: 'Nadia' } }]
  const value = { metadata: { phone_number_id: phoneNumberId }, contacts, messages: [message] }
  return { entry: [{ id: wabaId, changes: [{ field: 'messages', value }] }] }
}

/** Settings and numbers are read again when their copies are some seconds old. */
const isOfMessage = (command: string) => !/ (tenants|clients|pipelines)$/.test(command)

const call = (path: string, as: Person = 'admin', method = 'GET') => gateway.call(method, `/api/v1${path}`, { as })
const idsOf = async (adId: string, as?: Person): Promise<string[]> =>
  (await call(`/conversations?adId=${adId}`, as)).body.data.map(({ contact }: { contact: { waId: string } }) => contact.waId)

test('[peers F] conversation, contact and lead say which ad brought the customer, whichever message comes first', async () => {
  await record('212661850001', 'ad-second', 10)
  await record('212661850001', 'ad-first', 20)
  await record('212661850001', null)
  const [conversation] = (await call('/conversations?q=212661850001')).body.data
  expect(conversation.lastReferral).toEqual({
    ...{ sourceId: 'ad-second', sourceType: 'ad', headline: 'About ad-second', ctwaClid: 'clid.ad-second' },
    at: expect.any(String),
  })
  expect((await call('/contacts?q=212661850001')).body.data[0].firstReferral).toMatchObject({ sourceId: 'ad-first' })
  expect((await call('/leads?q=212661850001')).body.data[0].referral).toMatchObject({ sourceId: 'ad-second' })
})

test('[peers F] conversations are listed by the ad that brought their customers last, of the own account alone', async () => {
  await record('212661850002', 'ad-list')
  await record('212661850003', 'ad-list')
  await record('212661850004', 'ad-other')
  await record('212661850005', null)
  expect((await idsOf('ad-list')).toSorted()).toEqual(['212661850002', '212661850003'])
  expect(await idsOf('ad-none')).toEqual([])
  expect(await idsOf('ad-list', 'other')).toEqual([])
  await record('212661850003', 'ad-other', -1)
  expect(await idsOf('ad-list')).toEqual(['212661850002'])
})

test('a message from an ad takes no other commands to the database than one from none', async () => {
  await record('212661850010', null)
  await record('212661850011', 'ad-count')
  const without = await record('212661850012', null)
  expect(await record('212661850013', 'ad-count')).toEqual(without)
  const again = await record('212661850012', null)
  expect(await record('212661850013', 'ad-count')).toEqual(again)
})

test('an erasure takes the ad with the person', async () => {
  await record('212661850020', 'ad-erased')
  const { id } = (await call('/contacts?q=212661850020')).body.data[0]
  expect((await call(`/contacts/${id}`, 'admin', 'DELETE')).status).toBe(200)
  expect(await tracesOf(gateway.store, ['ad-erased'])).toEqual([])
})
