import path from 'node:path'
import { z } from 'zod'
import { commonEnv, flag, list, metaEnv, parseEnv, port, ROOT, secretList } from '#shared/process/config.ts'
import { storageEnv } from '#shared/storage/open.ts'

/** Variables of both roles. Both need the broker, only the recorder MongoDB, only the receiver Meta's secrets. */
const ingestEnv = commonEnv.extend({
  INGEST_PORT: port(3001),
  TRUST_PROXY: z.coerce.number().int().min(0).default(0),
  INGEST_ROLE: z.enum(['receiver', 'recorder', 'all']).default('all'),
  RABBITMQ_URL: z.url(),
  MONGODB_URI: z.string().optional(),
  /** Counts the calls to Meta across processes; without it the recorder keeps to a share of what Meta allows. */
  REDIS_URL: z.url().optional(),
  /** Several, separated by commas, while a secret is being replaced. */
  META_APP_SECRET: secretList.optional(),
  META_WEBHOOK_VERIFY_TOKEN: z.string().min(8).optional(),
  ...metaEnv,
  /** Hosts from which files are fetched with the number's token; `*.domain` is any host below the domain. */
  META_MEDIA_HOSTS: list('lookaside.fbsbx.com,*.fbcdn.net,*.whatsapp.net'),
  ...storageEnv,
  INGEST_SPOOL: flag(true),
  INGEST_SPOOL_DIR: z.string().default(path.join(ROOT, '.linko/spool')),
  INGEST_SPOOL_MAX_MB: z.coerce.number().int().min(1).default(1024),
})

const completeEnv = ingestEnv
  .refine(env => env.INGEST_ROLE === 'receiver' || env.MONGODB_URI, {
    path: ['MONGODB_URI'],
    error: 'is required by the recorder',
  })
  .refine(env => env.INGEST_ROLE === 'recorder' || env.META_APP_SECRET, {
    path: ['META_APP_SECRET'],
    error: 'is required by the receiver',
  })
  .refine(env => env.INGEST_ROLE === 'recorder' || env.META_WEBHOOK_VERIFY_TOKEN, {
    path: ['META_WEBHOOK_VERIFY_TOKEN'],
    error: 'is required by the receiver',
  })

export type IngestConfig = z.infer<typeof ingestEnv>
export const readIngestConfig = (env: NodeJS.ProcessEnv): IngestConfig => parseEnv(completeEnv, env)
