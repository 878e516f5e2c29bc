import type { ConfirmChannel, Message } from 'amqplib'
import type { Logger } from '../process/logger.ts'
import { type Link, within } from './link.ts'
import { type OutgoingMessage, PublishError } from './types.ts'

export interface Publisher extends AsyncDisposable {
  publish(message: OutgoingMessage, options?: { timeoutMs?: number }): Promise<void>
  isReady(): boolean
}

interface Pending {
  deadline: number
  resolve(): void
  reject(error: PublishError): void
  isReturned: boolean
  what: string
}

/** Beyond these the caller is refused: a broker that does not confirm must not fill the memory. */
const MAX_UNCONFIRMED = 1000
const CONFIRM_MS = 5000
const SWEEP_MS = 100

/** One confirm channel, pipelined: a promise for each message, no waiting between them. */
export async function openPublisher(link: Link, log: Logger): Promise<Publisher> {
  const pending = new Map<string, Pending>()
  let channel: ConfirmChannel | null = null
  let counter = 0
  let isClosed = false

  async function open(): Promise<void> {
    const opened = await link.createConfirmChannel()
    opened.on('error', error => log.warn({ err: error }, 'publishing channel'))
    opened.on('handler-error', error => log.error({ err: error }, 'publishing listener'))
    opened.on('return', markReturned)
    opened.on('close', () => {
      if (channel !== opened) return
      channel = null
      failAll('disconnected', 'the channel closed before the confirm')
      reopen()
    })
    channel = opened
  }

  /** A connection that is lost brings a new channel by `connected`; a channel that died alone is replaced here. */
  function reopen(): void {
    if (isClosed || channel !== null || !link.isConnected()) return
    open().catch(error => log.warn({ err: error }, 'no publishing channel'))
  }

  function markReturned(message: Message): void {
    const item = pending.get(String(message.properties.correlationId))
    if (item !== undefined) item.isReturned = true
  }

  function settle(id: string, refused: unknown): void {
    const item = pending.get(id)
    if (item === undefined) return
    pending.delete(id)
    if (item.isReturned) item.reject(new PublishError('returned', `no queue takes ${item.what}`))
    else if (refused) item.reject(new PublishError(channel === null ? 'disconnected' : 'nacked', item.what))
    else item.resolve()
  }

  function failAll(reason: PublishError['reason'], detail: string): void {
    for (const [id, item] of pending) {
      pending.delete(id)
      item.reject(new PublishError(reason, detail))
    }
  }

  function failLate(): void {
    const now = Date.now()
    for (const [id, item] of pending) {
      if (item.deadline > now) continue
      pending.delete(id)
      item.reject(new PublishError('timeout', `no confirm of ${item.what}`))
    }
  }

  function publish(message: OutgoingMessage, options: { timeoutMs?: number } = {}): Promise<void> {
    const open = channel
    if (open === null) return Promise.reject(new PublishError('disconnected', message.routingKey))
    if (link.isBlocked()) return Promise.reject(new PublishError('blocked', message.routingKey))
    if (pending.size >= MAX_UNCONFIRMED) return Promise.reject(new PublishError('overloaded', message.routingKey))
    return new Promise((resolve, reject) => {
      const id = String(++counter)
      const what = `${message.exchange} ${message.routingKey}`
      pending.set(id, { deadline: Date.now() + (options.timeoutMs ?? CONFIRM_MS), resolve, reject, isReturned: false, what })
      try {
        open.publish(message.exchange, message.routingKey, bytesOf(message.body), propertiesOf(message, id), error =>
          settle(id, error),
        )
      } catch {
        pending.delete(id)
        reject(new PublishError('disconnected', what))
      }
    })
  }

  link.changes.on('connected', reopen)
  await open()
  const sweep = setInterval(failLate, SWEEP_MS)
  sweep.unref()

  return {
    publish,
    isReady: () => channel !== null && !link.isBlocked(),
    async [Symbol.asyncDispose]() {
      isClosed = true
      if (channel !== null) await within(CONFIRM_MS, channel.waitForConfirms())
      clearInterval(sweep)
      failAll('disconnected', 'the publisher closed')
    },
  }
}

const bytesOf = (body: unknown): Buffer => (Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body)))

function propertiesOf(message: OutgoingMessage, correlationId: string) {
  const headers: Record<string, string | number> = { 'x-linko-attempt': 1, ...message.headers }
  if (message.tenantId) headers['x-linko-tenant'] = message.tenantId
  if (message.traceparent) headers.traceparent = message.traceparent
  return {
    persistent: true,
    mandatory: true,
    messageId: message.messageId,
    type: message.type,
    contentType: 'application/json',
    timestamp: Math.floor(Date.now() / 1000),
    correlationId,
    headers,
  }
}
