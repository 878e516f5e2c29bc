import { Agent, request } from 'undici'
import { RingBuffer } from '../world/bounded.ts'
import { signatureOf } from './wire.ts'

export interface Attempt {
  at: number
  /** HTTP status, or null when no answer came. */
  status: number | null
  latencyMs: number
  error: string | null
}

/** One message, status or change in a webhook, so that the log can be compared with what a receiver stored. */
export interface DeliveryItem {
  kind: string
  id: string | null
  status?: string
}

export interface Delivery {
  id: string
  at: number
  /** Null when the app is not subscribed: the delivery is logged and never sent. */
  url: string | null
  field: string
  phoneNumberId: string | null
  items: DeliveryItem[]
  state: 'pending' | 'delivered' | 'dropped' | 'unsubscribed'
  attempts: Attempt[]
  body: string | Buffer
  /** Replaces the right signature; null leaves the header out. */
  signature?: string | null
}

/** Delay before each repetition in seconds; after the last one, hourly. Meta does not publish its delays: these are assumed. */
const RETRY_DELAYS_S = [0, 10, 30, 60, 120, 300, 600, 1800]
const HOURLY_S = 3600
const GIVE_UP_S = 7 * 24 * HOURLY_S
const TIMEOUT_MS = 10_000
const MAX_IN_FLIGHT = 128
const MAX_PENDING = 200_000

export interface DelivererOptions {
  secret: () => string
  /** Divides every retry delay: with 20, Meta's 10 s become half a second. */
  retrySpeed: number
  /** How many deliveries the log keeps. */
  keep: number
}

export type Deliverer = ReturnType<typeof createDeliverer>

/** Sends webhooks at once and concurrently, repeats those that are not answered with 200, and keeps a log. */
export function createDeliverer(options: DelivererOptions) {
  const agent = new Agent({ connections: MAX_IN_FLIGHT, connect: { timeout: TIMEOUT_MS } })
  const log = new RingBuffer<Delivery>(options.keep)
  const timers = new Set<NodeJS.Timeout>()
  const waiting: Delivery[] = []
  const counts = { delivered: 0, dropped: 0, attempts: 0 }
  let idleWaiters: (() => void)[] = []
  let head = 0
  let inFlight = 0
  let pending = 0
  let closed = false
  /** Raised by `clear`: an attempt of an earlier generation is not repeated. */
  let generation = 0
  let retrySpeed = options.retrySpeed

  function deliver(delivery: Delivery, delayMs = 0): void {
    log.add(delivery)
    if (delivery.state === 'unsubscribed') return
    pending++
    if (pending > MAX_PENDING) {
      finish(delivery, 'dropped')
      return
    }
    if (delayMs > 0) schedule(delayMs, () => enqueue(delivery))
    else enqueue(delivery)
  }

  function enqueue(delivery: Delivery): void {
    waiting.push(delivery)
    pump()
  }

  function pump(): void {
    while (inFlight < MAX_IN_FLIGHT && head < waiting.length && !closed) {
      const next = waiting[head++] as Delivery
      if (head > 1000 && head * 2 > waiting.length) {
        waiting.splice(0, head)
        head = 0
      }
      inFlight++
      attempt(next).catch(() => finish(next, 'dropped'))
    }
  }

  async function attempt(delivery: Delivery): Promise<void> {
    const startedAt = performance.now()
    const startedIn = generation
    const result: Attempt = { at: Date.now(), status: null, latencyMs: 0, error: null }
    counts.attempts++
    try {
      result.status = await post(delivery)
    } catch (error) {
      result.error = error instanceof Error ? ('code' in error && String(error.code)) || error.message : 'failed'
    }
    result.latencyMs = Math.round((performance.now() - startedAt) * 10) / 10
    delivery.attempts.push(result)
    inFlight--
    if (result.status === 200) finish(delivery, 'delivered')
    else if (closed || startedIn !== generation) finish(delivery, 'dropped')
    else repeat(delivery)
    pump()
  }

  async function post(delivery: Delivery): Promise<number> {
    const signature = delivery.signature === undefined ? signatureOf(delivery.body, options.secret()) : delivery.signature
    const { statusCode, body } = await request(delivery.url as string, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'facebookexternalua',
        accept: '*/*',
        ...(signature !== null && { 'x-hub-signature-256': signature }),
      },
      body: delivery.body,
      dispatcher: agent,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    })
    await body.dump()
    return statusCode
  }

  function repeat(delivery: Delivery): void {
    const delayS = RETRY_DELAYS_S[delivery.attempts.length - 1] ?? HOURLY_S
    if (Date.now() - delivery.at > (GIVE_UP_S * 1000) / retrySpeed) finish(delivery, 'dropped')
    else schedule((delayS * 1000) / retrySpeed, () => enqueue(delivery))
  }

  function finish(delivery: Delivery, state: 'delivered' | 'dropped'): void {
    delivery.state = state
    counts[state]++
    pending = Math.max(0, pending - 1)
    if (pending === 0) for (const resolve of idleWaiters.splice(0)) resolve()
  }

  function schedule(delayMs: number, run: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer)
      run()
    }, delayMs)
    timers.add(timer)
  }

  return {
    deliver,
    log,
    counts,
    pending: () => pending,
    setRetrySpeed: (speed: number) => {
      retrySpeed = speed
    },
    /** Resolves when no delivery is pending. */
    idle: () => (pending === 0 ? Promise.resolve() : new Promise<void>(resolve => idleWaiters.push(resolve))),
    /** Drops every pending delivery and empties the log. */
    clear(): void {
      for (const timer of timers) clearTimeout(timer)
      timers.clear()
      generation++
      waiting.length = 0
      head = 0
      pending = inFlight
      log.clear()
      for (const resolve of idleWaiters.splice(0)) resolve()
    },
    async close(): Promise<void> {
      closed = true
      for (const timer of timers) clearTimeout(timer)
      idleWaiters = []
      await agent.destroy()
    },
  }
}
