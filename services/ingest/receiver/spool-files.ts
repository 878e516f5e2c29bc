import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { crc32 } from 'node:zlib'

/** Position of the next record to read. */
export interface Cursor {
  segment: number
  /** In bytes, from the start of the segment. */
  offset: number
}

export const segmentFile = (dir: string, segment: number) => path.join(dir, `${String(segment).padStart(10, '0')}.spool`)

/** Numbers of the segment files in the directory, oldest first. */
export async function listSegments(dir: string): Promise<number[]> {
  const names = (await readdir(dir)).filter(name => /^\d{10}\.spool$/.test(name))
  return names.map(name => Number.parseInt(name, 10)).sort((a, b) => a - b)
}

/**
 * Where reading goes on after a start: at the cursor, or at the next segment where the cursor's own is gone or has no more bytes.
 * Without a cursor reading starts at the oldest segment: repeats are harmless, gaps are not.
 * @param sizes bytes of each segment file @param fresh number of the segment that will be written next
 */
export function resumeAt(cursor: Cursor | null, sizes: ReadonlyMap<number, number>, fresh: number): Cursor {
  if (cursor !== null && cursor.offset < (sizes.get(cursor.segment) ?? 0)) return cursor
  const later = [...sizes.keys()].filter(segment => cursor === null || segment > cursor.segment)
  return { segment: Math.min(fresh, ...later), offset: 0 }
}

const CURSOR_BYTES = 64

/**
 * The file that holds the cursor: segment, offset and their checksum. It is written in place and never grows, so that it can be
 * written on a full disk. A cursor that a crash left half written counts as none.
 */
export class CursorFile implements AsyncDisposable {
  readonly #file: string
  #handle: FileHandle | null = null

  constructor(dir: string) {
    this.#file = path.join(dir, 'cursor')
  }

  async read(): Promise<Cursor | null> {
    try {
      return decodeCursor(await readFile(this.#file, 'utf8'))
    } catch {
      return null
    }
  }

  /** Resolves when the cursor is on the disk. */
  async write(cursor: Cursor): Promise<void> {
    if (this.#handle === null) {
      this.#handle = await open(this.#file, constants.O_RDWR | constants.O_CREAT, 0o600)
      await syncDirectory(path.dirname(this.#file))
    }
    await this.#handle.write(encodeCursor(cursor), 0, CURSOR_BYTES, 0)
    await this.#handle.datasync()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle?.close()
    this.#handle = null
  }
}

function encodeCursor({ segment, offset }: Cursor): Buffer {
  const fields = `${segment} ${offset}`
  return Buffer.from(`${`${fields} ${crc32(fields)}`.padEnd(CURSOR_BYTES - 1)}\n`)
}

function decodeCursor(written: string): Cursor | null {
  const [, fields = '', segment, offset, checksum] = /^((\d{1,15}) (\d{1,15})) (\d+) *\n$/.exec(written) ?? []
  return checksum === String(crc32(fields)) ? { segment: Number(segment), offset: Number(offset) } : null
}

/** Creates the directory with those above it, and makes their names durable. */
export async function makeDirectory(dir: string): Promise<void> {
  const first = await mkdir(dir, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  const top = path.resolve(first).length
  for (let at = path.resolve(dir); at.length >= top; at = path.dirname(at)) await syncDirectory(path.dirname(at))
}

/** Makes the names of new files durable: a power cut would lose a synced file whose name is not. */
export async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r')
  await handle.sync().finally(() => handle.close())
}

/** Reads the bytes between two offsets, at most `maxBytes`. */
export async function readRange(file: string, from: number, to: number, maxBytes: number): Promise<Buffer> {
  const handle = await open(file, 'r')
  try {
    const length = Math.min(to - from, maxBytes)
    const buffer = Buffer.allocUnsafe(length)
    const { bytesRead } = await handle.read(buffer, 0, length, from)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

/** Ends the name of a file that is not whole yet. */
const UNFINISHED = '.new'

/** Writes a file that is either whole and on the disk, or not there under its name. @throws when the disk fails */
export async function writeDurably(file: string, chunks: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<void> {
  await makeDirectory(path.dirname(file))
  const unfinished = file + UNFINISHED
  const handle = await open(unfinished, 'w', 0o600)
  try {
    for await (const chunk of chunks) await handle.appendFile(chunk)
    await handle.datasync()
  } catch (error) {
    await handle.close().catch(() => undefined)
    await rm(unfinished, { force: true })
    throw error
  }
  await handle.close()
  await rename(unfinished, file)
  await syncDirectory(path.dirname(file))
}
