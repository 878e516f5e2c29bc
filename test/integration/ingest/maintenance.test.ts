import { Types } from 'mongoose'
import { expect } from 'vitest'
import { deleteDiscardedFiles } from '#services/ingest/background/discarded-files.ts'
import { dropParkedItems } from '#services/ingest/background/parked-items.ts'
import { endRestrictions } from '#services/ingest/background/restrictions.ts'
import { startBackground } from '#services/ingest/background.ts'
import { createRecording, newPace } from '#services/ingest/recorder/recorder.ts'
import type { ClientDoc, EventDoc, MediaRef } from '#shared/model/documents.ts'
import { parkedDropped } from '#shared/process/metrics.ts'
import { connectStore, type Store } from '#shared/store/connect.ts'
import { migrate } from '#shared/store/migrate.ts'
import { untilPasses } from '#test/support/until.ts'
import { test as base } from '#test/support/world.ts'
import { createFixtureWorld, deliveryOf, describeStore, type FixtureWorld, readFixture } from '#test/support/worlds/fixtures.ts'
import { log } from '#test/support/worlds/ingest.ts'

const NUMBER = '1054543651068213'
const HOUR_MS = 3_600_000
const queue = { publish: async () => undefined }
const storage = {
  delete: async () => undefined,
  list: async function* () {},
  deleteUnfinished: async () => 0,
}

const test = base.extend<{ fixtures: FixtureWorld }>({
  fixtures: async ({ world }, use) => {
    await using store = await connectStore(world.mongodbUri)
    await migrate(store)
    await use(await createFixtureWorld(store))
  },
})

/** The dependencies of the jobs, `aheadMs` from now. */
const depsOf = (store: Store, aheadMs = 0) => ({ store, queue, storage, log, now: () => new Date(Date.now() + aheadMs) })
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
  const waiting = () => store.raw.parkedItems.countDocuments()
  await dropParkedItems(depsOf(store, 23 * HOUR_MS))
  expect([await waiting(), await counted()]).toEqual([2, before])
  await dropParkedItems(depsOf(store, 25 * HOUR_MS))
  expect([await waiting(), await counted()]).toEqual([0, before + 2])
  expect(await describeStore(store)).toContain('event status IGNORED: its message never came')
  await sent(status.entry[0].changes[0].value.statuses[0].id)
  await record([deliveryOf(status)])
  expect(await describeStore(store)).toContain('event status PROCESSED')
  expect(await describeStore(store)).toContain('message out text DELIVERED "sent before" cost 0 service [delivered]')
})

const clientOf = (store: Store) => store.raw.clients.findOne({ phoneNumberId: NUMBER })
const pause = (store: Store, fields: Partial<ClientDoc>) =>
  store.raw.clients.updateOne({ phoneNumberId: NUMBER }, { $set: { status: 'paused', pauseReason: 'account', ...fields } })

test('a number goes on when its restriction has ended, and emits an event; others stay held', async ({ fixtures: { store } }) => {
  await recordingOf(store)([deliveryOf(readFixture('account-update-account-restriction'))])
  const until = (await clientOf(store))?.repliesOnly?.until as Date
  await pause(store, { restrictedUntil: until })
  await endRestrictions(depsOf(store, until.getTime() - Date.now() - HOUR_MS))
  expect(await clientOf(store)).toMatchObject({ status: 'paused' })
  await endRestrictions(depsOf(store, until.getTime() - Date.now() + HOUR_MS))
  expect(await clientOf(store)).toMatchObject({
    status: 'active',
    pauseReason: null,
    statusReason: null,
    restrictedUntil: null,
    repliesOnly: null,
  })
  const events = await store.raw.events.find({ _id: /^c:/, 'payload.status': 'active' } as object).toArray()
  // The end of the pause of the first, which may still only answer; then that both may write first again.
  expect(events.map(({ payload }: EventDoc) => payload.reason)).toEqual(['restricted', null, null])
  await pause(store, {})
  await endRestrictions(depsOf(store, until.getTime() - Date.now() + HOUR_MS))
  expect(await clientOf(store)).toMatchObject({ status: 'paused' })
})

test('of several processes one runs the jobs', async ({ fixtures: { store } }) => {
  await pause(store, { restrictedUntil: new Date(Date.now() - HOUR_MS) })
  await using _first = await startBackground(depsOf(store))
  await using _second = await startBackground(depsOf(store))
  await untilPasses(async () => expect(await clientOf(store)).toMatchObject({ status: 'active' }))
  expect(await store.raw.events.countDocuments({ name: 'client:status' })).toBe(1)
})

test('the file of a revoked message is deleted with its thumbnail a while later, unless it was forwarded', async ({
  fixtures: { store, sent },
}) => {
  const deleted: string[] = []
  const recordsDeletes = { delete: async (key: string) => void deleted.push(key) }
  const discardAfter = (ms: number) => deleteDiscardedFiles({ ...depsOf(store, ms), storage: { ...storage, ...recordsDeletes } })
  const media = (id: Types.ObjectId) => ({ text: null, template: null, data: null, media: { id, state: 'STORED' } as MediaRef })
  const [gone, forwarded] = [new Types.ObjectId(), new Types.ObjectId()]
  const { tenantId } = await sent('wamid.copy', { content: media(forwarded) })
  const record = recordingOf(store)
  for (const [wamid, id] of [
    ['wamid.gone', gone],
    ['wamid.forwarded', forwarded],
  ] as const) {
    await sent(wamid, { content: media(id), direction: 'INBOUND', status: 'RECEIVED' })
    await record([deliveryOf(revocationOf(wamid))])
  }
  await discardAfter(0)
  expect(deleted).toEqual([])
  await discardAfter(HOUR_MS)
  expect(deleted).toEqual([`${tenantId}/${gone}`, `${tenantId}/${gone}/thumbnail`])
  expect(await store.raw.discardedFiles.countDocuments()).toBe(0)
})

function revocationOf(wamid: string) {
  const revocation = { type: 'revoke', revoke: { original_message_id: wamid } }
  const message = { from: '212661000101', id: `${wamid}.revoked`, timestamp: '1795165200', ...revocation }
  const value = { metadata: { phone_number_id: NUMBER }, messages: [message] }
  return { entry: [{ id: '1', changes: [{ field: 'messages', value }] }] }
}
