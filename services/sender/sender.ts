import { randomBytes } from 'node:crypto'
import os from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Keyring } from '#shared/auth/encryption.ts'
import type { SenderLimits } from '#shared/limits/send-limits.ts'
import type { MetaClient } from '#shared/meta/client.ts'
import type { Logger } from '#shared/process/logger.ts'
import type { EventExchange } from '#shared/queue/event-exchange.ts'
import { QUEUES } from '#shared/queue/topology.ts'
import type { Queue } from '#shared/queue/types.ts'
import type { ObjectStorage } from '#shared/storage/object-storage.ts'
import { type ServerClock, serverClock } from '#shared/store/clock.ts'
import type { Store } from '#shared/store/connect.ts'
import { BACKLOG_MS, startBackground, startHeartbeat } from './background.ts'
import { createNumbers, type Numbers } from './numbers.ts'
import { ConcurrencyLimiter } from './pacing/concurrency.ts'
import { createPublishing } from './publishing.ts'
import { createReceipts } from './receipts.ts'
import { createCall } from './send/call.ts'
import { createConsentCheck } from './send/check-consent.ts'
import { createSend } from './send/consumer.ts'
import { createFinish } from './send/finish.ts'
import { createHeldCampaigns } from './send/held-campaigns.ts'
import { createPause } from './send/pause.ts'
import { createCampaignStop } from './send/stop-campaign.ts'
import { createUploads } from './send/uploads.ts'
import type { DeliverySettings } from './subscriptions/deliver-events.ts'

export interface SenderDeps {
  store: Store
  queue: Queue
  /** Without Redis, each sender keeps to its share of the limits, so these need the number of live senders. */
  limits: (liveSenders: () => number) => SenderLimits
  meta: MetaClient
  keyring: Keyring
  /** To which all events go as well; null without one. */
  exchange?: EventExchange | null
  /** Holds the files of audiences and of messages. */
  storage: ObjectStorage
  log: Logger
}

export interface SenderOptions {
  /** Maximum number of calls in flight. */
  concurrency?: number
  unknownDeadlineMs?: number
  /** Period of the job that republishes events. */
  outboxEveryMs?: number
  /** Period of the job that measures the backlog. */
  backlogEveryMs?: number
  /** False: no message is taken and no background job runs. Messages wait in the queues. */
  isEnabled?: boolean
  /** Name of this process among the senders. */
  owner?: string
  /** How events are delivered to tenants' endpoints; push services are called by the same rules for addresses. */
  deliveries?: DeliverySettings
}

export interface Sender extends AsyncDisposable {
  isReady(): boolean
  /** Resolves when no call is in flight and every outcome is written. */
  idle(): Promise<void>
}

/** How long a stop waits for calls in flight. */
const STOP_TIMEOUT_MS = 18_000

/** Starts a sender: consumes send jobs, calls Meta, writes outcomes, and runs the background jobs while it holds their lease. */
export async function startSender(deps: SenderDeps, options: SenderOptions = {}): Promise<Sender> {
  const { store, queue, log } = deps
  const { owner = newOwner(), isEnabled = true, outboxEveryMs = 5000, backlogEveryMs = BACKLOG_MS } = options
  if (!isEnabled) return disabledSender(log)

  await using stack = new AsyncDisposableStack()
  const clock = stack.use(await serverClock(store, { log }))
  const heartbeat = stack.use(await startHeartbeat(store, owner, log))
  const limits = deps.limits(heartbeat.liveSenders)
  const parts = createParts({ ...deps, limits, clock, owner, isAlive: heartbeat.isAlive }, options)
  const { limiter, numbers, publishing, unknownDeadlineMs } = parts
  stack.defer(() => publishing.settled())
  // A call may last longer than this: the sweep then finds its row, as after a crash.
  stack.defer(() => Promise.race([limiter.idle(), sleep(STOP_TIMEOUT_MS, undefined, { ref: false })]))
  const periods = { unknownDeadlineMs, republishEveryMs: outboxEveryMs, backlogEveryMs }
  const shared = { store, queue, numbers, publishing, clock, log, owner }
  const events = { keyring: deps.keyring, exchange: deps.exchange ?? null, settings: options.deliveries ?? {} }
  stack.use(await startBackground({ ...shared, ...events, storage: deps.storage, messagingLimits: limits.people, ...periods }))
  const consumers = stack.use(await startConsumers({ ...deps, clock, numbers }, parts.send))
  stack.defer(() => limiter.close())
  const opened = stack.move()
  return {
    isReady: consumers.isReady,
    idle: () => limiter.idle(),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/** The name of a process: unique among the senders, and readable in rows and logs. */
const newOwner = () => `${os.hostname()}:${process.pid}:${randomBytes(3).toString('hex')}`

function disabledSender(log: Logger): Sender {
  log.warn({ JOB_RUNNER_ENABLED: false }, 'sending disabled')
  return { isReady: () => true, idle: () => Promise.resolve(), [Symbol.asyncDispose]: () => Promise.resolve() }
}

type Parts = Omit<SenderDeps, 'limits'> & { limits: SenderLimits; clock: ServerClock; owner: string; isAlive(): boolean }

/** Builds the parts of a send, some of which the background jobs share. */
function createParts(deps: Parts, { concurrency = 400, unknownDeadlineMs = 300_000 }: SenderOptions) {
  const { store, queue, meta, keyring, storage, log, limits, clock, owner, isAlive } = deps
  const limiter = new ConcurrencyLimiter(concurrency)
  const publishing = createPublishing(queue, log)
  const numbers = createNumbers(store, keyring, () => clock.now())
  const pause = createPause({ store, keyring, limits, numbers, publishing, log })
  const finish = createFinish({ store, queue, publishing, clock, log })
  const stopCampaign = createCampaignStop({ store, publishing, clock, log })
  const uploads = createUploads({ store, storage, meta, clock, log })
  const campaigns = createHeldCampaigns(store)
  const refusals = { limits, pause, stopCampaign, campaigns }
  const call = createCall({ meta, uploads, ...refusals, clock, log, unknownDeadlineMs, isAlive })
  const checkConsent = createConsentCheck(store, log)
  const rules = { limits, numbers, campaigns, pause, limiter, checkConsent }
  const send = { store, publishing, clock, log, owner, call, finish, ...rules }
  return { limiter, publishing, numbers, unknownDeadlineMs, send }
}

type SendDeps = Parameters<typeof createSend>[0]
type ConsumerDeps = Pick<SenderDeps, 'store' | 'queue' | 'meta' | 'log'> & { clock: ServerClock; numbers: Numbers }

interface Consumers extends AsyncDisposable {
  isReady(): boolean
}

async function startConsumers({ store, queue, meta, log, clock, numbers }: ConsumerDeps, sendDeps: SendDeps): Promise<Consumers> {
  await using stack = new AsyncDisposableStack()
  const available = () => store.takesWrites()
  const batch = { maxBatch: 200, lingerMs: 5, everyMs: 30, available }
  const receipts = { prefetch: 20, available }
  const chat = await queue.consumeBatches(QUEUES.chat, createSend(sendDeps, 'chat'), { ...batch, prefetch: 400 })
  const bulk = await queue.consumeBatches(QUEUES.bulk, createSend(sendDeps, 'campaign'), { ...batch, prefetch: 200 })
  stack.use(await queue.consume(QUEUES.receipts, createReceipts({ numbers, meta, clock, log }), receipts))
  stack.use(bulk)
  stack.use(chat)
  const opened = stack.move()
  return { isReady: () => chat.isReady() && bulk.isReady(), [Symbol.asyncDispose]: () => opened.disposeAsync() }
}
