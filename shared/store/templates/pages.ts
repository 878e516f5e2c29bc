import type { ClientSession } from 'mongoose'
import type { EventDoc, Id, TemplateDoc } from '../../model/documents.ts'
import { type Store, trusted } from '../connect.ts'
import { isDuplicateKey } from '../errors.ts'
import { changeIn, templateEvent } from './templates.ts'

type Account = Pick<TemplateDoc, 'tenantId' | 'wabaId'>

/** A page of an account's templates as Meta lists them, with functions that give the change for one of them; null: none. */
export interface TemplatePage<T> {
  listed: readonly T[]
  keyOf(listed: T): { id: string; name: string; language: string }
  added(listed: T): Partial<TemplateDoc> | null
  changed(template: TemplateDoc, listed: T): Partial<TemplateDoc> | null
}

/** Writes one page in one transaction: after a failure earlier pages stay, and no page is written in part. */
export async function writeTemplatePage<T>(
  store: Store,
  { tenantId, wabaId }: Account,
  page: TemplatePage<T>,
): Promise<{ added: number; changed: number; events: EventDoc[] }> {
  for (let tries = 1; ; tries++) {
    try {
      return await store.transaction(session => writePage(store, { tenantId, wabaId }, page, session))
    } catch (error) {
      // Another request created one of the templates at the same time; the next try finds it.
      if (!isDuplicateKey(error) || tries === 3) throw error
    }
  }
}

async function writePage<T>(
  store: Store,
  account: Account,
  { listed, keyOf, added, changed }: TemplatePage<T>,
  session: ClientSession,
): Promise<{ added: number; changed: number; events: EventDoc[] }> {
  const names = [...new Set(listed.map(one => keyOf(one).name))]
  const known = await store.models.templates.find({ ...account, name: trusted({ $in: names }) }, null, { session }).lean()
  const byName = new Map(known.map(template => [`${template.name}/${template.language}`, template]))
  const missing: Partial<TemplateDoc>[] = []
  const events: EventDoc[] = []
  let count = 0
  for (const one of listed) {
    const { name, language } = keyOf(one)
    const template = byName.get(`${name}/${language}`)
    if (template === undefined) missing.push(...(added(one) ? [{ ...account, ...added(one) }] : []))
    else if (changed(template, one) !== null) {
      const change = await changeIn(store, template, now => changed(now, one), { session, emit: true })
      if (change) count++
      if (change?.event) events.push(change.event)
    }
  }
  const rows = missing.length > 0 ? await store.models.templates.insertMany(missing, { session }) : []
  const addedEvents = rows.map(row => templateEvent(row.toObject() as TemplateDoc))
  if (addedEvents.length > 0) await store.models.events.insertMany(addedEvents, { session })
  return { added: rows.length, changed: count, events: [...events, ...addedEvents] }
}

/** Templates of an account that are not disabled and unchanged since `before`, after the id `after` in the order of their ids. */
export async function findSubmittedBefore(
  store: Store,
  { tenantId, wabaId }: Account,
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
