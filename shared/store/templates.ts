import { notFound } from '../domain/errors.ts'
import type { Store } from './connect.ts'
import type { Id, TemplateDoc } from './documents.ts'
import { findPage, type Page, type PageWish } from './pages.ts'

type Key = Id | string

/** @throws ApiError 404 for unknown, deleted and other tenants' templates alike */
export async function getTemplate(store: Store, tenantId: Key, id: Key): Promise<TemplateDoc> {
  const template = await store.models.templates.findOne({ tenantId, _id: id, deletedAt: null }).lean()
  if (template === null) throw notFound('Template')
  return template
}

/** Of one account: the languages of a name, or the one that is named. At most two: that there are several is enough to know. */
export async function findTemplatesNamed(
  store: Store,
  tenantId: Key,
  { wabaId, name, language }: { wabaId: string; name: string; language?: string | undefined },
): Promise<TemplateDoc[]> {
  const filter = { tenantId, wabaId, name, ...(language && { language }), deletedAt: null }
  return await store.models.templates.find(filter).limit(2).lean()
}

/** Newest first. */
export async function listTemplates(
  store: Store,
  tenantId: Key,
  { status, category }: { status?: TemplateDoc['status'] | undefined; category?: TemplateDoc['category'] | undefined },
  wish: PageWish,
): Promise<Page<TemplateDoc>> {
  const filter = { tenantId, deletedAt: null, ...(status && { status }), ...(category && { category }) }
  return await findPage<TemplateDoc>(store.models.templates, filter, 'createdAt', wish)
}
