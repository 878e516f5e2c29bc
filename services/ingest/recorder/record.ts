import { foldBatch } from '#shared/fold/batch.ts'
import { keysOf } from '#shared/fold/batch-keys.ts'
import { clientsOf, type ReferenceData } from '#shared/fold/context.ts'
import type { ItemOutcome } from '#shared/fold/verdict.ts'
import { parseWebhook, type WebhookItem } from '#shared/meta/webhook.ts'
import type { Loaded, Plan } from '#shared/model/batch-plan.ts'
import type { EventDoc, Id, MessageDoc, ParkedItemDoc } from '#shared/model/documents.ts'
import { readReferenceData } from '#shared/recording/reference-data.ts'
import type { Store } from '#shared/store/connect.ts'
import { forgetClient } from '#shared/store/numbers/clients.ts'
import { findMatched } from '#shared/store/recording/load.ts'
import { recordBatch } from '#shared/store/recording/record-batch.ts'

export interface Recorded {
  /** Committed, to be published now; the sweep publishes what this process no longer can. */
  events: EventDoc[]
  /** One for each item, in the same order. */
  outcomes: ItemOutcome[]
  /** Whose each item is; null when nobody owns the number. */
  tenantIds: (Id | null)[]
  /** Messages that it may have brought, and what it parked: see `findMatchedItems`. */
  newWamids: string[]
  parked: ParkedItemDoc[]
  /** Messages whose file is still at Meta. */
  withMedia: Pick<MessageDoc, '_id' | 'tenantId'>[]
}

/**
 * One batch of items, one transaction.
 * @param isSuspect some may have been recorded before: they are looked for, else found by a failing write
 * @throws Outage when MongoDB is away, LostRace when others write the same rows; anything else means that some item is bad
 */
export async function recordItems(store: Store, items: readonly WebhookItem[], isSuspect: boolean): Promise<Recorded> {
  const reference = await readReferenceData(store, items)
  const keys = keysOf(items, reference)
  const fold = (loaded: Loaded, now: Date) => foldBatch(items, loaded, { ...reference, now })
  const { plan, outcomes } = await recordBatch(store, keys, fold, { isLarge: items.length > 1, isSuspect })
  if (plan.clients.length > 0) forgetClients(store, reference)
  const tenantIds = items.map(item => clientsOf(reference, item)[0]?.tenantId ?? null)
  const withMedia = mediaOf(plan)
  return { events: plan.events, outcomes, tenantIds, newWamids: keys.newWamids, parked: plan.parked, withMedia }
}

/** Messages that have come with a file, or have another one since an edit, or their own after a placeholder. */
function mediaOf({ messages }: Plan): Recorded['withMedia'] {
  const changed = messages.updates.filter(({ set }) => set.content?.media?.state === 'PENDING')
  return [...messages.inserts.filter(({ content }) => content.media?.state === 'PENDING'), ...changed]
}

/** Parked items whose message is here, to be recorded once more. Asked after every batch, also of one that was here before. @throws Outage */
export async function findMatchedItems(store: Store, { newWamids, parked }: Recorded): Promise<WebhookItem[]> {
  const rows = await findMatched(store, newWamids, parked)
  return rows.toSorted((a, b) => a.at.getTime() - b.at.getTime()).flatMap(row => parseWebhook(row.payload, row.createdAt))
}

/** Their cached state is older than what was just written. */
function forgetClients(store: Store, { clients, accounts }: ReferenceData): void {
  for (const client of [...clients.values(), ...[...accounts.values()].flat()]) forgetClient(store, client.phoneNumberId)
}
