import type { Connection } from 'mongoose'
import { z } from 'zod'
import { gridfsStorage } from './gridfs.ts'
import type { ObjectStorage } from './object-storage.ts'
import { s3Storage } from './s3.ts'

/** Configuration of the storage: with a bucket an S3-compatible service, otherwise MongoDB. */
export const storageEnv = {
  S3_BUCKET: z.string().min(1).optional(),
  S3_ENDPOINT: z.url().optional(),
  S3_REGION: z.string().min(1).optional(),
  S3_ACCESS_KEY_ID: z.string().min(1).optional(),
  S3_SECRET_ACCESS_KEY: z.string().min(1).optional(),
}
export type StorageConfig = z.infer<z.ZodObject<typeof storageEnv>>

export function openStorage(config: StorageConfig, connection: Connection): ObjectStorage {
  const { S3_BUCKET: bucket, S3_ENDPOINT: endpoint, S3_REGION: region } = config
  if (bucket === undefined) return gridfsStorage(connection)
  return s3Storage({
    bucket,
    ...(endpoint && { endpoint }),
    ...(region && { region }),
    ...(config.S3_ACCESS_KEY_ID && { accessKeyId: config.S3_ACCESS_KEY_ID }),
    ...(config.S3_SECRET_ACCESS_KEY && { secretAccessKey: config.S3_SECRET_ACCESS_KEY }),
  })
}

/** Storage keys, which start with the tenant's id. */
export const mediaKey = (tenantId: unknown, mediaId: unknown) => `${tenantId}/${mediaId}`
export const thumbnailKey = (tenantId: unknown, mediaId: unknown) => `${tenantId}/${mediaId}/thumbnail`
/** What the keys of all audience files of a tenant, or of one campaign, begin with. */
export const audiencePrefix = (tenantId: unknown, campaignId?: unknown) =>
  campaignId === undefined ? `${tenantId}/campaigns/` : `${tenantId}/campaigns/${campaignId}/`
/** Key of a campaign's audience file; each new file has the next generation. */
export const audienceKey = (tenantId: unknown, campaignId: unknown, generation: number) =>
  `${audiencePrefix(tenantId, campaignId)}${generation}`
/** Campaign and generation of an audience file; null for any other key. */
export function readAudienceKey(key: string): { campaignId: string; generation: number } | null {
  const [, campaignId, generation] = /\/campaigns\/([0-9a-f]{24})\/(\d+)$/.exec(key) ?? []
  return campaignId === undefined ? null : { campaignId, generation: Number(generation) }
}
/** What the keys of files of contacts that are being imported begin with. */
export const importPrefix = (tenantId: unknown) => `${tenantId}/imports/`
