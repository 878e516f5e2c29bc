import { Readable } from 'node:stream'
import { crc32, deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DOCX, XLSX } from '../domain/media/office-files.ts'
import { inspect, typeOfStored } from './inspection.ts'
import { ObjectNotFound } from './object-storage.ts'
import { zipNames } from './zip-names.ts'

/** A ZIP with its entries in the given order. With `isStreamed` their sizes stand behind them, as Google and scripts write it. */
function zipOf(entries: [name: string, text: string][], isStreamed = false): Buffer {
  const [files, directory]: [Buffer[], Buffer[]] = [[], []]
  let at = 0
  for (const [name, text] of entries) {
    const [title, packed] = [Buffer.from(name), deflateRawSync(text)]
    const fields = Buffer.alloc(26)
    fields.writeUInt16LE(20, 0)
    fields.writeUInt16LE(isStreamed ? 8 : 0, 2)
    fields.writeUInt16LE(8, 4)
    fields.writeUInt32LE(crc32(text), 10)
    fields.writeUInt32LE(packed.length, 14)
    fields.writeUInt32LE(text.length, 18)
    fields.writeUInt16LE(title.length, 22)
    const local = Buffer.from(fields)
    if (isStreamed) local.fill(0, 10, 22)
    const behind = isStreamed ? Buffer.concat([Buffer.from('PK\x07\x08'), fields.subarray(10, 22)]) : Buffer.alloc(0)
    const place = Buffer.alloc(14)
    place.writeUInt32LE(at, 10)
    const file = Buffer.concat([Buffer.from('PK\x03\x04'), local, title, packed, behind])
    files.push(file)
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), fields, place, title)
    at += file.length
  }
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(Buffer.concat(directory).length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...files, ...directory, end])
}

let reads = 0
const storageOf = (file: Buffer) => ({
  async get(_key: string, range?: { start: number; end: number }) {
    reads++
    if (range === undefined) throw new ObjectNotFound('read only in ranges')
    return Readable.from([file.subarray(range.start, range.end + 1)])
  },
})

async function typeOf(file: Buffer): Promise<string | null> {
  const { through, seen } = inspect(1e9, () => new Error('too large'))
  through.resume().end(file)
  await new Promise(done => through.once('end', done))
  return await typeOfStored(storageOf(file), 'file', await seen())
}

const noise = (bytes: number) => Array.from({ length: bytes }, (_, i) => String.fromCharCode(33 + ((i * 7919) % 90))).join('')

test.for([
  ['docx', DOCX, 'word/document.xml', false],
  ['docx, streamed', DOCX, 'word/document.xml', true],
  ['xlsx', XLSX, 'xl/workbook.xml', false],
  ['docm', 'application/vnd.ms-word.document.macroenabled.12', 'word/vbaProject.bin', false],
  ['a ZIP', 'application/zip', 'photos/1.jpg', false],
] as const)('%s with its list of types at the end is %s', async ([, type, main, isStreamed]) => {
  const file = zipOf(
    [
      ['_rels/.rels', noise(9000)],
      [main.startsWith('word') ? 'word/document.xml' : 'docProps/app.xml', noise(9000)],
      [main, noise(90_000)],
      ...(main.startsWith('photos') ? [] : [['[Content_Types].xml', '<Types/>'] as [string, string]]),
    ],
    isStreamed,
  )
  expect(await typeOf(file)).toBe(type)
})

test('a directory of hundreds of entries is read at once', async () => {
  const file = zipOf(Array.from({ length: 800 }, (_, i) => [`xl/worksheets/sheet${i}.xml`, 'x']))
  reads = 0
  expect((await zipNames(storageOf(file), 'file', file.length))?.length).toBe(800)
  expect(reads).toBeLessThanOrEqual(3)
})

test('a damaged ZIP is a ZIP, and harms nobody', async () => {
  const whole = zipOf([
    ['a.txt', 'a'],
    ['word/b.xml', noise(500)],
  ])
  const damage = fc.array(fc.tuple(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(damage, fc.nat({ max: whole.length }), async (changes, length) => {
      const file = Buffer.from(whole)
      for (const [at, byte] of changes) file[at] = byte
      const cut = file.subarray(0, length)
      const names = await zipNames(storageOf(cut), 'file', cut.length)
      expect(names === null || names.length <= 5000).toBe(true)
    }),
    { numRuns: 200 },
  )
})
