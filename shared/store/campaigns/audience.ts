import { rowProblem } from '../../domain/row-problems.ts'
import { type Sentence, sentenceKey } from '../../domain/sentence.ts'
import type { CampaignDoc, ContactDoc, Id, MessageDoc, RecipientDoc } from '../../model/documents.ts'
import { ERASED_DETAIL } from '../../model/erased-message.ts'
import type { Store } from '../connect.ts'
import { duplicatesOf } from '../errors.ts'
import { orOutage } from '../outage.ts'
import { recipientPrefix } from './campaigns.ts'

/** The background check of campaign audiences: over all tenants, in batches. Every function throws Outage. */

/** The campaign whose audience has waited longest for its check. */
export async function findUnchecked(store: Store): Promise<CampaignDoc | null> {
  const rows = store.raw.campaigns.find({ 'audience.state': 'CHECKING', deletedAt: null }).sort({ 'audience.since': 1 }).limit(1)
  return await orOutage(rows.next())
}

/** Deletes recipients that a crashed process wrote after the last count, and those of earlier audiences of the campaign. */
export async function deleteUncountedRecipients(store: Store, { _id, tenantId, audience }: CampaignDoc): Promise<void> {
  const own = recipientPrefix(_id, audience.generation)
  const lastCounted = `${own}${String(audience.read).padStart(8, '0')}`
  const filter = { tenantId, _id: { $gt: lastCounted, $lt: `${own}~` } }
  await orOutage(store.raw.campaignRecipients.deleteMany(filter))
  if (audience.read > 0 || audience.generation === 1) return
  // The ids of generation 10 sort before those of generation 2.
  const others = [{ _id: { $gt: `${_id}:`, $lt: own } }, { _id: { $gt: `${own}~`, $lt: `${_id};` } }]
  for (const other of others) await orOutage(store.raw.campaignRecipients.deleteMany({ tenantId, ...other }))
}

/** Whether rows of the present audience are of people who were erased after it was given. */
export async function hasErasedRows(store: Store, { _id, tenantId, audience }: CampaignDoc): Promise<boolean> {
  const own = recipientPrefix(_id, audience.generation)
  const filter = {
    tenantId,
    campaignId: _id,
    _id: { $gt: own, $lt: `${own}~` },
    state: 'SKIPPED' as const,
    detail: ERASED_DETAIL,
  }
  return (await orOutage(store.raw.campaignRecipients.findOne(filter, { projection: { _id: 1 } }))) !== null
}

/** The given phones and user ids whose contacts have opted out of marketing. */
export async function findOptedOut(
  store: Store,
  tenantId: Id,
  keys: { waIds: string[]; userIds: string[] },
): Promise<Set<string>> {
  const ways = [
    ...(keys.waIds.length > 0 ? [{ waId: { $in: keys.waIds } }] : []),
    ...(keys.userIds.length > 0 ? [{ userId: { $in: keys.userIds } }] : []),
  ]
  const found = await Promise.all(
    ways.map(way =>
      orOutage(store.raw.contacts.find({ tenantId, ...way, optOut: true }, { projection: { waId: 1, userId: 1 } }).toArray()),
    ),
  )
  return new Set(found.flat().flatMap(({ waId, userId }) => [waId, userId].filter(key => key !== null)))
}

const REPEATED = rowProblem('contact-in-audience')

/** Inserts a batch of recipients. @returns the rows whose person is already in the audience; they are inserted as SKIPPED */
export async function insertRecipients(store: Store, rows: RecipientDoc[]): Promise<RecipientDoc[]> {
  if (rows.length === 0) return []
  const repeated = (await insert(store, rows)).map(index => {
    const row = rows[index] as RecipientDoc
    return {
      ...row,
      key: null,
      state: 'SKIPPED' as const,
      reason: 'duplicate' as const,
      detail: REPEATED.text,
      detailKeys: [sentenceKey(REPEATED)],
    }
  })
  if (repeated.length > 0) await insert(store, repeated)
  return repeated
}

/** @returns indexes of the rows that a unique index refused */
async function insert(store: Store, rows: RecipientDoc[]): Promise<number[]> {
  try {
    await orOutage(store.raw.campaignRecipients.insertMany(rows, { ordered: false, writeConcern: { w: 'majority', j: true } }))
    return []
  } catch (error) {
    const duplicates = duplicatesOf(error)
    if (duplicates === null) throw error
    return duplicates
  }
}

export interface Checked {
  read: number
  position: string | null
  invalid: number
  duplicate: number
  optedOut: number
  recipients: number
  countries: Record<string, number>
}

/** Writes the progress of the check after a batch. @returns false when the audience was replaced meanwhile */
export async function advanceAudience(store: Store, campaign: CampaignDoc, checked: Checked): Promise<boolean> {
  const { read, position, countries, ...counts } = checked
  const added = [
    ...Object.entries(counts).map(([name, count]) => [`audience.${name}`, count] as const),
    ...Object.entries(countries).map(([country, count]) => [`audience.countries.${country}`, count] as const),
  ]
  const update = {
    $set: { 'audience.read': read, 'audience.position': position, updatedAt: new Date() },
    $inc: Object.fromEntries(added),
  }
  const { matchedCount } = await orOutage(store.raw.campaigns.updateOne(stillChecking(campaign), update))
  return matchedCount === 1
}

/** Ends the check as READY, or as FAILED with a problem of the whole audience. Null when the audience was replaced meanwhile. */
export async function endCheck(store: Store, campaign: CampaignDoc, problem: Sentence | null): Promise<CampaignDoc | null> {
  const now = new Date()
  const $set = {
    'audience.state': problem === null ? ('READY' as const) : ('FAILED' as const),
    'audience.problem': problem?.text ?? null,
    'audience.problemKey': problem && sentenceKey(problem),
    'audience.until': now,
    updatedAt: now,
  }
  return await orOutage(store.raw.campaigns.findOneAndUpdate(stillChecking(campaign), { $set }, { returnDocument: 'after' }))
}

const stillChecking = ({ _id, tenantId, audience }: CampaignDoc) => ({
  _id,
  tenantId,
  'audience.generation': audience.generation,
  'audience.state': 'CHECKING' as const,
})

export interface ContactFilter {
  label: string | null
  attribute: { name: string; value: string } | null
}

/**
 * Contacts after the id `after`, in the order of their ids, at most `limit`. With a label: contacts that have it, and contacts of the
 * number's conversations that have it.
 */
export async function contactsAfter(
  store: Store,
  campaign: Pick<CampaignDoc, 'tenantId' | 'clientId'>,
  filter: ContactFilter,
  { after, limit, maxTimeMS }: { after: Id | null; limit: number; maxTimeMS?: number },
): Promise<ContactDoc[]> {
  const { tenantId, clientId } = campaign
  const bound = maxTimeMS === undefined ? {} : { maxTimeMS }
  const labelled =
    filter.label === null
      ? null
      : await contactsLabelled(store, { tenantId, clientId, label: filter.label }, { after, limit, ...bound })
  if (labelled?.length === 0) return []
  const own = {
    tenantId,
    deletedAt: null,
    groupId: null,
    ...(labelled ? { _id: { $in: labelled } } : after && { _id: { $gt: after } }),
    ...(filter.attribute && { [`attributes.${filter.attribute.name}`]: filter.attribute.value }),
  }
  return await orOutage(store.raw.contacts.find(own, bound).sort({ _id: 1 }).limit(limit).toArray())
}

async function contactsLabelled(
  store: Store,
  { label, ...own }: { tenantId: Id; clientId: Id; label: string },
  { after, limit, ...bound }: { after: Id | null; limit: number; maxTimeMS?: number },
): Promise<Id[]> {
  const stages = [
    { $match: { ...own, labels: label, deletedAt: null, ...(after && { contactId: { $gt: after } }) } },
    { $sort: { contactId: 1 as const } },
    { $limit: limit },
    { $project: { contactId: 1 } },
  ]
  const { tenantId } = own
  const labelled = { tenantId, labels: label, deletedAt: null, ...(after && { _id: { $gt: after } }) }
  const [rows, contacts] = await orOutage(
    Promise.all([
      store.raw.conversations.aggregate<{ contactId: Id }>(stages, bound).toArray(),
      store.raw.contacts
        .find(labelled, { ...bound, projection: { _id: 1 } })
        .sort({ _id: 1 })
        .limit(limit)
        .toArray(),
    ]),
  )
  // Both are in the order of their ids: the first `limit` of the two together are among them.
  const ids = new Map([...rows.map(({ contactId }) => contactId), ...contacts.map(({ _id }) => _id)].map(id => [String(id), id]))
  return [...ids.keys()]
    .toSorted()
    .flatMap(id => ids.get(id) ?? [])
    .slice(0, limit)
}

/** Recipients of another campaign whose message failed with one of the codes (null: any), in the order of their messages. */
export async function failedAfter(
  store: Store,
  { tenantId }: Pick<CampaignDoc, 'tenantId'>,
  { campaignId, codes }: { campaignId: Id; codes: number[] | null },
  { after, limit }: { after: Id | null; limit: number },
): Promise<{ messageId: Id; recipient: RecipientDoc }[]> {
  const filter = {
    tenantId,
    campaignId,
    status: 'FAILED' as const,
    ...(codes && { 'error.code': { $in: codes } }),
    ...(after && { _id: { $gt: after } }),
  }
  const projection = { idempotencyKey: 1 }
  const messages: Pick<MessageDoc, '_id' | 'idempotencyKey'>[] = await orOutage(
    store.raw.messages.find(filter, { projection }).sort({ _id: 1 }).limit(limit).toArray(),
  )
  const ids = messages.map(({ idempotencyKey }) => (idempotencyKey ?? '').slice('campaign:'.length))
  const rows = await orOutage(store.raw.campaignRecipients.find({ tenantId, _id: { $in: ids } }).toArray())
  const byId = new Map(rows.map(row => [row._id, row]))
  return messages.flatMap(({ _id }, i) => {
    const recipient = byId.get(ids[i] as string)
    return recipient ? [{ messageId: _id, recipient }] : []
  })
}
