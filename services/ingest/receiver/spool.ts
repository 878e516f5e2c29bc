import { EventEmitter, once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '#shared/process/logger.ts'
import { encodeRecord, type SpoolRecord } from './spool-record.ts'
import { SpoolSegments } from './spool-segments.ts'

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

interface Waiting {
  record: Buffer
  receivedAt: number
  resolve(): void
  reject(error: Error): void
}

const RETRY_MS = [100, 200, 500, 1000, 2000]
const BAD_DISK_MS = 1000

/** Opens the spool, truncates a torn tail, and starts to drain what an earlier process left. */
export async function openSpool(options: SpoolOptions): Promise<Spool> {
  const { dir, segmentBytes, log } = options
  return new Spool(await SpoolSegments.open({ dir, segmentBytes, log }), options)
}

/**
 * Bodies that the broker could not accept, on disk until it can. A body is appended and synced before Meta gets its 200. While
 * the spool is not empty, new bodies are appended too, which keeps their order. The directory must outlive the process.
 */
export class Spool implements AsyncDisposable {
  readonly #segments: SpoolSegments
  readonly #options: SpoolOptions
  readonly #draining: Promise<void>
  /** Emits `changed` when bodies were written, and when the spool closes: both end the drain's wait. */
  readonly #events = new EventEmitter()
  /** Bodies that the next flush writes. */
  #waiting: Waiting[] = []
  #flushing: Promise<void> | null = null
  #oldestAt: number | null = null
  #isClosed = false

  constructor(segments: SpoolSegments, options: SpoolOptions) {
    this.#segments = segments
    this.#options = options
    const { log } = options
    this.#draining = this.#drain()
    this.#draining.catch(error => log.error({ err: error }, 'spool draining failed'))
    if (segments.unreadBytes > 0) log.warn({ bytes: segments.unreadBytes }, 'spool not empty')
  }

  isEmpty(): boolean {
    return this.#segments.unreadBytes <= 0 && !this.#isWriting()
  }

  bytes(): number {
    return Math.max(0, this.#segments.unreadBytes)
  }

  /** Arrival (ms) of the oldest unpublished body; null when empty. */
  oldestAt(): number | null {
    return this.isEmpty() ? null : this.#oldestAt
  }

  /** Records lost to a crash or a bad disk since the start. */
  damaged(): number {
    return this.#segments.damaged
  }

  /**
   * Resolves once the body is on the disk. @throws SpoolError when the spool is full or the disk fails: the body is not stored
   */
  append(body: Buffer, receivedAt: number): Promise<void> {
    if (this.#isClosed) return Promise.reject(new SpoolError('the spool is closed'))
    const queued = this.#waiting.reduce((sum, item) => sum + item.record.length, 0)
    const isFull = this.#segments.unreadBytes + queued + body.length > this.#options.maxBytes
    if (isFull) return Promise.reject(new SpoolError('the spool is full'))
    return new Promise((resolve, reject) => {
      this.#waiting.push({ record: encodeRecord(body, receivedAt), receivedAt, resolve, reject })
      this.#flushing ??= this.#flush()
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    await this.#flushing
    this.#events.emit('changed')
    await this.#draining.catch(() => undefined)
    await this.#segments.close()
  }

  #isWriting(): boolean {
    return this.#waiting.length > 0 || this.#flushing !== null
  }

  /** Writes and syncs the waiting bodies in groups: those that arrive during one sync share the next. */
  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting
      this.#waiting = []
      await this.#writeGroup(group)
    }
    this.#flushing = null
    this.#events.emit('changed')
  }

  async #writeGroup(group: Waiting[]): Promise<void> {
    try {
      await this.#segments.append(group.map(item => item.record))
      this.#oldestAt ??= group[0]?.receivedAt ?? null
      for (const item of group) item.resolve()
    } catch (error) {
      await this.#segments.dropTail()
      for (const item of group) item.reject(new SpoolError('the spool cannot be written', { cause: error }))
    }
  }

  async #drain(): Promise<void> {
    while (!this.#isClosed) {
      if (this.#segments.unreadBytes > 0) await this.#drainBatch()
      else await once(this.#events, 'changed')
    }
  }

  async #drainBatch(): Promise<void> {
    try {
      const { records, next } = await this.#segments.readBatch()
      if (!(await this.#publishAll(records))) return
      await this.#segments.advance(next, !this.#isWriting())
      if (this.#segments.unreadBytes <= 0 && this.#flushing === null) this.#oldestAt = null
    } catch (error) {
      this.#options.log.error({ err: error }, 'spool batch not drained')
      await sleep(BAD_DISK_MS)
    }
  }

  /**
   * Publishes the whole batch again until every body is confirmed. Repeats of confirmed bodies are harmless.
   * @returns false when the spool closed first
   */
  async #publishAll(records: SpoolRecord[]): Promise<boolean> {
    this.#oldestAt = records[0]?.receivedAt ?? this.#oldestAt
    const { publish } = this.#options
    for (let attempt = 0; !this.#isClosed; attempt++) {
      const results = await Promise.allSettled(records.map(record => publish(record.body, record.receivedAt)))
      if (results.every(result => result.status === 'fulfilled')) return true
      await sleep(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)])
    }
    return false
  }
}
