import { type FileHandle, mkdir, open, readFile, rm, truncate } from 'node:fs/promises'
import path from 'node:path'
import type { Logger } from '#shared/process/logger.ts'
import { type Cursor, listSegments, readCursor, readRange, segmentFile, syncDirectory, writeCursor } from './spool-files.ts'
import { MAX_RECORD, nextRecord, type SpoolRecord } from './spool-record.ts'

export interface SegmentOptions {
  dir: string
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
/** Small, because the publisher refuses more than a thousand at once and live webhooks need their share of these. */
const BATCH_RECORDS = 64

/**
 * The spool's files: numbered segments, appended at the end and read from a persisted cursor. One caller may append while
 * another reads and advances; neither may run twice at a time.
 */
export class SpoolSegments {
  readonly #dir: string
  readonly #segmentBytes: number
  readonly #log: Logger
  /** Bytes of whole, synced records, by segment. */
  readonly #sizes = new Map<number, number>()
  #cursor: Cursor = { segment: 1, offset: 0 }
  /** The segment that is appended to. */
  #current = 1
  #writer: FileHandle | null = null
  #damaged = 0

  private constructor({ dir, segmentBytes = SEGMENT_BYTES, log }: SegmentOptions) {
    this.#dir = dir
    this.#segmentBytes = segmentBytes
    this.#log = log
  }

  /** Opens the directory, removes segments that are already published, and cuts torn tails off the others. */
  static async open(options: SegmentOptions): Promise<SpoolSegments> {
    await mkdir(options.dir, { recursive: true, mode: 0o700 })
    const segments = new SpoolSegments(options)
    await segments.#load(await listSegments(options.dir))
    return segments
  }

  /** Bytes after the cursor. 0 or less when all is read; negative when a tail was truncated before the cursor. */
  get unreadBytes(): number {
    let bytes = this.#sizes.has(this.#cursor.segment) ? -this.#cursor.offset : 0
    for (const size of this.#sizes.values()) bytes += size
    return bytes
  }

  /** Records lost to a crash or a bad disk so far. */
  get damaged(): number {
    return this.#damaged
  }

  /** Writes and syncs the records. @throws when the disk fails; the file may then end in half a record: call `dropTail` */
  async append(records: Buffer[]): Promise<void> {
    if (this.#sizeOf(this.#current) >= this.#segmentBytes) await this.#leaveSegment()
    if (this.#writer === null) {
      this.#writer = await open(this.#fileOf(this.#current), 'a', 0o600)
      await syncDirectory(this.#dir)
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

  /** Reads the next records; none at the end of a segment. Damaged ones are counted and skipped. */
  async readBatch(): Promise<Batch> {
    const { segment, offset } = this.#cursor
    const size = this.#sizeOf(segment)
    if (offset >= size) return { records: [], next: { segment: segment + 1, offset: 0 } }
    const content = await readRange(this.#fileOf(segment), offset, size, BATCH_BYTES + MAX_RECORD)
    const records: SpoolRecord[] = []
    let end = 0
    while (end < Math.min(BATCH_BYTES, content.length) && records.length < BATCH_RECORDS) {
      const record = nextRecord(content, end)
      if (record === null || record.start > end) this.#reportDamage(segment, offset + end)
      if (record === null) return { records, next: { segment, offset: size } }
      records.push(record)
      end = record.end
    }
    return { records, next: { segment, offset: offset + end } }
  }

  /**
   * Moves the cursor past the published records, and removes the segments before it.
   * @param isIdle whether no append is under way: a segment read to its end is then closed, which frees space on a full disk
   */
  async advance(next: Cursor, isIdle: boolean): Promise<void> {
    const isRead = next.offset >= this.#sizeOf(next.segment)
    if (isRead && isIdle && next.segment === this.#current) await this.#leaveSegment()
    this.#cursor = isRead && next.segment < this.#current ? { segment: next.segment + 1, offset: 0 } : next
    // A cursor that cannot be written (on a full disk) only means repeats after a crash.
    await writeCursor(this.#dir, this.#cursor).catch(error => this.#log.warn({ err: error }, 'spool cursor not written'))
    await this.#removePublished()
  }

  async close(): Promise<void> {
    await this.#writer?.close()
    this.#sizes.clear()
  }

  async #load(segments: number[]): Promise<void> {
    this.#cursor = await readCursor(this.#dir, segments)
    for (const segment of segments) {
      if (segment < this.#cursor.segment) await rm(this.#fileOf(segment))
      else this.#sizes.set(segment, await this.#cutTornTail(this.#fileOf(segment)))
    }
    this.#current = Math.max(this.#cursor.segment, ...this.#sizes.keys())
  }

  async #cutTornTail(file: string): Promise<number> {
    const content = await readFile(file)
    let end = 0
    for (let record = nextRecord(content, 0); record !== null; record = nextRecord(content, end)) end = record.end
    if (end === content.length) return end
    this.#damaged++
    this.#log.warn({ file: path.basename(file), cutBytes: content.length - end }, 'torn spool segment truncated')
    await truncate(file, end)
    return end
  }

  async #removePublished(): Promise<void> {
    for (const segment of [...this.#sizes.keys()].filter(segment => segment < this.#cursor.segment)) {
      this.#sizes.delete(segment)
      await rm(this.#fileOf(segment), { force: true })
    }
  }

  async #leaveSegment(): Promise<void> {
    const file = this.#writer
    this.#writer = null
    this.#current++
    await file?.close()
  }

  #reportDamage(segment: number, offset: number): void {
    this.#damaged++
    this.#log.error({ segment, offset }, 'damaged spool record skipped')
  }

  #sizeOf(segment: number): number {
    return this.#sizes.get(segment) ?? 0
  }

  #fileOf(segment: number): string {
    return segmentFile(this.#dir, segment)
  }
}
