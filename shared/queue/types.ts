import type { MessageType } from '../contracts/message-types.ts'

/** What a handler decides; only the adapter acks, delays and dead-letters. */
export type Outcome =
  | { kind: 'done' }
  /** Counts as an attempt; the ladder (1, 10, 60, 600, 600 s) is used up after five, then the dead letters. */
  | { kind: 'retry'; error: unknown }
  /** Not an attempt. Rounded up to the next delay queue. */
  | { kind: 'later'; delayMs: number }
  | { kind: 'dead-letter'; reason: string; error?: unknown }

export const DONE: Outcome = { kind: 'done' }

export interface OutgoingMessage {
  exchange: string
  routingKey: string
  type: MessageType
  /** A Buffer goes as it is; anything else as JSON. */
  body: unknown
  /** Stable across repeats of the same fact: consumers deduplicate by their own keys, people search by this one. */
  messageId: string
  tenantId?: string | null
  traceparent?: string | null
  headers?: Record<string, string | number>
}

export interface Delivery {
  queue: string
  exchange: string
  routingKey: string
  type: string
  content: Buffer
  messageId: string | null
  tenantId: string | null
  traceparent: string | null
  /** From 1; raised by each `retry`, not by `later` and not by a broker's redelivery. */
  attempt: number
  redelivered: boolean
  headers: Record<string, unknown>
}

/** Publishing failed, or its outcome is unknown: publish again, consumers deduplicate. */
export class PublishError extends Error {
  override readonly name = 'PublishError'
  readonly reason: 'returned' | 'nacked' | 'timeout' | 'disconnected' | 'blocked' | 'overloaded'
  constructor(reason: PublishError['reason'], detail: string) {
    super(`${reason}: ${detail}`)
    this.reason = reason
  }
}

export interface ConsumeOptions {
  prefetch: number
  /**
   * Asked while an Outage lasts: the handler is repeated in place with the same deliveries until it succeeds; after 60 s the
   * channel is closed (the messages return to the head, in order) and subscribed again when this answers true.
   */
  available?: () => Promise<boolean>
}

export interface BatchOptions extends ConsumeOptions {
  /** A batch that is full goes at once; a lone message waits at most `lingerMs`. */
  maxBatch: number
  lingerMs: number
}

/** One Outcome for all, or one for each delivery in the same order. */
export type BatchHandler = (deliveries: Delivery[], signal: AbortSignal) => Promise<Outcome | Outcome[]>
export type Handler = (delivery: Delivery, signal: AbortSignal) => Promise<Outcome>

/** Disposing drains: no new work starts, work in hand finishes and is acked, the rest returns in order. */
export interface Consumer extends AsyncDisposable {
  readonly queue: string
  /** True while subscribed on a live channel. */
  isReady(): boolean
}

export interface Queue extends AsyncDisposable {
  /** Resolves after the broker's confirm. Pipelined: call many, await all. @throws PublishError within 5 s at the latest. */
  publish(message: OutgoingMessage, options?: { timeoutMs?: number }): Promise<void>
  /** One at a time per delivery, `prefetch` at once, no order. */
  consume(queue: string, handler: Handler, options: ConsumeOptions): Promise<Consumer>
  /** One batch at a time per queue, in order. */
  consumeBatches(queue: string, handler: BatchHandler, options: BatchOptions): Promise<Consumer>
  /**
   * Subscribes to every shard with `consumeBatches` and keeps this process's share: active on at most
   * ceil(shards / instances), where instances = consumers of `membersQueue`. `joinMembers` consumes that queue itself (one that
   * is never fed); without it the caller does.
   */
  consumeShards(
    queues: readonly string[],
    handler: BatchHandler,
    options: BatchOptions & { membersQueue: string; joinMembers?: boolean },
  ): Promise<AsyncDisposable & { isReady(): boolean; activeShards(): string[] }>
  /** Messages ready and consumers of a queue, by passive declaration. */
  check(queue: string): Promise<{ messageCount: number; consumerCount: number }>
  /** Connected, topology declared, publisher not blocked. */
  isReady(): boolean
  /** True while the broker refuses publishers (memory or disk alarm). */
  isBlocked(): boolean
}
