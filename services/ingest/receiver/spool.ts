import { EventEmitter, once } from 'node:events'
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, truncate } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '#shared/process/logger.ts'
import { encodeRecord, MAX_RECORD, nextRecord, type SpoolRecord } from './spool-record.ts'

/**
 * Bodies that the broker could not take, on disk until it can. A body is appended and fsynced before Meta gets its 200;
 * while anything lies here, new bodies join the end, so that order is kept. The directory must outlive the process.
 */
export interface Spool extends AsyncDisposable {
  isEmpty(): boolean
  bytes(): number
  /** Arrival (ms) of the oldest body that still waits; null when empty. */
  oldestAt(): number | null
  /** Records that a crash or a bad disk cost since the start. */
  damaged(): number
  /** Resolves once the body is on the disk. @throws SpoolError when full or when the disk fails: nothing is kept then. */
  append(body: Buffer, receivedAt: number): Promise<void>
}

export class SpoolError extends Error {
  override readonly name = 'SpoolError'
}

export interface SpoolOptions {
  dir: string
  maxBytes: number
  log: Logger
  /** Resolves after the broker's confirm of every item of the body. A failure is repeated, in order, until it succeeds. */
  publish(body: Buffer, receivedAt: number): Promise<void>
  segmentBytes?: number
}

interface Cursor {
  segment: number
  offset: number
}

interface Waiting {
  record: Buffer
  receivedAt: number
  resolve(): void
  reject(error: Error): void
}

const SEGMENT_BYTES = 32 * 1024 * 1024
const BATCH_BYTES = 1024 * 1024
/** The publisher refuses more than a thousand at once, and live webhooks need their share of it. */
const BATCH_RECORDS = 64
const RETRY_MS = [100, 200, 500, 1000, 2000]
const BAD_DISK_MS = 1000

/** Opens the directory, cuts a torn tail, and starts to drain what a former process left. */
export async function openSpool(options: SpoolOptions): Promise<Spool> {
  const { dir, maxBytes, log } = options
  const segmentBytes = options.segmentBytes ?? SEGMENT_BYTES
  await mkdir(dir, { recursive: true, mode: 0o700 })

  const segments = await listSegments(dir)
  const cursor = await readCursor(dir, segments)
  let sizes = new Map<number, number>()
  let damaged = 0
  let oldest: number | null = null
  for (const segment of segments) {
    if (segment < cursor.segment) await rm(segmentFile(dir, segment))
    else sizes.set(segment, await cutTornTail(segmentFile(dir, segment)))
  }
  let current = Math.max(cursor.segment, ...sizes.keys())
  let writer: FileHandle | null = null
  let waiting: Waiting[] = []
  let flushing: Promise<void> | null = null
  let isClosed = false
  const changed = new EventEmitter()

  const bytes = () =>
    [...sizes].reduce((sum, [segment, size]) => sum + (segment === cursor.segment ? size - cursor.offset : size), 0)
  const isEmpty = () => bytes() <= 0 && waiting.length === 0 && flushing === null

  async function cutTornTail(file: string): Promise<number> {
    const content = await readFile(file)
    let end = 0
    for (let record = nextRecord(content, 0); record !== null; record = nextRecord(content, end)) end = record.end
    if (end === content.length) return end
    damaged++
    log.warn({ file: path.basename(file), cutBytes: content.length - end }, 'spool: torn tail cut')
    await truncate(file, end)
    return end
  }

  /** Writes and syncs everything that waits, in one go; more may gather meanwhile. */
  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting
      waiting = []
      try {
        await write(group.map(item => item.record))
        oldest ??= group[0]?.receivedAt ?? null
        for (const item of group) item.resolve()
      } catch (error) {
        await dropTail()
        for (const item of group) item.reject(new SpoolError('the spool cannot be written', { cause: error }))
      }
    }
    flushing = null
    changed.emit('changed')
  }

  async function write(records: Buffer[]): Promise<void> {
    if ((sizes.get(current) ?? 0) >= segmentBytes) await leaveSegment()
    if (writer === null) {
      writer = await open(segmentFile(dir, current), 'a', 0o600)
      await syncDirectory(dir)
    }
    const group = Buffer.concat(records)
    await writer.appendFile(group)
    await writer.datasync()
    sizes.set(current, (sizes.get(current) ?? 0) + group.length)
  }

  /** After a failed write the file may hold half a record: back to its last good end, or on to a new segment. */
  async function dropTail(): Promise<void> {
    const file = writer
    writer = null
    await file?.truncate(sizes.get(current) ?? 0).catch(() => current++)
    await file?.close().catch(() => undefined)
  }

  async function drain(): Promise<void> {
    while (!isClosed) {
      if (bytes() <= 0) {
        await once(changed, 'changed')
        continue
      }
      try {
        const { records, next } = await readBatch()
        if (await publishAll(records)) await advance(next)
      } catch (error) {
        log.error({ err: error }, 'spool: not drained, tried again')
        await sleep(BAD_DISK_MS)
      }
    }
  }

  async function readBatch(): Promise<{ records: SpoolRecord[]; next: Cursor }> {
    const size = sizes.get(cursor.segment) ?? 0
    if (cursor.offset >= size) return { records: [], next: { segment: cursor.segment + 1, offset: 0 } }
    const content = await readRange(segmentFile(dir, cursor.segment), cursor.offset, size)
    const records: SpoolRecord[] = []
    let end = 0
    while (end < Math.min(BATCH_BYTES, content.length) && records.length < BATCH_RECORDS) {
      const record = nextRecord(content, end)
      if (record === null || record.start > end) reportDamage(end)
      if (record === null) return { records, next: { segment: cursor.segment, offset: size } }
      records.push(record)
      end = record.end
    }
    return { records, next: { segment: cursor.segment, offset: cursor.offset + end } }
  }

  function reportDamage(offset: number): void {
    damaged++
    log.error({ segment: cursor.segment, offset: cursor.offset + offset }, 'spool: damaged record skipped')
  }

  /** The whole batch again until every body is confirmed: what was confirmed before is a duplicate, and harmless. */
  async function publishAll(records: SpoolRecord[]): Promise<boolean> {
    oldest = records[0]?.receivedAt ?? oldest
    for (let attempt = 0; !isClosed; attempt++) {
      const results = await Promise.allSettled(records.map(record => options.publish(record.body, record.receivedAt)))
      if (results.every(result => result.status === 'fulfilled')) return true
      await sleep(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)])
    }
    return false
  }

  async function advance(next: Cursor): Promise<void> {
    const isRead = next.offset >= (sizes.get(next.segment) ?? 0)
    // Read to its end, and nobody writes: what comes next begins a new one, that a full disk gets its room back.
    if (isRead && next.segment === current && waiting.length === 0 && flushing === null) await leaveSegment()
    Object.assign(cursor, isRead && next.segment < current ? { segment: next.segment + 1, offset: 0 } : next)
    // A cursor that cannot be written costs repeats after a crash, no more; a disk may be full just now.
    await writeCursor(dir, cursor).catch(error => log.warn({ err: error }, 'spool: cursor not written'))
    for (const segment of [...sizes.keys()].filter(segment => segment < cursor.segment)) {
      sizes.delete(segment)
      await rm(segmentFile(dir, segment), { force: true })
    }
    if (bytes() <= 0 && flushing === null) oldest = null
  }

  async function leaveSegment(): Promise<void> {
    const file = writer
    writer = null
    current++
    await file?.close()
  }

  const draining = drain()
  draining.catch(error => log.error({ err: error }, 'spool: draining ended'))
  if (bytes() > 0) log.warn({ bytes: bytes() }, 'spool: draining what an earlier process left')

  return {
    isEmpty,
    bytes: () => Math.max(0, bytes()),
    oldestAt: () => oldest,
    damaged: () => damaged,
    append(body, receivedAt) {
      if (isClosed) return Promise.reject(new SpoolError('the spool is closed'))
      const queued = waiting.reduce((sum, item) => sum + item.record.length, 0)
      if (bytes() + queued + body.length > maxBytes) return Promise.reject(new SpoolError('the spool is full'))
      return new Promise((resolve, reject) => {
        waiting.push({ record: encodeRecord(body, receivedAt), receivedAt, resolve, reject })
        flushing ??= flush()
      })
    },
    async [Symbol.asyncDispose]() {
      isClosed = true
      await flushing
      changed.emit('changed')
      await draining.catch(() => undefined)
      await writer?.close()
      sizes = new Map()
    },
  }
}

const segmentFile = (dir: string, segment: number) => path.join(dir, `${String(segment).padStart(10, '0')}.spool`)

async function listSegments(dir: string): Promise<number[]> {
  const names = (await readdir(dir)).filter(name => /^\d{10}\.spool$/.test(name))
  return names.map(name => Number.parseInt(name, 10)).sort((a, b) => a - b)
}

/** Without a readable cursor draining starts at the oldest segment: repeats are harmless, gaps are not. */
async function readCursor(dir: string, segments: number[]): Promise<Cursor> {
  const first = { segment: segments[0] ?? 1, offset: 0 }
  try {
    const [segment, offset] = (await readFile(path.join(dir, 'cursor'), 'utf8')).split(' ').map(Number)
    if (!Number.isSafeInteger(segment) || !Number.isSafeInteger(offset)) return first
    return { segment: segment as number, offset: offset as number }
  } catch {
    return first
  }
}

async function writeCursor(dir: string, cursor: Cursor): Promise<void> {
  const temporary = path.join(dir, 'cursor.new')
  const file = await open(temporary, 'w', 0o600)
  await file.writeFile(`${cursor.segment} ${cursor.offset}`)
  await file.datasync()
  await file.close()
  await rename(temporary, path.join(dir, 'cursor'))
}

async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r')
  await handle.sync().finally(() => handle.close())
}

async function readRange(file: string, from: number, to: number): Promise<Buffer> {
  const handle = await open(file, 'r')
  try {
    const length = Math.min(to - from, BATCH_BYTES + MAX_RECORD)
    const buffer = Buffer.allocUnsafe(length)
    const { bytesRead } = await handle.read(buffer, 0, length, from)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}
