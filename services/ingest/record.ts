import type { WebhookItem } from '#shared/meta/webhook.ts'
import { forgetClient } from '#shared/store/clients.ts'
import type { Store } from '#shared/store/connect.ts'
import type { EventDoc, Id } from '#shared/store/documents.ts'
import { recordBatch } from '#shared/store/record-batch.ts'
import { findOvertaken } from '#shared/store/record-load.ts'
import { foldBatch } from './fold/batch.ts'
import { clientsOf, type Surroundings } from './fold/context.ts'
import type { ItemOutcome } from './fold/item.ts'
import { keysOf } from './fold/keys.ts'
import { readSurroundings } from './surroundings.ts'

export interface Recorded {
  /** Committed, to be published now; the sweep publishes what this process no longer can. */
  events: EventDoc[]
  /** One for each item, in the same order. */
  outcomes: ItemOutcome[]
  /** Whose each item is; null when nobody owns the number. */
  tenantIds: (Id | null)[]
}

/** One batch of items, one transaction. @throws Outage when MongoDB is away, LostRace when others write the same rows; anything else means that some item is bad */
export async function recordItems(store: Store, items: readonly WebhookItem[]): Promise<Recorded> {
  const around = await readSurroundings(store, items)
  const keys = keysOf(items, around)
  const { plan, outcomes } = await recordBatch(
    store,
    keys,
    (loaded, now) => foldBatch(items, loaded, { ...around, now }),
    items.length > 1,
  )
  if (plan.clients.length > 0) forgetClients(store, around)
  const overtaken = await findOvertaken(store, plan.parked)
  const again = items.filter(item => overtaken.has(item.eventId))
  const late = again.length > 0 ? (await recordItems(store, again)).events : []
  const tenantIds = items.map(item => clientsOf(around, item)[0]?.tenantId ?? null)
  return { events: [...plan.events, ...late], outcomes, tenantIds }
}

/** Their cached state is older than what was just written. */
function forgetClients(store: Store, { clients, accounts }: Surroundings): void {
  for (const client of [...clients.values(), ...[...accounts.values()].flat()]) forgetClient(store, client.phoneNumberId)
}
