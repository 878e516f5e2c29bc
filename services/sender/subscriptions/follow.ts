import { eventTypeOf, outgoingEvent } from '#shared/contracts/event-subscriptions.ts'
import type { SequencedEvent } from '#shared/contracts/socket-events.ts'
import type { EventDeliveryDoc, EventSubscriptionDoc, SubscriptionReplay } from '#shared/model/documents.ts'
import { inParallel } from '#shared/process/in-parallel.ts'
import { isTenantActive } from '#shared/store/accounts/tenants.ts'
import type { Store } from '#shared/store/connect.ts'
import { eventsSince, latestSeqs } from '#shared/store/events/sequence.ts'
import {
  insertDeliveries,
  movePositions,
  newDelivery,
  noteReplay,
  replayDeliveries,
} from '#shared/store/subscriptions/outgoing.ts'

const PAGE = 200
/** Tenants whose events are read at the same time. */
const PARALLEL = 4
/** Steps of a replay in a round: then it is the turn of what is new. */
const STEPS = 10
/**
 * A tenant that had an event so lately is asked for the next ones itself: the counters of all tenants, which are read for the others,
 * follow the events within a second.
 */
const RECENT_MS = 5000

/** What a round has found: nothing, something, or so much that more may be there already. */
export type Followed = 'nothing' | 'some' | 'more'

/** Turns the event log into deliveries: each event once for each subscription that wants it, by the subscription's position. */
export class Follower {
  readonly #store: Store
  readonly #now: () => Date
  /** Time in ms of the last event of a tenant. */
  readonly #recent = new Map<string, number>()

  constructor(store: Store, now: () => Date) {
    this.#store = store
    this.#now = now
  }

  /**
   * Takes over the next events of every tenant: a page of each, several tenants beside each other.
   * @param subscriptions those that are switched on @param onAdded hears at once of a subscription that has new deliveries
   * @throws Outage
   */
  async follow(subscriptions: readonly EventSubscriptionDoc[], onAdded: (subscriptionId: string) => void): Promise<Followed> {
    const behind = await this.#findBehind(Map.groupBy(subscriptions, ({ tenantId }) => String(tenantId)))
    let found: Followed = 'nothing'
    await inParallel(behind, PARALLEL, async next => {
      const count = await this.#followTenant(next, onAdded)
      if (count === PAGE) found = 'more'
      else if (count > 0 && found === 'nothing') found = 'some'
    })
    return found
  }

  /** Tenants that may have events which have not become deliveries yet. */
  async #findBehind(byTenant: ReadonlyMap<string, EventSubscriptionDoc[]>): Promise<Behind[]> {
    if (byTenant.size === 0) return []
    const nowMs = this.#now().getTime()
    const latest = await latestSeqs(this.#store, [...byTenant.keys()])
    return [...byTenant].flatMap(([tenantId, subscriptions]) => {
      const position = Math.min(...subscriptions.map(subscription => subscription.position))
      const isRecent = nowMs - (this.#recent.get(tenantId) ?? 0) < RECENT_MS
      if (!isRecent) this.#recent.delete(tenantId)
      return isRecent || (latest.get(tenantId) ?? 0) > position ? [{ tenantId, subscriptions, position }] : []
    })
  }

  /** @returns the number of events that were taken over */
  async #followTenant({ tenantId, subscriptions, position }: Behind, onAdded: (id: string) => void): Promise<number> {
    if (!(await isTenantActive(this.#store, tenantId))) return 0
    const events = await eventsSince(this.#store, tenantId, position, PAGE)
    const last = events.at(-1)
    if (last === undefined) return 0
    this.#recent.set(tenantId, this.#now().getTime())
    const bodies = new Bodies()
    const added = new Set<string>()
    const rows = subscriptions.flatMap(subscription => {
      const wanted = events.filter(event => event.seq > subscription.position && isWanted(subscription, event))
      if (wanted.length > 0) added.add(String(subscription._id))
      return wanted.map(event => deliveryOf(subscription, event, bodies, this.#now()))
    })
    // The rows first: a crash in between repeats them, and what is there already stays.
    await insertDeliveries(this.#store, rows)
    const moved = subscriptions.filter(subscription => subscription.position < last.seq)
    await movePositions(
      this.#store,
      moved.map(subscription => ({ subscription, seq: last.seq })),
    )
    for (const id of added) onAdded(id)
    return events.length
  }

  /**
   * Goes on with a replay: first the events of its time that never became deliveries, as far as the log holds them, then the
   * deliveries. @returns whether deliveries were ordered @throws Outage
   */
  async replay(subscription: EventSubscriptionDoc): Promise<boolean> {
    const { replay } = subscription
    if (replay === null) return false
    let { seq, count } = replay
    for (let step = 0; step < STEPS; step++) {
      const taken = replay.onlyFailed ? null : await this.#takeMissing(subscription, replay, seq)
      const ordered = taken?.added ?? (await replayDeliveries(this.#store, subscription, this.#now()))
      if (taken === null && ordered === 0) {
        await noteReplay(this.#store, subscription, 'done')
        return count > replay.count
      }
      seq = taken?.seq ?? seq
      count += ordered
    }
    await noteReplay(this.#store, subscription, { seq, count })
    return count > replay.count
  }

  /** Makes deliveries of the next events of a replay that have none. @returns null when the log holds no more of its time */
  async #takeMissing(
    subscription: EventSubscriptionDoc,
    { from, to, requestedAt }: SubscriptionReplay,
    after: number,
  ): Promise<{ seq: number; added: number } | null> {
    const events = await eventsSince(this.#store, String(subscription.tenantId), after, PAGE)
    const [last, first] = [events.at(-1), events[0]]
    if (last === undefined || first === undefined || first.seq > subscription.position) return null
    const isOfTime = ({ at }: SequencedEvent) => new Date(at) >= from && new Date(at) < to
    const missing = events.filter(event => event.seq <= subscription.position && isOfTime(event) && isWanted(subscription, event))
    const bodies = new Bodies()
    const rows = missing.map(event => deliveryOf(subscription, event, bodies, this.#now()))
    return {
      seq: last.seq,
      added: await insertDeliveries(
        this.#store,
        rows.map(row => ({ ...row, replayedAt: requestedAt })),
      ),
    }
  }
}

/** A tenant whose events have not all become deliveries. */
interface Behind {
  tenantId: string
  subscriptions: EventSubscriptionDoc[]
  /** Of the subscription that is furthest behind. */
  position: number
}

const isWanted = ({ types }: EventSubscriptionDoc, { name }: SequencedEvent): boolean =>
  types.length === 0 || types.includes(eventTypeOf(name))

/** The JSON of events, made once for all subscriptions. */
class Bodies {
  readonly #known = new Map<string, string>()

  of(event: SequencedEvent): string {
    const known = this.#known.get(event.eventId) ?? JSON.stringify(outgoingEvent(event))
    this.#known.set(event.eventId, known)
    return known
  }
}

const deliveryOf = (subscription: EventSubscriptionDoc, event: SequencedEvent, bodies: Bodies, now: Date): EventDeliveryDoc =>
  newDelivery(subscription, event, { type: eventTypeOf(event.name), body: bodies.of(event) }, now)
