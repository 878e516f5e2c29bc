import type { MessageType } from '../contracts/message-types.ts'

/** A handler's decision about a delivery. Only this adapter acks, delays and dead-letters. */
export type Outcome =
  | { kind: 'done' }
  /** Counts as an attempt. The delays are 1, 10, 60, 600 and 600 s; the sixth failure makes a dead letter. */
  | { kind: 'retry'; error: unknown }
  /** Not an attempt. The delay is rounded up to the next delay queue: 1, 10, 60 or 600 s. */
  | { kind: 'later'; delayMs: number }
  | { kind: 'dead-letter'; reason: string; error?: unknown }

export const DONE: Outcome = { kind: 'done' }

export interface OutgoingMessage {
  exchange: string
  routingKey: string
  type: MessageType
  /** A Buffer is sent as it is, any other value as JSON. */
  body: unknown
  /** Stable across repeats of the same fact. Consumers deduplicate by their own keys; this id is for searching. */
  messageId: string
  tenantId?: string | null
  traceparent?: string | null
  headers?: Record<string, string | number>
  /** Somebody waits for its effect: a consumer with `patienceMs` does not keep it back. */
  isUrgent?: boolean
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
  /** When it was published, or moved to its queue, to the second; null or missing where the publisher did not say. */
  publishedAt?: Date | null
  /** From 1. Raised by each `retry`, not by `later` and not by a redelivery of the broker. */
  attempt: number
  redelivered: boolean
  headers: Record<string, unknown>
}

/** Publishing failed, or its outcome is unknown: publish again, consumers deduplicate. */
export class PublishError extends Error {
  override readonly name = 'PublishError'
  /** `silent`: the queue has confirmed nothing for a while, so that only one publish at a time tries it. */
  readonly reason: 'returned' | 'nacked' | 'timeout' | 'disconnected' | 'blocked' | 'overloaded' | 'silent'
  constructor(reason: PublishError['reason'], detail: string) {
    super(`${reason}: ${detail}`)
    this.reason = reason
  }
}

export interface ConsumeOptions {
  prefetch: number
  /** Time for one call of the handler, 60 s by default. Then its signal is aborted and its deliveries are retried. */
  handlerMs?: number
  /**
   * Whether the server that the handler needs does what the handler needs of it. While it does not, no failure is an attempt.
   * During an Outage the handler is repeated in place with the same deliveries; after 60 s the channel is closed, which returns the
   * messages to the head of the queue in order, and the consumer subscribes again when this resolves to true. Rounds that fail
   * nevertheless follow each other more and more slowly.
   */
  available?: () => Promise<boolean>
}

export interface BatchOptions extends ConsumeOptions {
  /** A full batch starts at once; any other starts when its oldest delivery has waited `lingerMs`. */
  maxBatch: number
  lingerMs: number
  /**
   * A batch without an urgent delivery starts at the next multiple of this time, at which the batches of all queues of the process
   * meet. Without it every delivery is urgent.
   */
  patienceMs?: number
  /** Shortest time from the start of a batch to that of the next one, unless that is full; 0 by default. */
  everyMs?: number
}

/** Returns one Outcome for all deliveries, or one for each in the same order. */
export type BatchHandler = (deliveries: Delivery[], signal: AbortSignal) => Promise<Outcome | Outcome[]>
export type Handler = (delivery: Delivery, signal: AbortSignal) => Promise<Outcome>

/** Disposing drains: no new batch starts, running ones finish and are acked, the remaining messages return in order. */
export interface Consumer extends AsyncDisposable {
  readonly queue: string
  /** Whether the consumer is subscribed on an open channel. */
  isReady(): boolean
}

export interface Queue extends AsyncDisposable {
  /**
   * Resolves after the broker's confirm. Pipelined: many calls may be in flight. @throws PublishError, after 5 s at the latest
   */
  publish(message: OutgoingMessage, options?: { timeoutMs?: number }): Promise<void>
  /** Handles each delivery on its own, `prefetch` of them concurrently, in no order. */
  consume(queue: string, handler: Handler, options: ConsumeOptions): Promise<Consumer>
  /** Handles one batch at a time, in the order of the queue. */
  consumeBatches(queue: string, handler: BatchHandler, options: BatchOptions): Promise<Consumer>
  /**
   * Subscribes to every shard like `consumeBatches` and stays active on this process's share only: at most ceil(shards /
   * instances), where instances is the number of consumers of `membersQueue`. With `joinMembers` this call also consumes that
   * queue, which receives no messages; without it the caller must.
   */
  consumeShards(
    queues: readonly string[],
    handler: BatchHandler,
    options: BatchOptions & { membersQueue: string; joinMembers?: boolean },
  ): Promise<AsyncDisposable & { isReady(): boolean; activeShards(): string[] }>
  /** Number of ready messages and of consumers of a queue, by passive declaration. */
  check(queue: string): Promise<{ messageCount: number; consumerCount: number }>
  /** Whether both connections are open, the topology is declared and the publisher is not blocked. */
  isReady(): boolean
  /** Whether the broker refuses publishers, because of a memory or disk alarm. */
  isBlocked(): boolean
}
