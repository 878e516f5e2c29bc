import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { readZip } from '#test/support/files/zip.ts'
import { jsonLines, type ZipEntry, zipOf } from './zip.ts'

const at = new Date('2026-11-29T10:00:00Z')

async function* listed<T>(...items: T[]): AsyncGenerator<T> {
  yield* items
}

test('a ZIP holds texts, bytes and streams under their names, in Unicode too', async () => {
  const entries = listed<ZipEntry>(
    { name: 'a.txt', at, content: 'text' },
    { name: 'media/été سيرة.bin', at, content: new Uint8Array([1, 2, 3]) },
    { name: 'rows.json', at, content: jsonLines(listed({ id: 1 }, { id: 2 })) },
    { name: 'stream', at, content: Readable.from([Buffer.from('one'), Buffer.from('two')]) },
    { name: 'none.json', at, content: jsonLines(listed()) },
  )
  const files = await readZip(await buffer(zipOf(entries)))
  expect(Object.keys(files)).toEqual(['a.txt', 'media/été سيرة.bin', 'rows.json', 'stream', 'none.json'])
  expect([files['a.txt'], files.stream].map(String)).toEqual(['text', 'onetwo'])
  expect([...(files['media/été سيرة.bin'] as Buffer)]).toEqual([1, 2, 3])
  expect([files['rows.json'], files['none.json']].map(file => JSON.parse(String(file)))).toEqual([[{ id: 1 }, { id: 2 }], []])
})

test('a file is opened when the reader has taken those before it', async () => {
  const opened: number[] = []
  async function* entries(): AsyncGenerator<ZipEntry> {
    for (let i = 0; i < 50; i++) {
      opened.push(i)
      yield { name: `${i}`, at, content: listed(new Uint8Array(64 * 1024)) }
    }
  }
  const zip = zipOf(entries())
  await new Promise(resolve => zip.once('readable', resolve))
  expect(opened.length).toBeLessThan(25)
  expect(Object.keys(await readZip(await buffer(zip)))).toHaveLength(50)
})

test('a file that cannot be read breaks the whole', async () => {
  async function* broken(): AsyncGenerator<string> {
    yield 'a'
    throw new Error('storage is away')
  }
  await expect(buffer(zipOf(listed({ name: 'a', at, content: broken() })))).rejects.toThrow('storage is away')
})
