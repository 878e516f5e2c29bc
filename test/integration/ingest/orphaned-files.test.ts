import { Readable } from 'node:stream'
import mongoose, { Types } from 'mongoose'
import { expect } from 'vitest'
import { deleteOrphanedFiles } from '#services/ingest/background/orphaned-files.ts'
import type { MediaRef } from '#shared/model/documents.ts'
import { gridfsStorage } from '#shared/storage/gridfs.ts'
import { audienceKey, mediaKey, thumbnailKey } from '#shared/storage/open.ts'
import { connectStore, type Store } from '#shared/store/connect.ts'
import { migrate } from '#shared/store/migrate.ts'
import { test as base } from '#test/support/world.ts'
import { createFixtureWorld, type FixtureWorld } from '#test/support/worlds/fixtures.ts'
import { log } from '#test/support/worlds/ingest.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const test = base.extend<{ fixtures: FixtureWorld }>({
  fixtures: async ({ world }, use) => {
    await using store = await connectStore(world.mongodbUri)
    await migrate(store)
    await use(await createFixtureWorld(store))
  },
})

const sweep = (store: Store, aheadMs: number) =>
  deleteOrphanedFiles(
    { store, storage: gridfsStorage(store.connection), log, now: () => new Date(Date.now() + aheadMs) },
    () => true,
  )
const db = (store: Store) => store.connection.db as NonNullable<typeof store.connection.db>
const namesIn = async (store: Store) => (await db(store).collection('files.files').distinct('filename')).toSorted()
const chunksIn = (store: Store) => db(store).collection('files.chunks').countDocuments()
const put = (store: Store, key: string) =>
  gridfsStorage(store.connection).put(key, Readable.from([Buffer.alloc(300_000, 'x')]), { contentType: 'image/png' })

test('a file that no row names is deleted after a day, and no other', async ({ fixtures: { store, sent } }) => {
  const [used, orphan] = [new Types.ObjectId(), new Types.ObjectId()]
  const content = { text: null, template: null, data: null, media: { id: used, state: 'STORED' } as MediaRef }
  const { tenantId } = await sent('wamid.file', { content })
  const stranger = new Types.ObjectId()
  const kept = [
    mediaKey(tenantId, used),
    thumbnailKey(tenantId, used),
    audienceKey(tenantId, new Types.ObjectId(), 1),
    `${tenantId}/imports/${new Types.ObjectId()}`,
    mediaKey(stranger, orphan),
  ]
  const orphans = [mediaKey(tenantId, orphan), thumbnailKey(tenantId, orphan)]
  for (const key of [...kept, ...orphans]) await put(store, key)
  await sweep(store, 23 * HOUR_MS)
  expect(await namesIn(store)).toEqual([...kept, ...orphans].toSorted())
  await sweep(store, 25 * HOUR_MS)
  expect(await namesIn(store)).toEqual(kept.toSorted())
  expect(await chunksIn(store)).toBe(2 * kept.length)
})

test('what a process left that died while it stored a file is deleted after a day', async ({ fixtures: { store } }) => {
  await put(store, 'finished')
  const bucket = new mongoose.mongo.GridFSBucket(db(store), { bucketName: 'files' })
  const upload = bucket.openUploadStream('cut off')
  await new Promise<void>((resolve, reject) => upload.write(Buffer.alloc(600_000), error => (error ? reject(error) : resolve())))
  upload.destroy()
  expect(await chunksIn(store)).toBeGreaterThan(2)
  await sweep(store, 23 * HOUR_MS)
  expect(await chunksIn(store)).toBeGreaterThan(2)
  await sweep(store, DAY_MS + HOUR_MS)
  expect([await namesIn(store), await chunksIn(store)]).toEqual([['finished'], 2])
})
