import { readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '#shared/process/logger.ts'
import { webhookKeys } from '#shared/queue/topology.ts'
import { listSegments, makeDirectory } from './spool-files.ts'
import type { SpoolRecord } from './spool-record.ts'
import { RefusedBodies, type RefusedBody } from './spool-refused.ts'
import { SpoolSegments } from './spool-segments.ts'
import { SpoolError, SpoolStream } from './spool-stream.ts'

export interface SpoolOptions {
  dir: string
  /** Limit of all streams together. */
  maxBytes: number
  log: Logger
  /** Resolves after the broker's confirm of every item of the body. A PublishError is repeated, any other error refuses the body. */
  publish(body: Buffer, receivedAt: number): Promise<void>
  /** The parts of a body by routing key. @throws for a body that cannot be split */
  split(body: Buffer): { routingKey: string; body: Buffer }[]
  /** Publishes what becomes the dead letter of a body that can never be published. */
  report(body: RefusedBody): Promise<void>
  segmentBytes?: number
}

/** Records that are moved at once from the files of an earlier version. */
const MOVED_AT_ONCE = 2048
const BAD_DISK_MS = 1000

/** Opens the spool and starts to publish what an earlier process left. @throws when the directory cannot be used */
export async function openSpool(options: SpoolOptions): Promise<Spool> {
  const { dir, log, report } = options
  await makeDirectory(dir)
  const refused = await RefusedBodies.open({ dir: path.join(dir, 'refused'), log, report })
  const spool = new Spool(options, refused)
  await spool.openStreams()
  await moveOldSegments(options, spool)
  return spool
}

/**
 * Bodies that the broker could not take, on disk until it can: one stream for each routing key. A body is appended and synced
 * before Meta gets its 200. While a stream is not empty, new bodies of its key are appended too, which keeps their order. The
 * directory must outlive the process.
 */
export class Spool implements AsyncDisposable {
  readonly #options: SpoolOptions
  readonly #refused: RefusedBodies
  readonly #streams = new Map<string, SpoolStream>()

  constructor(options: SpoolOptions, refused: RefusedBodies) {
    this.#options = options
    this.#refused = refused
  }

  /** Opens the streams that have a directory. */
  async openStreams(): Promise<void> {
    const entries = await readdir(path.join(this.#options.dir, STREAMS), { withFileTypes: true }).catch(() => [])
    await Promise.all(entries.filter(entry => entry.isDirectory()).map(({ name }) => this.#streamOf(name).open()))
  }

  isEmpty(routingKey: string): boolean {
    return this.#streams.get(routingKey)?.isEmpty() ?? true
  }

  /** Bytes of all streams. */
  bytes(): number {
    return this.streams().reduce((sum, stream) => sum + stream.bytes(), 0)
  }

  /** Arrival (ms) of the oldest unpublished body; null when empty. */
  oldestAt(): number | null {
    const times = this.streams().flatMap(stream => stream.oldestAt() ?? [])
    return times.length > 0 ? Math.min(...times) : null
  }

  /** Unreadable stretches that were kept aside since the start. */
  damaged(): number {
    return this.streams().reduce((sum, stream) => sum + stream.damaged(), 0)
  }

  /** Number of bodies in `refused/`. */
  refused(): number {
    return this.#refused.count
  }

  streams(): SpoolStream[] {
    return [...this.#streams.values()]
  }

  /**
   * Resolves once the body is on the disk. @throws SpoolError when the spool is full or the disk fails: the body is not stored.
   * A body that no record can hold is refused, as by `refuse`
   */
  async append(routingKey: string, body: Buffer, receivedAt: number): Promise<void> {
    if (this.bytes() + body.length > this.#options.maxBytes) throw new SpoolError('the spool is full')
    await this.appendPastLimit(routingKey, body, receivedAt)
  }

  /** Like `append`, without the limit: for bodies that the spool holds already. */
  async appendPastLimit(routingKey: string, body: Buffer, receivedAt: number): Promise<void> {
    try {
      await this.#streamOf(routingKey).append(body, receivedAt)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      await this.refuse(routingKey, body, receivedAt, error)
    }
  }

  /** Keeps a body that can never be published in `refused/`, and publishes a dead letter about it. @throws when the disk fails */
  async refuse(routingKey: string, body: Buffer, receivedAt: number, error: unknown): Promise<void> {
    await this.#refused.keep(routingKey, body, receivedAt, error)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.streams().map(stream => stream[Symbol.asyncDispose]()))
    await this.#refused[Symbol.asyncDispose]()
  }

  #streamOf(key: string): SpoolStream {
    const { dir, segmentBytes, log, publish } = this.#options
    let stream = this.#streams.get(key)
    if (stream === undefined) {
      stream = new SpoolStream(key, {
        dir: path.join(dir, STREAMS, key),
        damagedDir: path.join(dir, DAMAGED),
        segmentBytes,
        log,
        publish,
        refuse: (body, receivedAt, error) => this.refuse(key, body, receivedAt, error),
      })
      this.#streams.set(key, stream)
    }
    return stream
  }
}

const STREAMS = 'streams'
const DAMAGED = 'damaged'

/**
 * Moves the bodies of an earlier version, which had one stream for all, into the streams of their keys. It did not keep its cursor
 * in step with its segments, so all that is there is moved: repeats are harmless, gaps are not.
 */
async function moveOldSegments({ dir, log, ...options }: SpoolOptions, spool: Spool): Promise<void> {
  await rm(path.join(dir, 'cursor'), { force: true, recursive: true })
  if ((await listSegments(dir)).length === 0) return
  {
    await using old = await SpoolSegments.open({ dir, damagedDir: path.join(dir, DAMAGED), log })
    log.warn({ bytes: old.unreadBytes }, 'spool of an earlier version moved to one stream for each key')
    while (old.unreadBytes > 0) {
      const { records, next } = await old.readBatch(MOVED_AT_ONCE)
      await Promise.all(records.map(record => moveRecord(record, options, spool)))
      await old.advance(next, true)
    }
  }
  await rm(path.join(dir, 'cursor'), { force: true })
}

/** Appends the parts to their streams; on a full disk they are published instead, whichever succeeds first. */
async function moveRecord(
  { body, receivedAt }: SpoolRecord,
  { split, publish }: Pick<SpoolOptions, 'split' | 'publish'>,
  spool: Spool,
): Promise<void> {
  let parts: ReturnType<typeof split>
  try {
    parts = split(body)
  } catch (error) {
    return spool.refuse(webhookKeys.account, body, receivedAt, error)
  }
  for (;;) {
    try {
      await Promise.all(parts.map(part => spool.appendPastLimit(part.routingKey, part.body, receivedAt)))
      return
    } catch {
      const isPublished = await publish(body, receivedAt).then(
        () => true,
        () => false,
      )
      if (isPublished) return
      await sleep(BAD_DISK_MS)
    }
  }
}
