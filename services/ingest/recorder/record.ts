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
import { metaIdsOf } from '#shared/store/numbers/meta-ids.ts'
import { recordInTransaction, recordPlainBatch } from '#shared/store/recording/record-batch.ts'

export interface Recorded {
  /** Stored events that are to be published now; the sweep publishes them if this process dies first. */
  events: EventDoc[]
  /** One outcome for each item, in the same order. */
  outcomes: ItemOutcome[]
  /** The tenant of each item; null when no tenant has the number. */
  tenantIds: (Id | null)[]
  /** Parked items whose message is stored now, to be recorded again. */
  matched: WebhookItem[]
  /** Messages of ours that their conversations show now: their marks are to be cleared. */
  projected: Plan['projected']
  /** Messages whose file must be fetched from Meta. */
  withMedia: Pick<MessageDoc, '_id' | 'tenantId'>[]
}

export interface RecordingOptions {
  /** Whether some items may have been recorded before: they are looked up first, else detected by a failing write. */
  isSuspect: boolean
  /**
   * Publishes events while the last step of their batch is still under way; those are not among `Recorded.events`. Called for a
   * batch only when no events of earlier items may have to go out ahead.
   */
  publishEarly?(events: EventDoc[]): void
}

/**
 * Records a batch of items: the plain ones without a transaction, then the others in one.
 * @throws Outage when MongoDB is away, LostRace when others write the same rows; any other error means that some item is bad
 */
export async function recordItems(store: Store, items: readonly FoldItem[], options: RecordingOptions): Promise<Recorded> {
  const reference = await readReferenceData(store, items.filter(isWebhook))
  const published = new Set<string>()
  const publishEarly = (events: EventDoc[]) => {
    const fresh = events.filter(({ _id }) => !published.has(_id))
    for (const { _id } of fresh) published.add(_id)
    options.publishEarly?.(fresh)
  }
  const { isSuspect } = options
  const early = options.publishEarly && !isSuspect ? publishEarly : null
  const first = await recordPlain(store, items, reference, { isSuspect, publishEarly: early })
  const parts = [first, await recordOthers(store, first === null ? items : first.others, reference, isSuspect)]
  const recorded = recordedOf(
    items,
    parts.filter(part => part !== null),
    reference,
  )
  return { ...recorded, events: recorded.events.filter(({ _id }) => !published.has(_id)) }
}

/** Items that were recorded together, and what came of them. */
interface Part extends Folded {
  items: readonly FoldItem[]
  matched: ParkedItemDoc[]
}

/** Records the plain items of a batch. @returns null when all need a transaction */
async function recordPlain(
  store: Store,
  items: readonly FoldItem[],
  reference: ReferenceData,
  { isSuspect, publishEarly }: { isSuspect: boolean; publishEarly: ((events: EventDoc[]) => void) | null },
): Promise<(Part & { others: FoldItem[] }) | null> {
  const keys = keysOf(items, reference)
  const fold = (loaded: Loaded, now: Date) => {
    const { plain, others } = splitPlain(items, loaded, reference)
    if (plain.length === 0) return null
    const folded = foldBatch(plain, loaded, { ...reference, now })
    return isPlain(folded.plan) ? { ...folded, items: plain, others } : null
  }
  return await recordPlainBatch(store, keys, fold, {
    isSuspect,
    onStored({ plan, others, outcomes }) {
      if (others.length === 0 && !outcomes.includes('duplicate')) publishEarly?.(plan.events)
    },
  })
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
  return { ...folded, items }
}

function recordedOf(items: readonly FoldItem[], parts: Part[], reference: ReferenceData): Recorded {
  const outcomes = new Map(parts.flatMap(part => part.items.map((item, i) => [item, part.outcomes[i] as ItemOutcome] as const)))
  const plans = parts.map(({ plan }) => plan)
  return {
    events: plans.flatMap(({ events }) => events),
    outcomes: items.map(item => outcomes.get(item) as ItemOutcome),
    tenantIds: items.map(item => (isProjection(item) ? item.tenantId : (clientsOf(reference, item)[0]?.tenantId ?? null))),
    matched: parts
      .flatMap(({ matched }) => matched)
      .toSorted((a, b) => a.at.getTime() - b.at.getTime())
      .flatMap(itemsOf),
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

const itemsOf = (row: ParkedItemDoc) => parseWebhook(row.payload, row.createdAt)

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
  for (const client of [...clients.values(), ...[...accounts.values()].flat()]) forgetClient(store, ...metaIdsOf(client))
}
