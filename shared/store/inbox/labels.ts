import { ApiError, notFound } from '../../domain/errors.ts'
import type { EventDoc, Id, LabelDoc } from '../../model/documents.ts'
import { newId } from '../../model/ids.ts'
import { labelChanged } from '../../views/events.ts'
import { forgetTenant, getTenant } from '../accounts/tenants.ts'
import { type Store, trusted } from '../connect.ts'
import { isDuplicateKey } from '../errors.ts'
import { insertEvents } from '../events/insert.ts'
import { acrossTenants } from '../tenancy/tenancy.ts'
import type { Alongside } from '../transaction.ts'

type Key = Id | string

/** Labels in the order of the alphabet; an account has a few dozen. */
export async function listLabels({ models }: Store, tenantId: Key): Promise<LabelDoc[]> {
  return await models.labels.find({ tenantId, deletedAt: null }).sort({ name: 1 }).lean()
}

/** @throws ApiError 404 */
export async function getLabel({ models }: Store, tenantId: Key, id: Key): Promise<LabelDoc> {
  const label = await models.labels.findOne({ tenantId, _id: id, deletedAt: null }).lean()
  if (label === null) throw notFound('Label')
  return label
}

export async function findLabel({ models }: Store, tenantId: Key, id: Key): Promise<LabelDoc | null> {
  return await models.labels.findOne({ tenantId, _id: id }).lean()
}

/** Larger counts of uses are not counted to their end. */
const MOST_COUNTED = 10_000

/** How often a label is used. Conversations and contacts are counted up to `isExact: false`. */
export interface LabelUses {
  conversations: { count: number; isExact: boolean }
  contacts: { count: number; isExact: boolean }
  /** Saved views that filter by it, of everybody. */
  views: number
  /** Rules of the assignment that name it. */
  rules: number
}

/** Where a label is used. */
export async function usesOfLabel(store: Store, { tenantId, name }: Pick<LabelDoc, 'tenantId' | 'name'>): Promise<LabelUses> {
  const { conversations, contacts, savedViews } = store.models
  const options = { limit: MOST_COUNTED + 1 }
  const [inConversations, inContacts, views, tenant] = await Promise.all([
    conversations.countDocuments({ tenantId, deletedAt: null, labels: name }, options),
    contacts.countDocuments({ tenantId, deletedAt: null, labels: name }, options),
    savedViews.countDocuments({ tenantId, deletedAt: null, 'query.label': name }),
    getTenant(store, tenantId),
  ])
  const rules = tenant.settings.assignment?.rules ?? []
  return {
    conversations: bounded(inConversations),
    contacts: bounded(inContacts),
    views,
    rules: rules.filter(({ label }) => label === name).length,
  }
}

const bounded = (count: number) => ({ count: Math.min(count, MOST_COUNTED), isExact: count <= MOST_COUNTED })

/** @throws ApiError 422 LABEL_UNKNOWN when the account has no label of one of the names */
export async function requireLabels({ models }: Store, tenantId: Key, names: readonly string[]): Promise<void> {
  if (names.length === 0) return
  const found = await models.labels.find({ tenantId, name: trusted({ $in: [...names] }), deletedAt: null }, { name: 1 }).lean()
  const missing = names.filter(name => !found.some(label => label.name === name))
  if (missing.length > 0)
    throw new ApiError(422, 'LABEL_UNKNOWN', `The account has no label ${missing.map(name => `"${name}"`).join(', ')}.`)
}

export interface LabelChange {
  label: LabelDoc
  before: LabelDoc | null
  events: EventDoc[]
}

/** @throws ApiError 409 LABEL_EXISTS, 422 LABELS_TOO_MANY */
export async function createLabel(
  store: Store,
  tenantId: Id,
  fields: Pick<LabelDoc, '_id' | 'name' | 'color' | 'description' | 'createdBy'>,
  now: Date,
  alongside: Alongside<LabelChange>,
): Promise<LabelChange> {
  const { labels } = store.models
  if ((await labels.countDocuments({ tenantId, deletedAt: null }, { limit: MOST_LABELS })) >= MOST_LABELS)
    throw new ApiError(422, 'LABELS_TOO_MANY', `An account can have at most ${MOST_LABELS} labels.`, {
      parameters: { most: MOST_LABELS },
    })
  const label: LabelDoc = { ...fields, tenantId, pending: null, updatedBy: null, createdAt: now, updatedAt: now, deletedAt: null }
  return await orExists(() =>
    store.transaction(async session => {
      await labels.insertMany([label], { session })
      const done = { label, before: null, events: [labelChanged(newId(), label, null, now)] }
      await insertEvents(store, done.events, session)
      await alongside(done, session)
      return done
    }),
  )
}

const MOST_LABELS = 500

/**
 * Changes, renames or deletes a label. Call `finishLabel` afterwards: it changes the rows that have the earlier name.
 * @throws ApiError 404, 409 LABEL_EXISTS, LABEL_CHANGING
 */
export async function changeLabel(
  store: Store,
  before: LabelDoc,
  set: Partial<Pick<LabelDoc, 'name' | 'color' | 'description' | 'deletedAt' | 'updatedBy'>>,
  now: Date,
  alongside: Alongside<LabelChange>,
): Promise<LabelChange> {
  const { tenantId, _id, name, updatedAt } = before
  const isRenamed = set.name !== undefined && set.name !== name
  const pending = set.deletedAt ? { from: name, to: null } : isRenamed ? { from: name, to: set.name as string } : null
  return await orExists(() =>
    store.transaction(async session => {
      const change = { $set: { ...set, ...(pending && { pending }) } }
      const label = await store.models.labels
        .findOneAndUpdate({ tenantId, _id, name, updatedAt, pending: null, deletedAt: null }, change, {
          session,
          returnDocument: 'after',
        })
        .lean()
      if (label === null) throw new ApiError(409, 'LABEL_CHANGING', 'Somebody else is changing this label. Load it again.')
      const done = { label, before, events: [labelChanged(newId(), label, before, now)] }
      await insertEvents(store, done.events, session)
      await alongside(done, session)
      return done
    }),
  )
}

/**
 * Gives conversations and contacts that have the earlier name of a label its new one, or none. Saved views and rules of the assignment
 * get a new name too; those of a deleted label stay as they are and match nothing. May be repeated.
 */
export async function finishLabel(store: Store, { tenantId, _id, pending }: LabelDoc): Promise<void> {
  if (!pending) return
  const { models } = store
  const { from, to } = pending
  // Literal, because a name may begin with a dollar sign.
  const renamed = { $literal: to === null ? [] : [to] }
  const known = { $literal: to === null ? [from] : [from, to] }
  // The new name takes the place of the old one; a row that has both keeps one.
  const others = { $filter: { input: '$labels', cond: { $not: [{ $in: ['$$this', known] }] } } }
  const change = [{ $set: { labels: { $concatArrays: [others, renamed] } } }]
  const options = { updatePipeline: true, timestamps: false } as const
  await models.conversations.updateMany({ tenantId, labels: from }, change, options)
  await models.contacts.updateMany({ tenantId, labels: from }, change, options)
  if (to !== null) await renameInSettings(store, tenantId, from, to)
  await models.labels.updateOne({ tenantId, _id, 'pending.from': from }, { $set: { pending: null } })
}

async function renameInSettings(store: Store, tenantId: Id, from: string, to: string): Promise<void> {
  const { savedViews, tenants } = store.models
  await savedViews.updateMany({ tenantId, deletedAt: null, 'query.label': from }, { $set: { 'query.label': to } })
  await tenants.updateOne(
    { _id: tenantId, 'settings.assignment.rules.label': from },
    { $set: { 'settings.assignment.rules.$[rule].label': to } },
    { arrayFilters: [{ 'rule.label': from }] },
  )
  forgetTenant(store, tenantId)
}

/** Labels of all tenants whose change is not finished, because its process ended or it is under way. */
export async function findPendingLabels({ models }: Store, limit: number): Promise<LabelDoc[]> {
  return await acrossTenants(() =>
    models.labels
      .find({ 'pending.from': trusted({ $gt: '' }) })
      .limit(limit)
      .lean(),
  )
}

async function orExists<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isDuplicateKey(error)) throw error
    throw new ApiError(409, 'LABEL_EXISTS', 'A label with this name already exists.', { cause: error })
  }
}
