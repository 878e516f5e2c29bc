import { z } from 'zod'
import { commonEnv, metaEnv, secretList } from '#shared/process/config.ts'
import { storageEnv } from '#shared/storage/open.ts'

/** Settings that the doctor looks at. Each may be missing: that is what it reports. */
const doctorEnv = commonEnv.extend({
  BASE_URL: z.url().optional(),
  MONGODB_URI: z.string().min(1).optional(),
  RABBITMQ_URL: z.url().optional(),
  REDIS_URL: z.url().optional(),
  META_APP_ID: z.string().optional(),
  META_APP_SECRET: secretList.optional(),
  META_WEBHOOK_VERIFY_TOKEN: z.string().optional(),
  /** Public address of the webhooks where it is not below BASE_URL. */
  SIMULATOR_WEBHOOK_URL: z.url().optional(),
  ...metaEnv,
  ...storageEnv,
})
export type DoctorConfig = z.infer<typeof doctorEnv>

/** @throws ZodError for a value that no service would take */
export const readDoctorConfig = (env: NodeJS.ProcessEnv): DoctorConfig => doctorEnv.parse(env)

/** Public address of the webhooks; null without `BASE_URL`. */
export const webhookUrlOf = ({ SIMULATOR_WEBHOOK_URL, BASE_URL }: DoctorConfig): string | null =>
  SIMULATOR_WEBHOOK_URL ?? (BASE_URL ? `${BASE_URL.replace(/\/+$/, '')}/api/v1/webhook` : null)
