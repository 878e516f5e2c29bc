import { open, readdir, readFile, rename } from 'node:fs/promises'
import path from 'node:path'

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

/** Reads the cursor file. Without a readable one, draining starts at the oldest segment: repeats are harmless, gaps are not. */
export async function readCursor(dir: string, segments: number[]): Promise<Cursor> {
  const first = { segment: segments[0] ?? 1, offset: 0 }
  try {
    const [segment, offset] = (await readFile(path.join(dir, 'cursor'), 'utf8')).split(' ').map(Number)
    if (!Number.isSafeInteger(segment) || !Number.isSafeInteger(offset)) return first
    return { segment: segment as number, offset: offset as number }
  } catch {
    return first
  }
}

/** Replaces the cursor file atomically: a crash leaves the old cursor or the new one. */
export async function writeCursor(dir: string, cursor: Cursor): Promise<void> {
  const temporary = path.join(dir, 'cursor.new')
  const file = await open(temporary, 'w', 0o600)
  await file.writeFile(`${cursor.segment} ${cursor.offset}`)
  await file.datasync()
  await file.close()
  await rename(temporary, path.join(dir, 'cursor'))
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
