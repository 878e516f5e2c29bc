import type { SequencedEvent } from '#shared/contracts/socket-events.ts'
import type { Logger } from '#shared/process/logger.ts'

export interface FeedDeps {
  emit(event: SequencedEvent): void
  /** The last seq in a tenant's log. @throws Outage */
  latest(tenantId: string): Promise<number>
  readLog(tenantId: string, afterSeq: number, limit: number): Promise<SequencedEvent[]>
  log: Logger
}

const PAGE = 500
/** Wait for a missing event before the log is read. While a shard moves, two nodes publish a tenant's events, out of order. */
const GRACE_MS = 20
const RETRY_MS = 1000
/** Maximum number of early events in memory; further ones are read from the log. */
const EARLY_LIMIT = 1000

/**
 * The events of each tenant as this node's sockets get them: each once, in `seq` order. Events from other nodes may arrive late,
 * repeatedly or never; missing ones are read from the log, so that clients need not request them.
 */
export class Feeds {
  readonly #deps: FeedDeps
  readonly #feeds = new Map<string, Feed>()

  constructor(deps: FeedDeps) {
    this.#deps = deps
  }

  /** Opens a tenant's feed. @returns its position: the last seq emitted to its sockets. @throws Outage */
  async open(tenantId: string): Promise<number> {
    const feed = this.#feeds.get(tenantId) ?? this.#start(tenantId)
    await feed.opened
    return feed.position as number
  }

  /** The position of an open feed, otherwise undefined. Read in the same tick as a socket joins, no event falls in between. */
  position(tenantId: string): number | undefined {
    return this.#feeds.get(tenantId)?.position ?? undefined
  }

  /** Accepts events of this node's shards or of another node, in any order. Events of tenants without sockets are dropped. */
  accept(events: readonly SequencedEvent[]): void {
    const touched = new Set<Feed>()
    for (const event of events) {
      const feed = this.#feeds.get(event.tenantId)
      if (feed === undefined) continue
      feed.take(event)
      touched.add(feed)
    }
    for (const feed of touched) feed.settle()
  }

  /** Emits the events that the log holds after the position. @throws Outage */
  async catchUp(tenantId: string): Promise<void> {
    const feed = this.#feeds.get(tenantId)
    if (feed === undefined) return
    await feed.opened
    await feed.fill()
  }

  tenants(): string[] {
    return [...this.#feeds.keys()]
  }

  /** Closes the feed of a tenant without sockets on this node. A feed that is being opened stays. */
  close(tenantId: string): void {
    const feed = this.#feeds.get(tenantId)
    if (feed === undefined || feed.position === null) return
    feed.stop()
    this.#feeds.delete(tenantId)
  }

  #start(tenantId: string): Feed {
    const feed = new Feed(tenantId, this.#deps)
    this.#feeds.set(tenantId, feed)
    feed.opened.catch(() => this.#feeds.delete(tenantId))
    return feed
  }
}

/** The feed of one tenant. */
class Feed {
  /** Resolves once the end of the log is known. @throws Outage */
  readonly opened: Promise<void>
  readonly #tenantId: string
  readonly #deps: FeedDeps
  /** Events that arrived before their predecessors, by seq. */
  readonly #early = new Map<number, SequencedEvent>()
  #position: number | null = null
  #filling: Promise<void> | null = null
  #timer: NodeJS.Timeout | null = null

  constructor(tenantId: string, deps: FeedDeps) {
    this.#tenantId = tenantId
    this.#deps = deps
    this.opened = this.#start()
  }

  /** The last seq that was emitted; null until the feed is open. */
  get position(): number | null {
    return this.#position
  }

  /** Emits the event if it is the next one, keeps it if it is early. Call `settle` after the last event of a group. */
  take(event: SequencedEvent): void {
    const position = this.#position
    const isNext = position !== null && event.seq === position + 1
    const isPast = position !== null && event.seq <= position
    if (isNext) this.#emit(event)
    else if (!isPast && this.#early.size < EARLY_LIMIT) this.#early.set(event.seq, event)
  }

  /** Emits early events whose predecessors have arrived. If others remain, the log is read after `GRACE_MS`. */
  settle(): void {
    if (this.#position === null) return
    for (const seq of this.#early.keys()) if (seq <= this.#position) this.#early.delete(seq)
    for (let next = this.#next(); next; next = this.#next()) this.#emit(next)
    if (this.#early.size > 0) this.#fillIn(GRACE_MS)
  }

  /** Reads the log to its end, one reader at a time. A seq that the log skips was never given to an event. @throws Outage */
  fill(): Promise<void> {
    this.#filling ??= this.#readOn().finally(() => {
      this.#filling = null
    })
    return this.#filling
  }

  stop(): void {
    if (this.#timer) clearTimeout(this.#timer)
  }

  async #start(): Promise<void> {
    this.#position = await this.#deps.latest(this.#tenantId)
    this.settle()
  }

  #next(): SequencedEvent | undefined {
    return this.#early.get((this.#position ?? 0) + 1)
  }

  #emit(event: SequencedEvent): void {
    this.#position = event.seq
    this.#early.delete(event.seq)
    this.#deps.emit(event)
  }

  #fillIn(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      if (this.#early.size > 0) this.fill().catch(error => this.#retry(error))
    }, ms)
    this.#timer.unref()
  }

  #retry(error: unknown): void {
    this.#deps.log.warn({ err: error }, 'event log not read')
    this.#fillIn(RETRY_MS)
  }

  async #readOn(): Promise<void> {
    for (;;) {
      const page = await this.#deps.readLog(this.#tenantId, this.#position ?? 0, PAGE)
      for (const event of page) if (event.seq > (this.#position ?? 0)) this.#emit(event)
      if (page.length < PAGE) break
    }
    this.settle()
  }
}
