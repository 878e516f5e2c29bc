import type { ClientSession } from 'mongoose'
import type { EventDoc, Id, TemplateDoc } from '../../model/documents.ts'
import { type Store, trusted } from '../connect.ts'
import { isDuplicateKey } from '../errors.ts'
import { changeIn, templateEvent } from './templates.ts'

type Place = Pick<TemplateDoc, 'tenantId' | 'wabaId'>

/** What a page of an account's templates changes; `decide` answers for one of them. */
export interface TemplatePage<T> {
  listed: readonly T[]
  keyOf(listed: T): { id: string; name: string; language: string }
  added(listed: T): Partial<TemplateDoc> | null
  changed(template: TemplateDoc, listed: T): Partial<TemplateDoc> | null
}

/** One transaction a page: what came before a failure stands, and a page stands whole or not at all. */
export async function writeTemplatePage<T>(
  store: Store,
  { tenantId, wabaId }: Place,
  page: TemplatePage<T>,
): Promise<{ added: number; changed: number; events: EventDoc[] }> {
  for (let tries = 1; ; tries++) {
    try {
      return await store.transaction(session => writePage(store, { tenantId, wabaId }, page, session))
    } catch (error) {
      // Somebody made one of them at this very moment: it is there now.
      if (!isDuplicateKey(error) || tries === 3) throw error
    }
  }
}

async function writePage<T>(
  store: Store,
  place: Place,
  { listed, keyOf, added, changed }: TemplatePage<T>,
  session: ClientSession,
): Promise<{ added: number; changed: number; events: EventDoc[] }> {
  const names = [...new Set(listed.map(one => keyOf(one).name))]
  const known = await store.models.templates.find({ ...place, name: trusted({ $in: names }) }, null, { session }).lean()
  const byPlace = new Map(known.map(template => [`${template.name}/${template.language}`, template]))
  const fresh: Partial<TemplateDoc>[] = []
  const events: EventDoc[] = []
  let count = 0
  for (const one of listed) {
    const { name, language } = keyOf(one)
    const template = byPlace.get(`${name}/${language}`)
    if (template === undefined) fresh.push(...(added(one) ? [{ ...place, ...added(one) }] : []))
    else if (changed(template, one) !== null) {
      const change = await changeIn(store, template, now => changed(now, one), { session, tell: true })
      if (change) count++
      if (change?.event) events.push(change.event)
    }
  }
  const rows = fresh.length > 0 ? await store.models.templates.insertMany(fresh, { session }) : []
  const news = rows.map(row => templateEvent(row.toObject() as TemplateDoc))
  if (news.length > 0) await store.models.events.insertMany(news, { session })
  return { added: rows.length, changed: count, events: [...events, ...news] }
}

/** Templates of an account that Meta had, and that nothing has touched since; by id, so that a list of any length can be read. */
export async function findSubmittedBefore(
  store: Store,
  { tenantId, wabaId }: Place,
  { before, after, limit }: { before: Date; after: Id | null; limit: number },
): Promise<TemplateDoc[]> {
  const status = trusted({ $ne: 'DISABLED' as const })
  const filter = { tenantId, wabaId, status, deletedAt: null, updatedAt: trusted({ $lt: before }) }
  const behind = after ? { _id: trusted({ $gt: after }) } : {}
  return await store.models.templates
    .find({ ...filter, ...behind })
    .sort({ _id: 1 })
    .limit(limit)
    .lean()
}
