import type { ClientSession } from 'mongoose'
import type { TemplateUse } from '../../model/template-use.ts'
import type { Store } from '../connect.ts'
import { perStore } from '../per-store.ts'
import { TtlCache } from '../ttl-cache.ts'

/** Adds uses to the counts of templates: one write for each template. */
export async function countTemplateUses(
  { raw }: Pick<Store, 'raw'>,
  uses: readonly TemplateUse[],
  session?: ClientSession,
): Promise<void> {
  if (uses.length === 0) return
  const options = session ? { session } : {}
  const wabas = await wabasOf(raw, uses)
  const groups = Map.groupBy(
    uses.filter(({ clientId }) => wabas.has(String(clientId))),
    ({ tenantId, clientId, name, language }) => JSON.stringify([tenantId, wabas.get(String(clientId)), name, language]),
  )
  const writes = [...groups.values()].map(group => {
    const { tenantId, clientId, name, language } = group[0] as TemplateUse
    const lastUsedAt = new Date(Math.max(...group.map(({ at }) => at.getTime())))
    const filter = { tenantId, wabaId: wabas.get(String(clientId)) as string, name, language }
    return { updateOne: { filter, update: { $inc: { usageCount: group.length }, $max: { lastUsedAt } } } }
  })
  if (writes.length > 0) await raw.templates.bulkWrite(writes, { ordered: false, ...options })
}

const KEPT_MS = 5000
const cacheOf = perStore(() => new TtlCache<string, string>(10_000))

/** Accounts by number id, cached for 5 s: the account of a number changes when the number is connected again. */
async function wabasOf(raw: Store['raw'], uses: readonly TemplateUse[]): Promise<Map<string, string>> {
  const cache = cacheOf(raw)
  const wabas = new Map<string, string>()
  const missing: TemplateUse[] = []
  for (const use of uses) {
    const kept = cache.get(String(use.clientId))
    if (kept === undefined) missing.push(use)
    else wabas.set(String(use.clientId), kept)
  }
  if (missing.length === 0) return wabas
  const filter = { _id: { $in: missing.map(use => use.clientId) }, tenantId: { $in: missing.map(use => use.tenantId) } }
  for (const { _id, wabaId } of await raw.clients.find(filter, { projection: { wabaId: 1 } }).toArray()) {
    cache.set(String(_id), wabaId, KEPT_MS)
    wabas.set(String(_id), wabaId)
  }
  return wabas
}
