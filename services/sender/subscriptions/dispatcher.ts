import type { DeliveryVerdict } from '#shared/domain/subscriptions/delivery.ts'
import { isTrouble, verdictOf } from '#shared/domain/subscriptions/delivery.ts'
import { failingSinceAfter, type Health, healthAfter, isToBeDisabled, NEW_HEALTH } from '#shared/domain/subscriptions/health.ts'
import type { EventDeliveryDoc, EventSubscriptionDoc } from '#shared/model/documents.ts'
import { createSharedRuns, type SharedRuns } from '#shared/process/group-commit.ts'
import type { Logger } from '#shared/process/logger.ts'
import { eventDeliveries, eventDeliveryLag } from '#shared/process/metrics.ts'
import type { Store } from '#shared/store/connect.ts'
import {
  disableSubscription,
  endTests,
  findPending,
  findPendingOf,
  findTests,
  noteStanding,
  type Settled,
  settleDeliveries,
} from '#shared/store/subscriptions/outgoing.ts'
import type { Publishing } from '../publishing.ts'
import type { CallOutcome } from './call.ts'
import { OrderedDeliveries } from './ordered-deliveries.ts'

export interface DispatcherDeps {
  store: Store
  publishing: Pick<Publishing, 'publish'>
  log: Logger
  now(): Date
  /** Posts a delivery to its endpoint. @throws when the signal is aborted */
  call(subscription: EventSubscriptionDoc, delivery: EventDeliveryDoc, signal: AbortSignal): Promise<CallOutcome>
  /** Waits between attempts, in ms. */
  delays: readonly number[]
  disableAfterMs: number
  /** Of the pauses of an endpoint in trouble; 1 but in tests. */
  pauseScale: number
}

/** Calls of all tenants, and of one, at the same time. Endpoints in trouble have one each, so that the slow do not use them up. */
const MAX_CALLS = 256
const MAX_CALLS_OF_TENANT = 16
/** How long a stop waits for calls in flight; then they are ended, and go again elsewhere. */
const STOP_MS = 5000
/** How old the time of the last success may be in the row. */
const NOTED_MS = 10_000
const TESTS = 20

/** A subscription that is served, with its state in this process. */
interface Served {
  subscription: EventSubscriptionDoc
  deliveries: OrderedDeliveries
  health: Health
  inFlight: number
  failingSince: Date | null
  /** Time in ms of the last success that its row tells of. */
  notedAt: number
  isTesting: boolean
}

/**
 * Delivers what waits, with bounded calls for each endpoint, each tenant and all together, in turn: one that is slow or dead
 * delays no other. Lives for as long as its process leads; whatever it knows is in the rows.
 */
export class Dispatcher {
  readonly #deps: DispatcherDeps
  readonly #mayGoOn: () => boolean
  readonly #served = new Map<string, Served>()
  /** Those with deliveries in memory, whose turn is next first. */
  readonly #waiting = new Set<Served>()
  readonly #ofTenant = new Map<string, number>()
  readonly #running = new Set<Promise<void>>()
  readonly #abort = new AbortController()
  readonly #writes: SharedRuns<Settled>
  #inFlight = 0
  #failure: unknown = null

  constructor(deps: DispatcherDeps, mayGoOn: () => boolean) {
    this.#deps = deps
    this.#mayGoOn = mayGoOn
    const write = (settled: Settled[]) => settleDeliveries(deps.store, settled)
    this.#writes = createSharedRuns(write, { parallel: 2, minParallelItems: 50, maxItems: 200 })
  }

  /** Takes over what the rows say by now. Those that are switched off or gone are served no longer. */
  serve(subscriptions: readonly EventSubscriptionDoc[]): void {
    const ids = new Set(subscriptions.map(({ _id }) => String(_id)))
    for (const [id, served] of this.#served) if (!ids.has(id)) this.#forget(id, served)
    for (const subscription of subscriptions) {
      const known = this.#served.get(String(subscription._id))
      if (known === undefined) this.#served.set(String(subscription._id), this.#begin(subscription))
      else if (known.subscription.wakes !== subscription.wakes) this.#renew(known, subscription)
      else known.subscription = subscription
    }
  }

  /** New deliveries were added behind all others: they go at once, as far as there is room. */
  added(subscriptionId: string): void {
    const served = this.#served.get(subscriptionId)
    if (served === undefined || !isEnabled(served)) return
    served.deliveries.added()
    this.#track(this.#fill(served, this.#nowMs()).then(() => this.#start()))
  }

  /** Deliveries were ordered again. */
  changed(subscriptionId: string): void {
    this.#served.get(subscriptionId)?.deliveries.changed()
  }

  /** Reads what is due, and begins as many calls as may be. @throws Outage, and whatever a call has failed with */
  async round(): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    const nowMs = this.#nowMs()
    for (const served of this.#served.values()) {
      if (served.subscription.hasTests) this.#track(this.#runTests(served))
      if (!isEnabled(served)) continue
      served.deliveries.wakeDue(nowMs)
      await this.#fill(served, nowMs)
    }
    this.#start()
  }

  /** Begins no more calls and waits for those in flight; what takes longer is ended and stays to be delivered. */
  async stop(): Promise<void> {
    const giveUp = setTimeout(() => this.#abort.abort(new Error('the process stops')), STOP_MS)
    while (this.#running.size > 0) await Promise.allSettled(this.#running)
    clearTimeout(giveUp)
  }

  #begin(subscription: EventSubscriptionDoc): Served {
    const pending = {
      after: (seq: number, limit: number) => findPending(this.#deps.store, subscription, seq, limit),
      of: (key: string, limit: number) => findPendingOf(this.#deps.store, subscription, key, limit),
    }
    const served: Served = {
      subscription,
      deliveries: new OrderedDeliveries(pending, row => dueAt(row, served.subscription)),
      health: NEW_HEALTH,
      inFlight: 0,
      failingSince: subscription.failingSince,
      notedAt: subscription.lastDeliveredAt?.getTime() ?? 0,
      isTesting: false,
    }
    return served
  }

  /** The row was changed by somebody: the address may be another one, and what failed may count no longer. */
  #renew(served: Served, subscription: EventSubscriptionDoc): void {
    served.subscription = subscription
    served.failingSince = subscription.failingSince
    served.health = NEW_HEALTH
    served.deliveries.changed()
  }

  #forget(id: string, served: Served): void {
    this.#served.delete(id)
    this.#waiting.delete(served)
  }

  async #fill(served: Served, nowMs: number): Promise<void> {
    if (served.deliveries.hasToRead()) await served.deliveries.fill(nowMs)
    if (served.deliveries.hasReady()) this.#waiting.add(served)
  }

  /** Begins calls in turn, one of each subscription, until no more may begin. */
  #start(): void {
    const nowMs = this.#nowMs()
    let refused = 0
    while (this.#inFlight < MAX_CALLS && refused < this.#waiting.size && this.#failure === null && this.#mayGoOn()) {
      const [served] = this.#waiting as unknown as [Served]
      this.#waiting.delete(served)
      const delivery = this.#mayCall(served, nowMs) ? served.deliveries.take(nowMs) : null
      if (served.deliveries.hasReady()) this.#waiting.add(served)
      if (delivery === null) refused++
      else {
        refused = 0
        this.#track(this.#deliver(served, delivery))
      }
    }
  }

  #mayCall({ subscription, health, inFlight }: Served, nowMs: number): boolean {
    if (inFlight >= health.limit || health.pausedUntil > nowMs) return false
    return (this.#ofTenant.get(String(subscription.tenantId)) ?? 0) < MAX_CALLS_OF_TENANT
  }

  async #deliver(served: Served, delivery: EventDeliveryDoc): Promise<void> {
    const { subscription } = served
    this.#count(served, 1)
    let outcome: CallOutcome
    try {
      outcome = await this.#deps.call(subscription, delivery, this.#abort.signal)
    } finally {
      this.#count(served, -1)
    }
    const tries = triesOf(delivery, subscription) + 1
    const verdict = this.#judge(served, outcome, tries)
    const retryAt = verdict.kind === 'retry' ? new Date(this.#nowMs() + verdict.delayMs) : null
    await this.#settle(served, delivery, outcome, { tries, verdict, retryAt })
    served.deliveries.settled(delivery, verdict.kind === 'gone' ? Number.POSITIVE_INFINITY : (retryAt?.getTime() ?? null))
    if (isEnabled(served) && this.#served.has(String(subscription._id))) await this.#fill(served, this.#nowMs())
    this.#start()
  }

  /** The verdict on a call. Where the subscription is about to be switched off, its deliveries go on waiting. */
  #judge(served: Served, { result, attempt }: CallOutcome, tries: number): DeliveryVerdict {
    const { delays, pauseScale, disableAfterMs } = this.#deps
    served.health = healthAfter(served.health, isTrouble(result), this.#nowMs(), pauseScale)
    const verdict = verdictOf(result, tries, Math.random(), delays)
    const failingSince = failingSinceAfter(served.failingSince, result.problem === null, attempt.at)
    const isLast = verdict.kind === 'exhausted' && isToBeDisabled(failingSince, this.#deps.now(), disableAfterMs)
    return isLast ? { kind: 'retry', delayMs: 0 } : verdict
  }

  async #settle(
    served: Served,
    delivery: EventDeliveryDoc,
    { attempt }: CallOutcome,
    { tries, verdict, retryAt }: { tries: number; verdict: DeliveryVerdict; retryAt: Date | null },
  ): Promise<void> {
    const state = STATE_AFTER[verdict.kind]
    await this.#writes.add([{ delivery, attempt, state, tries, nextAttemptAt: retryAt }])
    eventDeliveries.inc({ outcome: verdict.kind })
    if (verdict.kind === 'delivered')
      eventDeliveryLag.observe(Math.max(0, attempt.at.getTime() - delivery.createdAt.getTime()) / 1000)
    await this.#noteHealth(served, attempt.problem, verdict)
  }

  /** Writes how the endpoint does, where that changed, and switches off a subscription that has failed for too long. */
  async #noteHealth(served: Served, problem: CallOutcome['attempt']['problem'], verdict: DeliveryVerdict): Promise<void> {
    const { store, now, disableAfterMs } = this.#deps
    const at = now()
    const { subscription, failingSince: before } = served
    served.failingSince = failingSinceAfter(before, problem === null, at)
    const isNew = (before === null) !== (served.failingSince === null)
    if (problem === null && (isNew || at.getTime() - served.notedAt > NOTED_MS)) {
      served.notedAt = at.getTime()
      await noteStanding(store, subscription, { failingSince: null, lastDeliveredAt: at, lastProblem: null })
    } else if (isNew) await noteStanding(store, subscription, { failingSince: served.failingSince, lastProblem: problem })
    if (verdict.kind === 'gone') await this.#disable(served, 'gone')
    else if (isToBeDisabled(served.failingSince, at, disableAfterMs)) await this.#disable(served, 'failing')
  }

  async #disable(served: Served, reason: 'failing' | 'gone'): Promise<void> {
    const { store, publishing, log, now } = this.#deps
    const { _id, tenantId } = served.subscription
    served.subscription = { ...served.subscription, status: 'DISABLED' }
    this.#waiting.delete(served)
    const events = await disableSubscription(store, served.subscription, reason, now())
    if (events.length === 0) return
    log.warn({ subscriptionId: String(_id), tenantId: String(tenantId), reason }, 'event subscription disabled')
    await publishing.publish(events)
  }

  /** Test deliveries: one attempt each, whatever the state of the subscription, and of no consequence for it. */
  async #runTests(served: Served): Promise<void> {
    if (served.isTesting) return
    served.isTesting = true
    const { subscription } = served
    try {
      for (const delivery of await findTests(this.#deps.store, subscription, TESTS)) {
        const { attempt } = await this.#deps.call(subscription, delivery, this.#abort.signal)
        const state = attempt.problem === null ? 'DELIVERED' : 'FAILED'
        await this.#writes.add([{ delivery, attempt, state, tries: 1, nextAttemptAt: null }])
      }
      await endTests(this.#deps.store, subscription)
    } finally {
      served.isTesting = false
    }
  }

  #count(served: Served, by: 1 | -1): void {
    const tenantId = String(served.subscription.tenantId)
    served.inFlight += by
    this.#inFlight += by
    const count = (this.#ofTenant.get(tenantId) ?? 0) + by
    if (count === 0) this.#ofTenant.delete(tenantId)
    else this.#ofTenant.set(tenantId, count)
  }

  /** Keeps a piece of work until it ends. Its failure ends the next round, and with it this dispatcher. */
  #track(work: Promise<void>): void {
    const tracked = work
      .catch(error => {
        if (!this.#abort.signal.aborted) this.#failure ??= error
      })
      .finally(() => this.#running.delete(tracked))
    this.#running.add(tracked)
  }

  #nowMs(): number {
    return this.#deps.now().getTime()
  }
}

const STATE_AFTER = { delivered: 'DELIVERED', retry: 'PENDING', exhausted: 'FAILED', gone: 'PENDING' } as const

const isEnabled = ({ subscription }: Served) => subscription.status === 'ENABLED'

/** Attempts that count: those since the subscription was last switched on. */
const triesOf = (delivery: EventDeliveryDoc, subscription: EventSubscriptionDoc): number =>
  isOfBefore(delivery, subscription) ? 0 : delivery.tries

/** When a delivery is due, in ms. One that failed before the subscription was last switched on is due at once. */
const dueAt = (delivery: EventDeliveryDoc, subscription: EventSubscriptionDoc): number =>
  isOfBefore(delivery, subscription) ? 0 : (delivery.nextAttemptAt?.getTime() ?? 0)

const isOfBefore = ({ attempts }: EventDeliveryDoc, { enabledAt }: EventSubscriptionDoc): boolean => {
  const last = attempts.at(-1)
  return last !== undefined && last.at < enabledAt
}
