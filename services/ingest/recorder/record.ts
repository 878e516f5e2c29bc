import { type Folded, type FoldItem, foldBatch } from '#shared/fold/batch.ts'
import { keysOf } from '#shared/fold/batch-keys.ts'
import { clientsOf, type ReferenceData } from '#shared/fold/context.ts'
import { isPlain, splitPlain } from '#shared/fold/plain.ts'
import { isProjection } from '#shared/fold/projection.ts'
import type { ItemOutcome } from '#shared/fold/verdict.ts'
import { parseWebhook, type WebhookItem } from '#shared/meta/webhook.ts'
import type { Loaded, Plan } from '#shared/model/batch-plan.ts'
import type { EventDoc, Id, MessageDoc, ParkedItemDoc } from '#shared/model/documents.ts'
import { readReferenceData } from '#shared/recording/reference-data.ts'
import type { Store } from '#shared/store/connect.ts'
import { findUnpublishedOf } from '#shared/store/events/unpublished.ts'
import { forgetClient } from '#shared/store/numbers/clients.ts'
import { findMatched } from '#shared/store/recording/matched-items.ts'
import { recordInTransaction, recordPlainBatch } from '#shared/store/recording/record-batch.ts'

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
 * Records a batch of items: the plain ones without a transaction, then the others in one.
 * @param isSuspect whether some may have been recorded before: they are looked up first, else detected by a failing write
 * @throws Outage when MongoDB is away, LostRace when others write the same rows; any other error means that some item is bad
 */
export async function recordItems(store: Store, items: readonly FoldItem[], isSuspect: boolean): Promise<Recorded> {
  const reference = await readReferenceData(store, items.filter(isWebhook))
  const first = await recordPlain(store, items, reference, isSuspect)
  const parts = [first, await recordOthers(store, first === null ? items : first.others, reference, isSuspect)]
  return recordedOf(
    items,
    parts.filter(part => part !== null),
    reference,
  )
}

/** Items that were recorded together, and what came of them. */
interface Part extends Folded {
  items: readonly FoldItem[]
  newWamids: string[]
}

/** Records the plain items of a batch. @returns null when all need a transaction */
async function recordPlain(
  store: Store,
  items: readonly FoldItem[],
  reference: ReferenceData,
  isSuspect: boolean,
): Promise<(Part & { others: FoldItem[] }) | null> {
  const keys = keysOf(items, reference)
  const fold = (loaded: Loaded, now: Date) => {
    const { plain, others } = splitPlain(items, loaded, reference)
    if (plain.length === 0) return null
    const folded = foldBatch(plain, loaded, { ...reference, now })
    return isPlain(folded.plan) ? { ...folded, items: plain, others, newWamids: keys.newWamids } : null
  }
  return await recordPlainBatch(store, keys, fold, isSuspect)
}

async function recordOthers(
  store: Store,
  items: readonly FoldItem[],
  reference: ReferenceData,
  isSuspect: boolean,
): Promise<Part | null> {
  if (items.length === 0) return null
  const keys = keysOf(items, reference)
  const fold = (loaded: Loaded, now: Date) => foldBatch(items, loaded, { ...reference, now })
  const folded = await recordInTransaction(store, keys, fold, { isLarge: items.length > 1, isSuspect })
  if (folded.plan.clients.length > 0) forgetClients(store, reference)
  return { ...folded, items, newWamids: keys.newWamids }
}

function recordedOf(items: readonly FoldItem[], parts: Part[], reference: ReferenceData): Recorded {
  const outcomes = new Map(parts.flatMap(part => part.items.map((item, i) => [item, part.outcomes[i] as ItemOutcome] as const)))
  const plans = parts.map(({ plan }) => plan)
  return {
    events: plans.flatMap(({ events }) => events),
    outcomes: items.map(item => outcomes.get(item) as ItemOutcome),
    tenantIds: items.map(item => (isProjection(item) ? item.tenantId : (clientsOf(reference, item)[0]?.tenantId ?? null))),
    newWamids: [...new Set(parts.flatMap(({ newWamids }) => newWamids))],
    parked: plans.flatMap(({ parked }) => parked),
    projected: plans.flatMap(({ projected }) => projected),
    withMedia: plans.flatMap(mediaOf),
  }
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

/**
 * Finds the events of duplicates that nobody has published: the process that recorded them died before. They go out ahead of the
 * events of later items, behind which the sweep would publish them. @throws Outage
 */
export async function findUnpublished(store: Store, items: readonly FoldItem[], recorded: Recorded): Promise<EventDoc[]> {
  const duplicates = items.flatMap((item, i) => {
    const tenantId = recorded.tenantIds[i]
    return recorded.outcomes[i] === 'duplicate' && isWebhook(item) && tenantId ? [{ eventId: item.eventId, tenantId }] : []
  })
  const own = new Set(recorded.events.map(({ _id }) => _id))
  return (await findUnpublishedOf(store, duplicates)).filter(({ _id }) => !own.has(_id))
}

/** Drops cached numbers, whose state has just been changed. */
function forgetClients(store: Store, { clients, accounts }: ReferenceData): void {
  for (const client of [...clients.values(), ...[...accounts.values()].flat()]) forgetClient(store, client.phoneNumberId)
}
