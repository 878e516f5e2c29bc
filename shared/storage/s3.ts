import { Readable } from 'node:stream'
import { DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, NoSuchKey, S3Client } from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { ObjectNotFound, type ObjectStorage, type StoredObject } from './object-storage.ts'

export interface S3Options {
  bucket: string
  /** Endpoint of MinIO, R2 and the like; not needed for AWS. */
  endpoint?: string
  region?: string
  accessKeyId?: string
  secretAccessKey?: string
}

/** Storage in an S3-compatible service. Without keys the SDK uses its default sources (environment, instance role). */
export function s3Storage(options: S3Options): ObjectStorage {
  const { bucket: Bucket, endpoint, region = 'us-east-1', accessKeyId, secretAccessKey } = options
  const client = new S3Client({
    region,
    ...(endpoint && { endpoint, forcePathStyle: true }),
    ...(accessKeyId && secretAccessKey && { credentials: { accessKeyId, secretAccessKey } }),
  })

  async function* list(Prefix: string): AsyncGenerator<StoredObject> {
    for (let ContinuationToken: string | undefined; ; ) {
      const page = await client.send(new ListObjectsV2Command({ Bucket, Prefix, ContinuationToken }))
      for (const { Key, LastModified } of page.Contents ?? [])
        if (Key !== undefined) yield { key: Key, storedAt: LastModified ?? new Date(0) }
      ContinuationToken = page.NextContinuationToken
      if (ContinuationToken === undefined) return
    }
  }

  return {
    list,
    async put(Key, Body, { contentType: ContentType }) {
      await new Upload({ client, params: { Bucket, Key, Body, ContentType } }).done()
    },
    async get(Key, range) {
      const Range = range && `bytes=${range.start}-${range.end}`
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, Range })).catch(error => {
        throw error instanceof NoSuchKey ? new ObjectNotFound(Key) : error
      })
      if (!(Body instanceof Readable)) throw new ObjectNotFound(Key)
      return Body
    },
    async delete(Key) {
      await client.send(new DeleteObjectCommand({ Bucket, Key }))
    },
    deleteUnfinished: async () => 0,
    async [Symbol.asyncDispose]() {
      client.destroy()
    },
  }
}
