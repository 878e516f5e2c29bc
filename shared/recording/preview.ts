import { foldBatch } from '../fold/batch.ts'
import { keysOf } from '../fold/batch-keys.ts'
import type { ReferenceData } from '../fold/context.ts'
import type { ItemOutcome } from '../fold/verdict.ts'
import type { WebhookItem } from '../meta/webhook.ts'
import type { Changes, Loaded, Plan, Update } from '../model/batch-plan.ts'
import type { Store } from '../store/connect.ts'
import { loadPreview } from '../store/recording/preview.ts'

/** Change of a document: all fields of a new one, the changed fields of an existing one. */
export interface PreviewedChange {
  kind: 'contact' | 'conversation' | 'message' | 'lead' | 'template' | 'number'
  action: 'create' | 'update' | 'join'
  /** Id of the document; null for a new one. */
  id: string | null
  fields: Record<string, { before: unknown; after: unknown }>
}
export interface Preview {
  /** Verdict on each item, in the same order. */
  verdicts: { outcome: Exclude<ItemOutcome, 'duplicate'>; reason: string | null }[]
  changes: PreviewedChange[]
  /** Number of realtime events that would be emitted, by name. */
  events: Record<string, number>
}

/** Changes that the recorder would make for items now, if they were open. It runs the fold and writes nothing. */
export async function previewItems(
  store: Store,
  items: readonly WebhookItem[],
  reference: ReferenceData,
  now: Date,
): Promise<Preview> {
  const loaded = await loadPreview(store, keysOf(items, reference))
  const before = stateBefore(loaded, reference)
  const { plan, outcomes } = foldBatch(items, loaded, { ...reference, now })
  const rows = new Map([...plan.webhookEvents.inserts, ...plan.webhookEvents.replaced].map(row => [row._id, row.reason]))
  return {
    verdicts: items.map(({ eventId }, i) => ({
      outcome: outcomes[i] as Preview['verdicts'][number]['outcome'],
      reason: rows.get(eventId) ?? null,
    })),
    changes: changesOf(plan, before),
    events: counted(plan.events.map(({ name }) => name)),
  }
}

type Fields = Record<string, unknown>

/** Copies of the loaded documents by id, because the fold changes the documents themselves. */
function stateBefore(loaded: Loaded, { clients, accounts }: ReferenceData): Map<string, Fields> {
  const { contacts, conversations, messages, templates } = loaded
  const documents = [contacts, conversations, messages, templates, [...clients.values()], ...accounts.values()].flat()
  return new Map(documents.map(document => [String(document._id), { ...document }]))
}

function changesOf(plan: Plan, before: Map<string, Fields>): PreviewedChange[] {
  const both = <T extends object>(kind: PreviewedChange['kind'], { inserts, updates }: Changes<T>) => [
    ...inserts.map(document => created(kind, document)),
    ...updates.flatMap(update => updated(kind, update, before)),
  ]
  return [
    ...both('contact', plan.contacts),
    ...plan.moves.map(joined),
    ...plan.leads.map(lead => created('lead', lead)),
    ...both('conversation', plan.conversations),
    ...both('message', plan.messages),
    ...both('template', { inserts: [], updates: plan.templates }),
    ...both('number', { inserts: [], updates: plan.clients }),
  ]
}

/** Internal fields, and fields that are too long to show. */
const HIDDEN = new Set(['_id', 'tenantId', 'createdAt', 'updatedAt', 'createdBy', 'updatedBy', 'payload', 'lastEventAt', 'seq'])

function created(kind: PreviewedChange['kind'], document: object): PreviewedChange {
  const said = Object.entries(document).filter(([name, value]) => !HIDDEN.has(name) && !isNothing(value))
  return {
    kind,
    action: 'create',
    id: null,
    fields: Object.fromEntries(said.map(([name, after]) => [name, { before: null, after: plain(after) }])),
  }
}

const isNothing = (value: unknown) => value == null || value === false || (Array.isArray(value) && value.length === 0)

function updated<T>(kind: PreviewedChange['kind'], { _id, set, entries }: Update<T>, before: Map<string, Fields>) {
  const old = before.get(String(_id)) ?? {}
  const fields: PreviewedChange['fields'] = {}
  for (const [name, after] of Object.entries(set)) {
    const [was, is] = [plain(old[name]), plain(after)]
    if (!HIDDEN.has(name) && JSON.stringify(was) !== JSON.stringify(is)) fields[name] = { before: was, after: is }
  }
  if (entries) fields.timeline = { before: null, after: plain(entries) }
  return Object.keys(fields).length === 0 ? [] : [{ kind, action: 'update' as const, id: String(_id), fields }]
}

const joined = ({ fromContactId, toContactId }: Plan['moves'][number]): PreviewedChange => ({
  kind: 'contact',
  action: 'join',
  id: String(fromContactId),
  fields: { joinedWith: { before: null, after: String(toContactId) } },
})

/** JSON form of a value, with ids and dates as texts. */
const plain = (value: unknown): unknown => (value === undefined ? null : JSON.parse(JSON.stringify(value)))

function counted(names: string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}
