import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { startFakeS3 } from '#test/support/fake-s3.ts'
import { listFiles, ObjectNotFound } from './object-storage.ts'
import { s3Storage } from './s3.ts'

const BUCKET = 'files'

/** A bucket in memory; with `S3_TEST_ENDPOINT` the bucket `files` of a real service, which has to be empty. */
async function openBucket() {
  const service = process.env.S3_TEST_ENDPOINT ? null : await startFakeS3(BUCKET)
  const endpoint = service?.endpoint ?? process.env.S3_TEST_ENDPOINT
  const storage = s3Storage({ bucket: BUCKET, ...(endpoint && { endpoint }), accessKeyId: 'a', secretAccessKey: 'b' })
  onTestFinished(async () => {
    for (const { key } of await listFiles(storage, '')) await storage.delete(key)
    await storage[Symbol.asyncDispose]()
    await service?.[Symbol.asyncDispose]()
  })
  return { storage, service }
}

const textFile = { contentType: 'text/plain' }
const of = (content: string | Buffer) => Readable.from([Buffer.from(content)])

test('a file is stored, read whole and in part, replaced and deleted', async () => {
  const { storage } = await openBucket()
  await storage.put('t/a b/é', of('hello'), textFile)
  expect(await text(await storage.get('t/a b/é'))).toBe('hello')
  expect(await text(await storage.get('t/a b/é', { start: 1, end: 3 }))).toBe('ell')
  await storage.put('t/a b/é', of('other'), textFile)
  expect(await text(await storage.get('t/a b/é'))).toBe('other')
  await storage.delete('t/a b/é')
  await storage.delete('t/a b/é')
  await expect(storage.get('t/a b/é')).rejects.toBeInstanceOf(ObjectNotFound)
})

test('a file of several parts is whole; one whose stream fails is not there, and its parts are given up', async () => {
  const { storage, service } = await openBucket()
  const content = randomBytes(12 * 1024 * 1024)
  const chunks = Array.from({ length: 12 }, (_, i) => content.subarray(i * 1024 * 1024, (i + 1) * 1024 * 1024))
  await storage.put('t/large', Readable.from(chunks), textFile)
  expect((await buffer(await storage.get('t/large'))).equals(content)).toBe(true)
  const cut = Readable.from(
    (function* () {
      yield* chunks.slice(0, 8)
      throw new Error('cut off')
    })(),
  )
  await expect(storage.put('t/cut', cut, textFile)).rejects.toThrow('cut off')
  await expect(storage.get('t/cut')).rejects.toBeInstanceOf(ObjectNotFound)
  expect(service?.unfinished() ?? 0).toBe(0)
})

test('[F55] all files of a prefix are listed, over several pages, and no others', async () => {
  const { storage } = await openBucket()
  const keys = ['t/campaigns/1/1', 't/campaigns/1/2', 't/campaigns/1/3', 't/campaigns/2/1', 't/campaigns/2/2']
  for (const key of [...keys, 't/imports/1', 'u/campaigns/1/1']) await storage.put(key, of('x'), textFile)
  const listed = await listFiles(storage, 't/campaigns/')
  expect(listed.map(({ key }) => key).toSorted()).toEqual(keys)
  for (const { storedAt } of listed) expect(Math.abs(Date.now() - storedAt.getTime())).toBeLessThan(86_400_000)
  expect(await listFiles(storage, 't/none/')).toEqual([])
})
