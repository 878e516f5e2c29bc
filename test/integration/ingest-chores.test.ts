import { expect } from 'vitest'
import { createChores, startChores } from '#services/ingest/chores.ts'
import { createRecording, newPace } from '#services/ingest/recorder.ts'
import { parkedDropped } from '#shared/process/metrics.ts'
import { connectStore, type Store } from '#shared/store/connect.ts'
import type { ClientDoc, EventDoc } from '#shared/store/documents.ts'
import { migrate } from '#shared/store/migrate.ts'
import { createFixtureWorld, deliveryOf, type FixtureWorld, readFixture, tell } from '#test/support/fixture-world.ts'
import { log } from '#test/support/ingest.ts'
import { eventually } from '#test/support/realtime.ts'
import { test as base } from '#test/support/world.ts'

const NUMBER = '1054543651068213'
const HOUR_MS = 3_600_000
const queue = { publish: async () => undefined }
const storage = { delete: async () => undefined }

const test = base.extend<{ fixtures: FixtureWorld }>({
  fixtures: async ({ world }, use) => {
    await using store = await connectStore(world.mongodbUri)
    await migrate(store)
    await use(await createFixtureWorld(store))
    await store.connection.dropDatabase()
  },
})

const choresOf = (store: Store, aheadMs: number) =>
  createChores({ store, queue, storage, log, now: () => new Date(Date.now() + aheadMs) })
const counted = async () => (await parkedDropped.get()).values[0]?.value ?? 0

function recordingOf(store: Store) {
  const events = { publish: async () => undefined, settled: async () => undefined }
  return createRecording({ store, log, queue: null as never, events, pace: newPace() })
}

test('what waits for a message is dropped and counted after a day, not before', async ({ fixtures: { store, sent } }) => {
  const before = await counted()
  const record = recordingOf(store)
  const status = readFixture('status-delivered')
  await record([deliveryOf(status), deliveryOf(readFixture('message-revoke'))])
  const waiting = () => store.raw.pendingStatuses.countDocuments()
  await choresOf(store, 23 * HOUR_MS).drop()
  expect([await waiting(), await counted()]).toEqual([2, before])
  await choresOf(store, 25 * HOUR_MS).drop()
  expect([await waiting(), await counted()]).toEqual([0, before + 2])
  expect(await tell(store)).toContain('event status IGNORED: its message never came')
  await sent(status.entry[0].changes[0].value.statuses[0].id)
  await record([deliveryOf(status)])
  expect(await tell(store)).toContain('message out text QUEUED "sent before"')
})

const clientOf = (store: Store) => store.raw.clients.findOne({ phoneNumberId: NUMBER })
const pause = (store: Store, fields: Partial<ClientDoc>) =>
  store.raw.clients.updateOne({ phoneNumberId: NUMBER }, { $set: { status: 'paused', pauseReason: 'account', ...fields } })

test('a number goes on when its restriction has ended, and tells so; others stay held', async ({ fixtures: { store } }) => {
  await recordingOf(store)([deliveryOf(readFixture('account-update-account-restriction'))])
  const until = (await clientOf(store))?.repliesOnly?.until as Date
  await pause(store, { restrictedUntil: until })
  const { release } = choresOf(store, until.getTime() - Date.now() - HOUR_MS)
  await release()
  expect(await clientOf(store)).toMatchObject({ status: 'paused' })
  await choresOf(store, until.getTime() - Date.now() + HOUR_MS).release()
  expect(await clientOf(store)).toMatchObject({
    status: 'active',
    pauseReason: null,
    statusReason: null,
    restrictedUntil: null,
    repliesOnly: null,
  })
  const events = await store.raw.events.find({ _id: /^c:/, 'payload.status': 'active' } as object).toArray()
  // The pause of the first, and that both may write first again.
  expect(events.map(({ payload }: EventDoc) => payload.reason)).toEqual([null, null, null])
  await pause(store, {})
  await choresOf(store, until.getTime() - Date.now() + HOUR_MS).release()
  expect(await clientOf(store)).toMatchObject({ status: 'paused' })
})

test('of several processes one does the chores', async ({ fixtures: { store } }) => {
  await pause(store, { restrictedUntil: new Date(Date.now() - HOUR_MS) })
  await using _first = await startChores({ store, queue, storage, log })
  await using _second = await startChores({ store, queue, storage, log })
  await eventually(async () => expect(await clientOf(store)).toMatchObject({ status: 'active' }))
  expect(await store.raw.events.countDocuments({ name: 'client:status' })).toBe(1)
})
