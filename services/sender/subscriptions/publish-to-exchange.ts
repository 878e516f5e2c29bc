import { outgoingEvent } from '#shared/contracts/event-subscriptions.ts'
import type { MayGoOn } from '#shared/process/jobs.ts'
import { eventsToExchange } from '#shared/process/metrics.ts'
import type { EventExchange } from '#shared/queue/event-exchange.ts'
import type { Store } from '#shared/store/connect.ts'
import { eventsSince, latestSeq } from '#shared/store/events/sequence.ts'
import { findBehindExchange, moveExchangePosition } from '#shared/store/subscriptions/outgoing.ts'

const PAGE = 200
/** Events of one tenant in a round: then it is the next one's turn. */
const MOST = 1000

interface Deps {
  store: Store
  exchange: EventExchange | null
}

/**
 * Publishes to the operator's exchange what has happened since the last round, tenant by tenant and in each tenant's order. A crash
 * publishes a page again. @returns the number of events @throws Outage, and when the broker does not confirm
 */
export async function publishToExchange({ store, exchange }: Deps, mayGoOn: MayGoOn): Promise<number> {
  if (exchange === null) return 0
  let count = 0
  for (const { tenantId, seq } of await findBehindExchange(store)) {
    if (!mayGoOn()) break
    count += await publishTenant({ store, exchange }, tenantId, seq, mayGoOn)
  }
  return count
}

async function publishTenant(
  { store, exchange }: { store: Store; exchange: EventExchange },
  tenantId: string,
  since: number,
  mayGoOn: MayGoOn,
): Promise<number> {
  let count = 0
  for (let position = since; mayGoOn() && count < MOST; ) {
    const events = await eventsSince(store, tenantId, position, PAGE)
    const last = events.at(-1)
    if (last === undefined) {
      // The rest has expired, or was erased.
      if (count === 0) await moveExchangePosition(store, tenantId, await latestSeq(store, tenantId))
      break
    }
    await exchange.publish(events.map(outgoingEvent))
    await moveExchangePosition(store, tenantId, last.seq)
    eventsToExchange.inc(events.length)
    position = last.seq
    count += events.length
  }
  return count
}
