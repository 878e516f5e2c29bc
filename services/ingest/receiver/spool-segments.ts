import { type FileHandle, open, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Logger } from '#shared/process/logger.ts'
import {
  type Cursor,
  CursorFile,
  listSegments,
  makeDirectory,
  readRange,
  resumeAt,
  segmentFile,
  syncDirectory,
  writeDurably,
} from './spool-files.ts'
import { MAX_RECORD, nextRecord, recordAt, type SpoolRecord } from './spool-record.ts'

export interface SegmentOptions {
  dir: string
  /** Where the bytes of damaged records are kept. */
  damagedDir: string
  /** A segment of this size is closed, and the next record starts a new one. */
  segmentBytes?: number
  log: Logger
}

/** Records in order, and the cursor after the last of them. */
export interface Batch {
  records: SpoolRecord[]
  next: Cursor
}

const SEGMENT_BYTES = 32 * 1024 * 1024
const BATCH_BYTES = 1024 * 1024
/** Small, because a publisher bounds what it accepts at once and live webhooks need their share of it. */
const BATCH_RECORDS = 64

/**
 * Numbered segment files, appended at the end and read from a persisted cursor. Each start begins a new segment, so no segment
 * number ever stands for other records than those that the cursor counted. One caller may append while another reads and
 * advances; neither may run twice at a time.
 */
export class SpoolSegments implements AsyncDisposable {
  readonly #options: SegmentOptions
  readonly #cursorFile: CursorFile
  /** Bytes of whole, synced records, by segment; segments before the cursor wait for their removal. */
  readonly #sizes = new Map<number, number>()
  #cursor: Cursor = { segment: 1, offset: 0 }
  /** The segment that is appended to. */
  #current = 1
  #writer: FileHandle | null = null
  #damaged = 0

  private constructor(options: SegmentOptions) {
    this.#options = options
    this.#cursorFile = new CursorFile(options.dir)
  }

  /** Opens the directory and removes segments that are already published. */
  static async open(options: SegmentOptions): Promise<SpoolSegments> {
    await makeDirectory(options.dir)
    const segments = new SpoolSegments(options)
    await segments.#load(await listSegments(options.dir))
    return segments
  }

  /** Bytes after the cursor. */
  get unreadBytes(): number {
    const { segment: first, offset } = this.#cursor
    let bytes = 0
    for (const [segment, size] of this.#sizes) if (segment >= first) bytes += segment === first ? size - offset : size
    return bytes
  }

  /** Whether the segment that is appended to is read to its end, and could be deleted. */
  get isReadUp(): boolean {
    return this.unreadBytes === 0 && this.#cursor.segment === this.#current && this.#sizeOf(this.#current) > 0
  }

  /** Unreadable stretches that were passed so far. */
  get damaged(): number {
    return this.#damaged
  }

  /** Writes and syncs the records. @throws when the disk fails; the file may then end in half a record: call `dropTail` */
  async append(records: Buffer[]): Promise<void> {
    if (this.#sizeOf(this.#current) >= (this.#options.segmentBytes ?? SEGMENT_BYTES)) await this.#leaveSegment()
    if (this.#writer === null) {
      this.#writer = await open(this.#fileOf(this.#current), 'a', 0o600)
      await syncDirectory(this.#options.dir)
    }
    const group = Buffer.concat(records)
    await this.#writer.appendFile(group)
    await this.#writer.datasync()
    this.#sizes.set(this.#current, this.#sizeOf(this.#current) + group.length)
  }

  /** After a failed write: truncates the file to its last whole record or, if that fails too, moves on to a new segment. */
  async dropTail(): Promise<void> {
    const file = this.#writer
    this.#writer = null
    await file?.truncate(this.#sizeOf(this.#current)).catch(() => this.#current++)
    await file?.close().catch(() => undefined)
  }

  /** Reads the next records; none at the end of a segment, and none where it had to pass damaged bytes. */
  async readBatch(most = BATCH_RECORDS): Promise<Batch> {
    const { segment, offset } = this.#cursor
    const size = this.#sizeOf(segment)
    if (offset >= size) return { records: [], next: { segment: segment + 1, offset: 0 } }
    const content = await readRange(this.#fileOf(segment), offset, size, BATCH_BYTES + MAX_RECORD)
    const records: SpoolRecord[] = []
    let end = 0
    while (end < BATCH_BYTES && records.length < most) {
      const record = recordAt(content, end)
      if (record === null) break
      records.push(record)
      end = record.end
    }
    const next = records.length > 0 ? offset + end : await this.#passDamage(segment, offset, size)
    return { records, next: { segment, offset: next } }
  }

  /**
   * Moves the cursor past the published records, and removes the segments before it once the cursor is on the disk.
   * @param isIdle whether no append is under way: a segment read to its end is then closed, which frees space on a full disk
   */
  async advance(next: Cursor, isIdle: boolean): Promise<void> {
    const isRead = next.offset >= this.#sizeOf(next.segment)
    if (isRead && isIdle && next.segment === this.#current) await this.#leaveSegment()
    this.#cursor = isRead && next.segment < this.#current ? { segment: next.segment + 1, offset: 0 } : next
    await this.#settle()
  }

  /** Deletes the segment that is appended to. Only when it `isReadUp` and no append is under way. */
  async release(): Promise<void> {
    await this.advance(this.#cursor, true)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer?.close()
    await this.#cursorFile[Symbol.asyncDispose]()
    this.#sizes.clear()
  }

  async #load(segments: number[]): Promise<void> {
    const cursor = await this.#cursorFile.read()
    for (const segment of segments) this.#sizes.set(segment, (await stat(this.#fileOf(segment))).size)
    this.#current = Math.max(cursor?.segment ?? 0, ...segments) + 1
    this.#cursor = resumeAt(cursor, this.#sizes, this.#current)
    await this.#settle()
  }

  /** Writes the cursor, then removes the segments before it. Without the first they stay: repeats are harmless, gaps are not. */
  async #settle(): Promise<void> {
    try {
      await this.#cursorFile.write(this.#cursor)
    } catch (error) {
      this.#options.log.warn({ err: error, dir: path.basename(this.#options.dir) }, 'spool cursor not written')
      return
    }
    for (const segment of [...this.#sizes.keys()].filter(segment => segment < this.#cursor.segment)) {
      await rm(this.#fileOf(segment), { force: true })
      this.#sizes.delete(segment)
    }
  }

  /** Keeps the bytes that are no record in a file of their own. @returns offset of the next record, or the end of the segment */
  async #passDamage(segment: number, offset: number, size: number): Promise<number> {
    const { dir, damagedDir, log } = this.#options
    const end = await this.#findRecord(segment, offset + 1, size)
    const name = `${path.basename(dir)}-${path.basename(this.#fileOf(segment), '.spool')}-${offset}-${Date.now()}.bin`
    await writeDurably(path.join(damagedDir, name), this.#bytesOf(segment, offset, end))
    this.#damaged++
    log.error({ file: name, bytes: end - offset }, 'damaged spool records kept aside')
    return end
  }

  async #findRecord(segment: number, from: number, size: number): Promise<number> {
    for (let at = from; at < size; at += BATCH_BYTES) {
      const content = await readRange(this.#fileOf(segment), at, size, BATCH_BYTES + MAX_RECORD)
      const record = nextRecord(content, BATCH_BYTES)
      if (record !== null) return at + record.start
    }
    return size
  }

  async *#bytesOf(segment: number, from: number, to: number): AsyncGenerator<Buffer> {
    for (let at = from; at < to; at += BATCH_BYTES) yield await readRange(this.#fileOf(segment), at, to, BATCH_BYTES)
  }

  async #leaveSegment(): Promise<void> {
    const file = this.#writer
    this.#writer = null
    this.#current++
    await file?.close()
  }

  #sizeOf(segment: number): number {
    return this.#sizes.get(segment) ?? 0
  }

  #fileOf(segment: number): string {
    return segmentFile(this.#options.dir, segment)
  }
}
