import { type FoldItem, foldBatch } from '#shared/fold/batch.ts'
import { keysOf } from '#shared/fold/batch-keys.ts'
import { clientsOf, type ReferenceData } from '#shared/fold/context.ts'
import { isProjection } from '#shared/fold/projection.ts'
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
  /** Committed events, to be published now; the sweep publishes them if this process dies first. */
  events: EventDoc[]
  /** One outcome for each item, in the same order. */
  outcomes: ItemOutcome[]
  /** The tenant of each item; null when no tenant has the number. */
  tenantIds: (Id | null)[]
  /** Ids of messages that the batch may have stored, and the items that it parked: input of `findMatchedItems`. */
  newWamids: string[]
  parked: ParkedItemDoc[]
  /** Messages of ours that their conversations show now: their marks are to be cleared. */
  projected: Plan['projected']
  /** Messages whose file must be fetched from Meta. */
  withMedia: Pick<MessageDoc, '_id' | 'tenantId'>[]
}

/**
 * Records a batch of items in one transaction.
 * @param isSuspect whether some may have been recorded before: they are looked up first, else detected by a failing write
 * @throws Outage when MongoDB is away, LostRace when others write the same rows; any other error means that some item is bad
 */
export async function recordItems(store: Store, items: readonly FoldItem[], isSuspect: boolean): Promise<Recorded> {
  const reference = await readReferenceData(store, items.filter(isWebhook))
  const keys = keysOf(items, reference)
  const fold = (loaded: Loaded, now: Date) => foldBatch(items, loaded, { ...reference, now })
  const { plan, outcomes } = await recordBatch(store, keys, fold, { isLarge: items.length > 1, isSuspect })
  if (plan.clients.length > 0) forgetClients(store, reference)
  const tenantIds = items.map(item => (isProjection(item) ? item.tenantId : (clientsOf(reference, item)[0]?.tenantId ?? null)))
  const { events, parked, projected } = plan
  return { events, outcomes, tenantIds, newWamids: keys.newWamids, parked, projected, withMedia: mediaOf(plan) }
}

export const isWebhook = (item: FoldItem): item is WebhookItem => !isProjection(item)

/** Messages that a plan gives a file: new ones, edited ones, and placeholders whose content has arrived. */
function mediaOf({ messages }: Plan): Recorded['withMedia'] {
  const changed = messages.updates.filter(({ set }) => set.content?.media?.state === 'PENDING')
  return [...messages.inserts.filter(({ content }) => content.media?.state === 'PENDING'), ...changed]
}

/**
 * Finds parked items whose message is stored now, to record them again. Call it after every batch, also after a repeated one.
 * @throws Outage
 */
export async function findMatchedItems(store: Store, { newWamids, parked }: Recorded): Promise<WebhookItem[]> {
  const rows = await findMatched(store, newWamids, parked)
  return rows.toSorted((a, b) => a.at.getTime() - b.at.getTime()).flatMap(row => parseWebhook(row.payload, row.createdAt))
}

/** Drops cached numbers, whose state has just been changed. */
function forgetClients(store: Store, { clients, accounts }: ReferenceData): void {
  for (const client of [...clients.values(), ...[...accounts.values()].flat()]) forgetClient(store, client.phoneNumberId)
}
