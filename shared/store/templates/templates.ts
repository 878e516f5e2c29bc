import type { ClientSession, HydratedDocument } from 'mongoose'
import { notFound } from '../../domain/errors.ts'
import type { EventDoc, Id, TemplateDoc } from '../../model/documents.ts'
import { newId } from '../../model/ids.ts'
import { eventIds, templateStatus } from '../../views/events.ts'
import { type Store, trusted } from '../connect.ts'
import { isDuplicateKey } from '../errors.ts'
import { findPage, type Page, type PageRequest } from '../pages.ts'
import type { Alongside } from '../transaction.ts'

type Key = Id | string

/** @throws ApiError 404 for unknown, deleted and other tenants' templates alike */
export async function getTemplate(store: Store, tenantId: Key, id: Key): Promise<TemplateDoc> {
  const template = await store.models.templates.findOne({ tenantId, _id: id, deletedAt: null }).lean()
  if (template === null) throw notFound('Template')
  return template
}

/** Every language of a name in one account, or in all accounts of the tenant. */
export async function findTemplatesNamed(
  store: Store,
  tenantId: Key,
  { wabaId, name }: { wabaId?: string; name: string },
): Promise<TemplateDoc[]> {
  const filter = { tenantId, ...(wabaId !== undefined && { wabaId }), name, deletedAt: null }
  return await store.models.templates.find(filter).limit(MOST_LANGUAGES).lean()
}
/** More than Meta has. */
const MOST_LANGUAGES = 200

/** Templates of a tenant, newest first. */
export async function listTemplates(
  store: Store,
  tenantId: Key,
  { status, category }: { status?: TemplateDoc['status'] | undefined; category?: TemplateDoc['category'] | undefined },
  page: PageRequest,
): Promise<Page<TemplateDoc>> {
  const filter = { tenantId, deletedAt: null, ...(status && { status }), ...(category && { category }) }
  return await findPage<TemplateDoc>(store.models.templates, filter, 'createdAt', page)
}

/** The fields that identify a template. */
export type TemplatePlace = Pick<TemplateDoc, 'tenantId' | 'wabaId' | 'name' | 'language'>

/** The template with this identity, unless it is deleted. */
export async function findSendableTemplate(store: Store, place: TemplatePlace): Promise<TemplateDoc | null> {
  const { tenantId, wabaId, name, language } = place
  return await store.models.templates.findOne({ tenantId, wabaId, name, language, deletedAt: null }).lean()
}

/** The template with this identity, also when it is deleted: the index allows one. */
export async function findTemplateAt(store: Store, place: TemplatePlace): Promise<TemplateDoc | null> {
  const { tenantId, wabaId, name, language } = place
  return await store.models.templates.findOne({ tenantId, wabaId, name, language }).lean()
}

/** A change of a template with its event, if any, which the caller publishes. */
export interface TemplateChange {
  before: TemplateDoc
  template: TemplateDoc
  event: EventDoc | null
}

/** Inserts a template; null when one with this identity exists. Writes no event: see `saveTemplate`. */
export async function insertTemplate(
  store: Store,
  fields: Partial<TemplateDoc> & TemplatePlace,
  alongside: Alongside<TemplateDoc>,
): Promise<TemplateDoc | null> {
  try {
    return await store.transaction(async session => {
      const [created] = await store.models.templates.create([fields], { session })
      const template = (created as HydratedDocument<TemplateDoc>).toObject()
      await alongside(template, session)
      return template
    })
  } catch (error) {
    if (isDuplicateKey(error)) return null
    throw error
  }
}

/** Writes the event `template:status` for a template's present state. */
export const saveTemplate = (store: Store, template: TemplateDoc): Promise<EventDoc> =>
  store.transaction(session => insertEvent(store, template, session))

/** Returns the changes for the row as it is stored now; null: none. */
export type Decide = (template: TemplateDoc) => Partial<TemplateDoc> | null

/**
 * Changes a template in one transaction: reads the row, writes the changes of `decide`, and writes `template:status` if a field
 * of the view differs. Null when `decide` returns no changes or the row does not exist.
 * @param options.emit false: the caller writes the event later
 */
export function changeTemplate(
  store: Store,
  row: Pick<TemplateDoc, 'tenantId' | '_id'>,
  decide: Decide,
  { emit = true, alongside }: { emit?: boolean; alongside?: Alongside<TemplateChange> } = {},
): Promise<TemplateChange | null> {
  return store.transaction(async session => {
    const change = await changeIn(store, row, decide, { session, emit })
    if (change) await alongside?.(change, session)
    return change
  })
}

/** `changeTemplate` in the caller's transaction. */
export async function changeIn(
  store: Store,
  { tenantId, _id }: Pick<TemplateDoc, 'tenantId' | '_id'>,
  decide: Decide,
  { session, emit }: { session: ClientSession; emit: boolean },
): Promise<TemplateChange | null> {
  const { templates } = store.models
  const before = await templates.findOne({ tenantId, _id }, null, { session }).lean()
  const changes = before && decide(before)
  if (!before || !changes) return null
  const template = await templates
    .findOneAndUpdate({ tenantId, _id }, { $set: changes }, { session, returnDocument: 'after' })
    .lean()
  if (template === null) return null
  const isSeen = emit && SHOWN.some(field => JSON.stringify(before[field] ?? null) !== JSON.stringify(template[field] ?? null))
  return { before, template, event: isSeen ? await insertEvent(store, template, session) : null }
}

const SHOWN = [
  'status',
  'reason',
  'category',
  'components',
  'variables',
  'quality',
  'metaTemplateId',
  'messageSendTtlSeconds',
  'maxPrice',
  'submission',
  'categoryChange',
  'deletedAt',
] as const

/** Deletes the row of a template that Meta did not accept. Does nothing once Meta has reported an id for it. */
export async function forgetTemplate(store: Store, { tenantId, _id }: TemplateDoc, alongside: Alongside<null>): Promise<void> {
  const filter = { tenantId, _id, metaTemplateId: null, submission: trusted({ $ne: null }) }
  await store.transaction(async session => {
    const { deletedCount } = await store.models.templates.deleteOne(filter, { session })
    if (deletedCount === 1) await alongside(null, session)
  })
}

async function insertEvent(store: Store, template: TemplateDoc, session: ClientSession): Promise<EventDoc> {
  const event = templateEvent(template)
  await store.models.events.insertMany([event], { session })
  return event
}

/** The event `template:status` for a template's present state. */
export const templateEvent = (template: TemplateDoc): EventDoc =>
  templateStatus(eventIds.template(template._id, newId()), template, new Date())
