import type { ClientSession } from 'mongoose'
import type { Store } from './connect.ts'
import type { Id, MessageDoc } from './documents.ts'

/** A message that has become SENT, by its template. */
export interface TemplateUse {
  tenantId: Id
  clientId: Id
  name: string
  language: string
  at: Date
}

/** None for a message that is no template. */
export function usesOf({ tenantId, clientId, content }: MessageDoc, at: Date): TemplateUse[] {
  const { template } = content
  return template ? [{ tenantId, clientId, name: template.name, language: template.language, at }] : []
}

/** One write a template, however many messages; two statements a batch, and none for a batch without templates. */
export async function countTemplateUses(
  { raw }: Pick<Store, 'raw'>,
  uses: readonly TemplateUse[],
  session?: ClientSession,
): Promise<void> {
  if (uses.length === 0) return
  const options = session ? { session } : {}
  const filter = { _id: { $in: uses.map(use => use.clientId) }, tenantId: { $in: uses.map(use => use.tenantId) } }
  const clients = await raw.clients.find(filter, { ...options, projection: { wabaId: 1 } }).toArray()
  const wabas = new Map(clients.map(client => [String(client._id), client.wabaId]))
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
