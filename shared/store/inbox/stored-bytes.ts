import { toId } from '../../model/ids.ts'
import type { Store } from '../connect.ts'

/** Bytes of a tenant's files in the storage that people have uploaded: files for sending, and audiences. */
export async function storedBytes({ models }: Store, tenantId: string): Promise<number> {
  const own = { $match: { tenantId: toId(tenantId) } }
  const [files, audiences] = await Promise.all([
    models.mediaFiles.aggregate<Sum>([own, { $group: { _id: null, bytes: { $sum: '$size' } } }]),
    models.campaigns.aggregate<Sum>([own, { $group: { _id: null, bytes: { $sum: '$audience.bytes' } } }]),
  ])
  return (files[0]?.bytes ?? 0) + (audiences[0]?.bytes ?? 0)
}

interface Sum {
  bytes: number
}
