import { PassThrough, type Readable } from 'node:stream'
import { promisify } from 'node:util'
import yauzl from 'yauzl'
import type { ObjectStorage } from './object-storage.ts'

type Files = Pick<ObjectStorage, 'get'>

/** Read at once: the directory at the end of a ZIP of some hundred entries. */
const WINDOW_BYTES = 128 * 1024
const MOST_ENTRIES = 5000

/**
 * Names of the entries of a stored ZIP, from the directory at its end; null when it has none that can be read. At most
 * `MOST_ENTRIES`, nothing is unpacked.
 */
export async function zipNames(storage: Files, key: string, size: number): Promise<string[] | null> {
  const open = promisify<yauzl.RandomAccessReader, number, yauzl.Options, yauzl.ZipFile>(yauzl.fromRandomAccessReader)
  const zip = await open(new StoredFile(storage, key, size), size, { lazyEntries: true, autoClose: false }).catch(() => null)
  if (zip === null) return null
  const names: string[] = []
  return await new Promise(resolve => {
    zip.on('entry', ({ fileName }: yauzl.Entry) => {
      names.push(fileName)
      if (names.length === MOST_ENTRIES) resolve(names)
      else zip.readEntry()
    })
    zip.once('end', () => resolve(names))
    // An entry of a damaged directory ends the reading.
    zip.once('error', () => resolve(null))
    zip.readEntry()
  })
}

/** A stored file as yauzl reads it, with the part that was read last kept: it asks for a few bytes at a time. */
class StoredFile extends yauzl.RandomAccessReader {
  readonly #storage: Files
  readonly #key: string
  readonly #size: number
  #window = { start: 0, bytes: Buffer.alloc(0) }

  constructor(storage: Files, key: string, size: number) {
    super()
    this.#storage = storage
    this.#key = key
    this.#size = size
  }

  override read(buffer: Buffer, offset: number, length: number, position: number, callback: (error: Error | null) => void): void {
    this.#bytes(position, length).then(bytes => {
      bytes.copy(buffer, offset)
      callback(bytes.length === length ? null : new Error('The ZIP ends too early.'))
    }, callback)
  }

  override _readStreamForRange(start: number, end: number): Readable {
    const through = new PassThrough()
    this.#bytes(start, end - start).then(
      bytes => through.end(bytes),
      error => through.destroy(error),
    )
    return through
  }

  async #bytes(start: number, length: number): Promise<Buffer> {
    const { bytes } = this.#window
    const from = start - this.#window.start
    if (from < 0 || from + length > bytes.length) {
      const end = Math.min(this.#size, start + Math.max(length, WINDOW_BYTES)) - 1
      const chunks: Buffer[] = []
      for await (const chunk of await this.#storage.get(this.#key, { start, end })) chunks.push(chunk as Buffer)
      this.#window = { start, bytes: Buffer.concat(chunks) }
      return this.#window.bytes.subarray(0, length)
    }
    return bytes.subarray(from, from + length)
  }
}
