import type { ClientSession } from 'mongoose'
import type { WebhookItem } from '#shared/meta/webhook.ts'
import { findByPhoneNumberIds } from '#shared/store/clients.ts'
import type { Store } from '#shared/store/connect.ts'
import type { ClientDoc, EventDoc, Id, PipelineDoc, TenantDoc } from '#shared/store/documents.ts'
import { orOutage } from '#shared/store/outage.ts'
import { ensureDefaultPipeline } from '#shared/store/pipelines.ts'
import {
  findByWabaIds,
  findMessagesOfParked,
  loadLeads,
  loadState,
  RecordState,
  type Wanted,
} from '#shared/store/record-state.ts'
import { writeState } from '#shared/store/record-write.ts'
import { getCachedTenant } from '#shared/store/tenants.ts'
import { foldItems, type Tally, wantedBy } from './fold.ts'

export interface Recorded {
  /** Committed, to be published now; the sweep publishes what this process no longer can. */
  events: EventDoc[]
  tally: Tally
}

const MAX_ROUNDS = 6
const DUPLICATE_KEY = 11_000

/**
 * One batch, one transaction: reads what the items name, folds them, writes each collection once. Another writer that was
 * first (a duplicate key, a conflict) sends the whole batch round again, from the reads. @throws Outage
 */
export async function recordItems(store: Store, items: readonly WebhookItem[]): Promise<Recorded> {
  const around = await readSurroundings(store, items)
  const wanted = wantedBy(items, around.clients)
  for (let round = 1; ; round++) {
    try {
      const { state, tally } = await store.transaction(session => recordOnce(store, items, wanted, around, session))
      const late = await settleLateParked(store, state, items)
      return { events: state.events, tally: [...tally, ...late] }
    } catch (error) {
      if (round === MAX_ROUNDS || !isDuplicate(error)) throw error
    }
  }
}

interface Surroundings {
  clients: Map<string, ClientDoc>
  tenants: Map<string, TenantDoc>
  pipelines: Map<string, PipelineDoc>
}

/** Inside a transaction that may be repeated: everything starts from an empty state. */
async function recordOnce(
  store: Store,
  items: readonly WebhookItem[],
  wanted: Wanted,
  around: Surroundings,
  session: ClientSession,
) {
  const state = new RecordState(around.clients, around.tenants, around.pipelines)
  await loadState(store, state, wanted, session)
  await loadLeads(store, state, wanted.tenantIds, phonesWithoutThread(state, items), session)
  const tally = foldItems(state, items, new Date())
  await writeState(store, state, session)
  return { state, tally }
}

/** Only they may need a new lead. */
function phonesWithoutThread(state: RecordState, items: readonly WebhookItem[]): string[] {
  const phones = new Set<string>()
  for (const item of items) {
    if (item.kind !== 'message' && item.kind !== 'echo') continue
    const client = state.clients.get(item.phoneNumberId ?? '')
    if (client === undefined || item.person.waId === null) continue
    const contact = state.findContact(client.tenantId, item.person)
    if (contact && state.findConversation(client._id, contact.doc._id)) continue
    phones.add(contact?.doc.phone ?? item.person.waId)
  }
  return [...phones]
}

/** Settings that change seldom, cached for seconds, read outside the transaction. */
async function readSurroundings(store: Store, items: readonly WebhookItem[]): Promise<Surroundings> {
  const numbers = items.flatMap(item => item.phoneNumberId ?? [])
  const wabas = items.flatMap(item => (item.phoneNumberId === null && item.wabaId !== null ? [item.wabaId] : []))
  const clients = await orOutage(findByPhoneNumberIds(store, numbers))
  for (const client of wabas.length > 0 ? await orOutage(findByWabaIds(store, wabas)) : [])
    clients.set(`waba:${client.wabaId}`, client)
  const tenants = new Map<string, TenantDoc>()
  const pipelines = new Map<string, PipelineDoc>()
  for (const tenantId of new Map([...clients.values()].map(client => [String(client.tenantId), client.tenantId])).values()) {
    const tenant = await orOutage(getCachedTenant(store, tenantId))
    tenants.set(String(tenantId), tenant)
    if (tenant.settings.leadsEnabled) pipelines.set(String(tenantId), await pipelineOf(store, tenantId))
  }
  return { clients, tenants, pipelines }
}

const pipelines = new WeakMap<Store, Map<string, PipelineDoc>>()

/** Made with the tenant and hardly ever changed: kept for the life of the process. */
async function pipelineOf(store: Store, tenantId: Id): Promise<PipelineDoc> {
  const kept = pipelines.get(store) ?? new Map<string, PipelineDoc>()
  pipelines.set(store, kept)
  const pipeline = kept.get(String(tenantId)) ?? (await orOutage(ensureDefaultPipeline(store, tenantId)))
  kept.set(String(tenantId), pipeline)
  return pipeline
}

/**
 * A status was parked in a snapshot that could not see the sender writing the wamid at that very moment. Both write before they
 * look: the sender finds what we parked, or we find its message now, and take those items once more.
 */
async function settleLateParked(store: Store, state: RecordState, items: readonly WebhookItem[]): Promise<Tally> {
  if (state.parked.length === 0) return []
  const found = await orOutage(findMessagesOfParked(store, state.parked))
  if (found.size === 0) return []
  const again = items.filter(item => found.has(item.eventId))
  const recorded = await recordItems(store, again)
  state.events.push(...recorded.events)
  return recorded.tally
}

function isDuplicate(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === DUPLICATE_KEY
}
