import { randomBytes } from 'node:crypto'
import os from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Keyring } from '#shared/auth/encryption.ts'
import type { SenderLimits } from '#shared/limits/send-limits.ts'
import type { MetaClient } from '#shared/meta/client.ts'
import type { Logger } from '#shared/process/logger.ts'
import { loop } from '#shared/process/loop.ts'
import { oldestWaiting, sendBacklog } from '#shared/process/metrics.ts'
import { QUEUES } from '#shared/queue/topology.ts'
import type { Queue } from '#shared/queue/types.ts'
import type { ObjectStorage } from '#shared/storage/object-storage.ts'
import { serverClock } from '#shared/store/clock.ts'
import type { Store } from '#shared/store/connect.ts'
import { beat, endBeat, holdLease, liveOwners } from '#shared/store/leases.ts'
import { checkNextAudience } from './background/check-audience.ts'
import { createDue } from './background/due.ts'
import { createCampaignRelease } from './background/release-campaigns.ts'
import { createMessagingLimitRestore } from './background/restore-messaging-limit.ts'
import { createRoundRobin } from './background/round-robin.ts'
import { createSweeps, SENDER } from './background/sweeps.ts'
import { createNumbers } from './numbers.ts'
import { ConcurrencyLimiter } from './pacing/concurrency.ts'
import { createPublishing } from './publishing.ts'
import { createReceipts } from './receipts.ts'
import { createCall } from './send/call.ts'
import { createTemplateCheck } from './send/check-template.ts'
import { createSend } from './send/consumer.ts'
import { createFinish } from './send/finish.ts'
import { createHeldCampaigns } from './send/held-campaigns.ts'
import { createPause } from './send/pause.ts'
import { createCampaignStop } from './send/stop-campaign.ts'
import { createUploads } from './send/uploads.ts'

export interface SenderDeps {
  store: Store
  queue: Queue
  /** Built with the number of live senders, which it needs when Redis is away. */
  limits: (liveSenders: () => number) => SenderLimits
  meta: MetaClient
  keyring: Keyring
  /** Files of audiences. */
  storage: ObjectStorage
  log: Logger
}

export interface SenderOptions {
  /** Calls in flight at most. */
  concurrency?: number
  unknownDeadlineMs?: number
  /** How often events that were not published are looked for. */
  outboxEveryMs?: number
  /** How often what waits is counted for the gauges. */
  backlogEveryMs?: number
  /** False: nothing is taken and no sweep runs; nothing is lost. */
  isEnabled?: boolean
  /** Name of this process among the senders. */
  owner?: string
}

export interface Sender extends AsyncDisposable {
  isReady(): boolean
  /** Resolves when no call is in flight and every outcome is written. */
  idle(): Promise<void>
}

const STOP_PATIENCE_MS = 18_000
const BEAT_MS = 2000
const SWEEP_LEASE_MS = 6000
const BACKLOG_MS = 15_000

/** Takes bells, calls Meta, writes outcomes, and runs the sweeps while no other sender does. */
export async function startSender(deps: SenderDeps, options: SenderOptions = {}): Promise<Sender> {
  const { store, queue, meta, keyring, storage, log } = deps
  const { concurrency = 400, unknownDeadlineMs = 300_000, outboxEveryMs = 5000, isEnabled = true } = options
  const owner = options.owner ?? `${os.hostname()}:${process.pid}:${randomBytes(3).toString('hex')}`
  if (!isEnabled) {
    log.warn('sending is switched off: JOB_RUNNER_ENABLED')
    return { isReady: () => true, idle: () => Promise.resolve(), [Symbol.asyncDispose]: () => Promise.resolve() }
  }

  await using stack = new AsyncDisposableStack()
  const clock = stack.use(await serverClock(store, { log }))
  let senders = 1
  // The first beat comes before the first take: a row whose owner does not beat counts as abandoned.
  await beat(store, SENDER, owner)
  stack.defer(() => endBeat(store, SENDER, owner).catch(() => undefined))
  async function live(): Promise<void> {
    await beat(store, SENDER, owner)
    senders = Math.max(1, (await liveOwners(store, SENDER)).length)
  }
  stack.use(loop('beat', BEAT_MS, live, { when: () => true, log }))

  const limits = deps.limits(() => senders)
  const limiter = new ConcurrencyLimiter(concurrency)
  const publishing = createPublishing(queue, log)
  stack.defer(() => publishing.settled())
  const numbers = createNumbers(store, keyring)
  const pause = createPause({ store, keyring, limits, numbers, publishing, log })
  const finish = createFinish({ store, queue, publishing, clock, log })
  // A call may last longer than a stop: its row is then found by the sweep, as after a crash.
  stack.defer(() => Promise.race([limiter.idle(), sleep(STOP_PATIENCE_MS, undefined, { ref: false })]))
  const stopCampaign = createCampaignStop({ store, publishing, clock, log })
  const uploads = createUploads({ store, storage, meta, clock, log })
  const call = createCall({ meta, uploads, limits, pause, stopCampaign, clock, log, unknownDeadlineMs })
  const campaigns = createHeldCampaigns(store)
  const checkTemplate = createTemplateCheck(store, log)
  const sendDeps = {
    store,
    limits,
    numbers,
    campaigns,
    pause,
    limiter,
    publishing,
    clock,
    log,
    owner,
    checkTemplate,
    call,
    finish,
  }

  const lease = stack.use(await holdLease(store, { name: 'sender:sweeps', owner, ttlMs: SWEEP_LEASE_MS, log }))
  const roundRobin = createRoundRobin(store, log)
  const due = createDue({ store, queue, numbers, publishing, clock, log, roundRobin })
  const sweeps = createSweeps({ store, queue, numbers, publishing, clock, log, owner, unknownDeadlineMs, roundRobin })
  const when = () => lease.isHeld()
  const every = (name: string, everyMs: number, work: () => Promise<void>) => stack.use(loop(name, everyMs, work, { when, log }))
  every('release', 200, due.release)
  every('ring again', 1000, due.requeueLost)
  every('people', 1000, createMessagingLimitRestore({ store, people: limits.people, clock, log }))
  every('abandoned', 1000, sweeps.abandon)
  every('unknown', Math.min(1000, unknownDeadlineMs), sweeps.settleUnknown)
  every('expired', 60_000, sweeps.expire)
  every('outbox', outboxEveryMs, sweeps.publishAgain)
  every('backlog', options.backlogEveryMs ?? BACKLOG_MS, sweeps.measure)
  // What another sender measures now is not told here as well.
  stack.use(loop('backlog of others', BACKLOG_MS, forgetBacklog, { when: () => !lease.isHeld(), log }))
  const release = createCampaignRelease({ store, numbers, publishing, clock, log })
  every('campaigns due', 1000, release.begin)
  every('campaigns', 250, release.release)
  every('campaign progress', 500, release.report)
  every('cancelled campaigns', 1000, release.endCancelled)
  let isStopping = false
  every('audiences', 500, () => checkNextAudience({ store, storage, log, mayGoOn: () => !isStopping && when() }))

  const available = () => store.ping()
  const batch = { maxBatch: 200, lingerMs: 5, available }
  const chat = await queue.consumeBatches(QUEUES.chat, createSend(sendDeps, 'chat'), { ...batch, prefetch: 400 })
  const bulk = await queue.consumeBatches(QUEUES.bulk, createSend(sendDeps, 'campaign'), { ...batch, prefetch: 200 })
  const receipts = await queue.consume(QUEUES.receipts, createReceipts({ numbers, meta, clock, log }), {
    prefetch: 20,
    available,
  })
  stack.use(receipts)
  stack.use(bulk)
  stack.use(chat)
  stack.defer(() => {
    isStopping = true
    limiter.close()
  })
  const opened = stack.move()
  return {
    isReady: () => chat.isReady() && bulk.isReady(),
    idle: () => limiter.idle(),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

async function forgetBacklog(): Promise<void> {
  sendBacklog.reset()
  oldestWaiting.reset()
}
