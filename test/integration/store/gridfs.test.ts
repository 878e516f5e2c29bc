import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { expect, onTestFinished } from 'vitest'
import { gridfsStorage } from '#shared/storage/gridfs.ts'
import { ObjectNotFound } from '#shared/storage/object-storage.ts'
import { connectStore } from '#shared/store/connect.ts'
import { test, type World } from '#test/support/world.ts'
import { log } from '#test/support/worlds/ingest.ts'

const TYPE = { contentType: 'x/y' }
const KEY = 'tenant/file'

async function open(world: World) {
  const store = await connectStore(world.mongodbUri, { log })
  onTestFinished(() => store[Symbol.asyncDispose]())
  const storage = gridfsStorage(store.connection)
  const rows = (collection: string) => store.connection.collection(collection)
  return { storage, read: async () => await buffer(await storage.get(KEY)), rows }
}

/** Content whose second half comes when the test says so. */
function inTwoHalves(fill: number) {
  const rest = Promise.withResolvers<void>()
  async function* content() {
    yield Buffer.alloc(300_000, fill)
    await rest.promise
    yield Buffer.alloc(300_000, fill)
  }
  return {
    stream: Readable.from(content(), { objectMode: false }),
    finish: rest.resolve,
    fail: rest.reject,
    whole: Buffer.alloc(600_000, fill),
  }
}

test.for(['first', 'second'] as const)(
  'two that write one file at once leave one of them whole; the %s ends first',
  async (ahead, { world }) => {
    const { storage, read, rows } = await open(world)
    const [first, second] = [inTwoHalves(1), inTwoHalves(2)]
    const putFirst = storage.put(KEY, first.stream, TYPE)
    const putSecond = storage.put(KEY, second.stream, TYPE)
    const order = ahead === 'first' ? [first, second] : [second, first]
    order[0]?.finish()
    await (ahead === 'first' ? putFirst : putSecond)
    const between = await read()
    expect(between.equals(order[0]?.whole as Buffer)).toBe(true)
    order[1]?.finish()
    await Promise.all([putFirst, putSecond])
    const after = await read()
    expect(after.equals(first.whole) || after.equals(second.whole)).toBe(true)
    expect(await rows('files.files').countDocuments({})).toBe(1)
    expect(await rows('files.chunks').countDocuments({})).toBe(Math.ceil(600_000 / (255 * 1024)))
  },
)

test('a file that breaks off leaves the earlier one as it is, and nothing of itself', async ({ world }) => {
  const { storage, read, rows } = await open(world)
  await storage.put(KEY, Readable.from([Buffer.from('earlier')]), TYPE)
  const broken = inTwoHalves(1)
  const put = storage.put(KEY, broken.stream, TYPE)
  broken.fail(new Error('the connection was cut'))
  await expect(put).rejects.toThrow('the connection was cut')
  expect(String(await read())).toBe('earlier')
  expect(await rows('files.chunks').countDocuments({})).toBe(1)
})

test('a file of an earlier version, whose id is its key, is read, replaced and deleted', async ({ world }) => {
  const { storage, read, rows } = await open(world)
  await storage.put(KEY, Readable.from([Buffer.from('of before')]), TYPE)
  const file = await rows('files.files').findOne({})
  await rows('files.files').deleteMany({})
  await rows('files.files').insertOne({ ...file, _id: KEY as never })
  await rows('files.chunks').updateMany({}, { $set: { files_id: KEY } })
  expect(String(await read())).toBe('of before')
  await storage.put(KEY, Readable.from([Buffer.from('of today')]), TYPE)
  expect(String(await read())).toBe('of today')
  expect(await rows('files.files').countDocuments({})).toBe(1)
  await storage.delete(KEY)
  await expect(storage.get(KEY)).rejects.toThrow(ObjectNotFound)
  expect(await rows('files.chunks').countDocuments({})).toBe(0)
})
