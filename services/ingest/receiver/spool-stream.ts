import { EventEmitter, once } from 'node:events'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PublishError } from '#shared/queue/types.ts'
import { encodeRecord, type SpoolRecord } from './spool-record.ts'
import { type SegmentOptions, SpoolSegments } from './spool-segments.ts'

export class SpoolError extends Error {
  override readonly name = 'SpoolError'
}

export interface StreamOptions extends SegmentOptions {
  /** Resolves after the broker's confirm. A PublishError is repeated until it succeeds; any other error refuses the body. */
  publish(body: Buffer, receivedAt: number): Promise<void>
  /** Resolves when a body that can never be published is kept aside. */
  refuse(body: Buffer, receivedAt: number, error: unknown): Promise<void>
}

interface Waiting {
  record: Buffer
  receivedAt: number
  resolve(): void
  reject(error: Error): void
}

const RETRY_MS = [100, 200, 500, 1000, 2000]
const BAD_DISK_MS = 1000

/**
 * The bodies of one routing key that its queue could not take, on disk until it can, in their order. A queue that confirms nothing
 * holds back its own stream only. The directory is made with the first body.
 */
export class SpoolStream implements AsyncDisposable {
  readonly key: string
  readonly #options: StreamOptions
  /** Emits `changed` when bodies were written, and when no more are being written. */
  readonly #events = new EventEmitter()
  readonly #closing = new AbortController()
  #segments: SpoolSegments | null = null
  #draining: Promise<void> | null = null
  /** Bodies that the next flush writes. */
  #waiting: Waiting[] = []
  #waitingBytes = 0
  #flushing: Promise<void> | null = null
  #oldestAt: number | null = null

  constructor(key: string, options: StreamOptions) {
    this.key = key
    this.#options = options
  }

  isEmpty(): boolean {
    return this.#unreadBytes <= 0 && !this.#isWriting()
  }

  /** Bytes on disk and on their way to it. */
  bytes(): number {
    return this.#unreadBytes + this.#waitingBytes
  }

  /** Arrival (ms) of the oldest unpublished body; null when empty. */
  oldestAt(): number | null {
    return this.isEmpty() ? null : this.#oldestAt
  }

  damaged(): number {
    return this.#segments?.damaged ?? 0
  }

  /** Opens the files, and starts to publish what they hold. */
  async open(): Promise<SpoolSegments> {
    if (this.#segments !== null) return this.#segments
    const segments = await SpoolSegments.open(this.#options)
    this.#segments = segments
    const { log } = this.#options
    if (segments.unreadBytes > 0) log.warn({ key: this.key, bytes: segments.unreadBytes }, 'spool not empty')
    this.#draining = this.#drain(segments)
    this.#draining.catch(error => log.error({ err: error, key: this.key }, 'spool draining failed'))
    return segments
  }

  /** Resolves once the body is on the disk. @throws SpoolError when the disk fails, RangeError when no record can hold the body */
  async append(body: Buffer, receivedAt: number): Promise<void> {
    if (this.#closing.signal.aborted) throw new SpoolError('the spool is closed')
    const record = encodeRecord(body, receivedAt)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#waiting.push({ record, receivedAt, resolve, reject })
    this.#waitingBytes += record.length
    this.#flushing ??= this.#flush()
    await promise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#flushing
    await this.#draining?.catch(() => undefined)
    await this.#segments?.[Symbol.asyncDispose]()
  }

  get #unreadBytes(): number {
    return this.#segments?.unreadBytes ?? 0
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
      this.#events.emit('changed')
    }
    this.#flushing = null
    this.#events.emit('changed')
  }

  async #writeGroup(group: Waiting[]): Promise<void> {
    try {
      const segments = await this.open()
      await segments.append(group.map(item => item.record))
      this.#oldestAt ??= group[0]?.receivedAt ?? null
      for (const item of group) item.resolve()
    } catch (error) {
      await this.#segments?.dropTail()
      const failure = new SpoolError(`the spool of ${path.basename(this.#options.dir)} cannot be written`, { cause: error })
      for (const item of group) item.reject(failure)
    } finally {
      for (const item of group) this.#waitingBytes -= item.record.length
    }
  }

  async #drain(segments: SpoolSegments): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      if (segments.unreadBytes > 0) await this.#drainBatch(segments)
      else if (segments.isReadUp && !this.#isWriting()) await this.#release(segments)
      else await once(this.#events, 'changed', { signal }).catch(() => undefined)
    }
  }

  async #drainBatch(segments: SpoolSegments): Promise<void> {
    try {
      const { records, next } = await segments.readBatch()
      if (!(await this.#publishAll(records))) return
      await segments.advance(next, !this.#isWriting())
      if (segments.unreadBytes <= 0 && this.#flushing === null) this.#oldestAt = null
    } catch (error) {
      this.#options.log.error({ err: error, key: this.key }, 'spool batch not drained')
      await this.#pause(BAD_DISK_MS)
    }
  }

  /** Frees the space of a segment that was read while others were written behind it: on a full disk it is needed. */
  async #release(segments: SpoolSegments): Promise<void> {
    try {
      await segments.release()
    } catch (error) {
      this.#options.log.error({ err: error, key: this.key }, 'spool segment not deleted')
      await this.#pause(BAD_DISK_MS)
    }
  }

  /**
   * Publishes the records until each is confirmed: what was confirmed is not published again. While nothing is confirmed only the
   * first one is tried, because each late confirm of a dead queue costs the broker memory.
   * @returns false when the spool closed first
   */
  async #publishAll(records: SpoolRecord[]): Promise<boolean> {
    let left = records
    for (let failures = 0; left.length > 0; ) {
      if (this.#closing.signal.aborted) return false
      this.#oldestAt = left[0]?.receivedAt ?? this.#oldestAt
      const tried = failures === 0 ? left : left.slice(0, 1)
      const unconfirmed = await this.#publishOnce(tried)
      left = [...unconfirmed, ...left.slice(tried.length)]
      failures = unconfirmed.length < tried.length ? 0 : failures + 1
      if (unconfirmed.length > 0) await this.#pause(RETRY_MS[Math.min(failures, RETRY_MS.length - 1)])
    }
    return true
  }

  /** @returns the records that must be published again */
  async #publishOnce(records: SpoolRecord[]): Promise<SpoolRecord[]> {
    const { publish } = this.#options
    const results = await Promise.allSettled(records.map(async ({ body, receivedAt }) => publish(body, receivedAt)))
    const unconfirmed: SpoolRecord[] = []
    for (const [i, result] of results.entries()) {
      if (result.status === 'rejected' && !(await this.#isRefused(records[i] as SpoolRecord, result.reason)))
        unconfirmed.push(records[i] as SpoolRecord)
    }
    return unconfirmed
  }

  async #isRefused({ body, receivedAt }: SpoolRecord, error: unknown): Promise<boolean> {
    if (error instanceof PublishError) return false
    try {
      await this.#options.refuse(body, receivedAt, error)
      return true
    } catch (diskError) {
      this.#options.log.error({ err: diskError, key: this.key }, 'refused body not kept aside')
      return false
    }
  }

  async #pause(ms: number | undefined): Promise<void> {
    await sleep(ms, undefined, { signal: this.#closing.signal }).catch(() => undefined)
  }
}
