import type { SequencedEvent } from '#shared/contracts/socket-events.ts'
import type { Logger } from '#shared/process/logger.ts'

/**
 * Every tenant's events as this node's sockets hear them: each once, in `seq` order, whatever way and however often they come.
 * What the other nodes say may be late, doubled or lost; what is missing is read from the log, so no client need ask for it.
 */
export interface Feeds {
  /** Starts listening for a tenant; resolves with its position, the last seq its sockets were told. @throws Outage */
  open(tenantId: string): Promise<number>
  /** undefined while nobody listens for the tenant. Read it in the same tick as a socket joins: no event falls in between. */
  position(tenantId: string): number | undefined
  /** Events from this node's shards or from another node, in order or not. Those of tenants without sockets are dropped. */
  accept(events: readonly SequencedEvent[]): void
  /** Reads on from the log. @throws Outage */
  catchUp(tenantId: string): Promise<void>
  tenants(): string[]
  /** Nobody of the tenant is left here. */
  close(tenantId: string): void
}

export interface FeedDeps {
  emit(event: SequencedEvent): void
  latest(tenantId: string): Promise<number>
  readLog(tenantId: string, afterSeq: number, limit: number): Promise<SequencedEvent[]>
  log: Logger
}

interface Feed {
  tenantId: string
  /** null until the log told where it ends. */
  position: number | null
  opening: Promise<number> | null
  /** Came before their predecessors. */
  early: Map<number, SequencedEvent>
  filling: Promise<void> | null
  timer: NodeJS.Timeout | null
}

const PAGE = 500
/** After a hand-over two nodes speak for one tenant for a moment: their words may cross. */
const GRACE_MS = 20
const RETRY_MS = 1000
/** More than this waits in the log, not in memory. */
const EARLY_LIMIT = 1000

export function createFeeds(deps: FeedDeps): Feeds {
  const feeds = new Map<string, Feed>()

  async function start(feed: Feed): Promise<number> {
    try {
      feed.position = await deps.latest(feed.tenantId)
    } catch (error) {
      feeds.delete(feed.tenantId)
      throw error
    }
    feed.opening = null
    settle(feed)
    return feed.position
  }

  function deliver(feed: Feed, event: SequencedEvent): void {
    feed.position = event.seq
    feed.early.delete(event.seq)
    deps.emit(event)
  }

  /** Delivers what has its turn; for what has not, the log is asked shortly. */
  function settle(feed: Feed): void {
    if (feed.position === null) return
    for (const seq of feed.early.keys()) if (seq <= feed.position) feed.early.delete(seq)
    for (let next = feed.early.get(feed.position + 1); next; next = feed.early.get(feed.position + 1)) deliver(feed, next)
    if (feed.early.size > 0) fillIn(feed, GRACE_MS)
  }

  function fillIn(feed: Feed, ms: number): void {
    feed.timer ??= setTimeout(() => {
      feed.timer = null
      if (feed.early.size > 0) fill(feed).catch(error => retry(feed, error))
    }, ms)
    feed.timer.unref()
  }

  function retry(feed: Feed, error: unknown): void {
    deps.log.warn({ err: error }, 'the event log cannot be read yet')
    fillIn(feed, RETRY_MS)
  }

  /** One reader at a time; a number that the log skips was never given to an event. */
  function fill(feed: Feed): Promise<void> {
    feed.filling ??= readOn(feed).finally(() => {
      feed.filling = null
    })
    return feed.filling
  }

  async function readOn(feed: Feed): Promise<void> {
    for (;;) {
      const page = await deps.readLog(feed.tenantId, feed.position ?? 0, PAGE)
      for (const event of page) if (event.seq > (feed.position ?? 0)) deliver(feed, event)
      if (page.length < PAGE) break
    }
    settle(feed)
  }

  function take(feed: Feed, event: SequencedEvent): void {
    const isNext = feed.position !== null && event.seq === feed.position + 1
    const isPast = feed.position !== null && event.seq <= feed.position
    if (isNext) deliver(feed, event)
    else if (!isPast && feed.early.size < EARLY_LIMIT) feed.early.set(event.seq, event)
  }

  return {
    async open(tenantId) {
      const known = feeds.get(tenantId)
      if (known) return known.opening ?? (known.position as number)
      const feed: Feed = { tenantId, position: null, opening: null, early: new Map(), filling: null, timer: null }
      feeds.set(tenantId, feed)
      feed.opening = start(feed)
      return feed.opening
    },
    position: tenantId => feeds.get(tenantId)?.position ?? undefined,
    accept(events) {
      const touched = new Set<Feed>()
      for (const event of events) {
        const feed = feeds.get(event.tenantId)
        if (feed === undefined) continue
        take(feed, event)
        touched.add(feed)
      }
      for (const feed of touched) settle(feed)
    },
    async catchUp(tenantId) {
      const feed = feeds.get(tenantId)
      if (feed === undefined) return
      await feed.opening
      await fill(feed)
    },
    tenants: () => [...feeds.keys()],
    close(tenantId) {
      const feed = feeds.get(tenantId)
      if (feed === undefined || feed.opening !== null) return
      if (feed.timer) clearTimeout(feed.timer)
      feeds.delete(tenantId)
    },
  }
}
