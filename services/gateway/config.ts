import { z } from 'zod'
import { parseQuota } from '#shared/http/rate-limit.ts'
import type { MetaApp } from '#shared/meta/tokens.ts'
import { commonEnv, duration, list, metaEnv, parseEnv, port, secretList } from '#shared/process/config.ts'
import { storageEnv } from '#shared/storage/open.ts'

const quota = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((text, context) => {
      try {
        return parseQuota(text)
      } catch (error) {
        context.addIssue({ code: 'custom', message: (error as Error).message })
        return z.NEVER
      }
    })

const digits = z.string().regex(/^\d{1,30}$/, 'Must be digits')

const gatewayEnv = commonEnv.extend({
  GATEWAY_PORT: port(3000),
  BASE_URL: z.url().default('http://localhost:3000'),
  DASHBOARD_URL: z.url().optional(),
  SOCKET_URL: z.string().optional(),
  /** People of the demo, as JSON, whom the sign-in page offers as one click; production ignores them. */
  DEMO_USERS: z.string().optional(),
  CORS_ORIGIN: list(''),
  TRUST_PROXY: z.coerce.number().int().min(0).default(0),
  RABBITMQ_URL: z.url(),
  MONGODB_URI: z.string().min(1),
  REDIS_URL: z.url(),
  JWT_SECRET: z.string().min(32),
  JWT_ACCESS_TTL: duration('15m'),
  JWT_REFRESH_TTL: duration('30d'),
  TRUSTED_GATEWAY_SECRET: z.string().min(16).optional(),
  RATE_LIMIT_API: quota('100/15min'),
  RATE_LIMIT_AUTH: quota('10/15min'),
  RATE_LIMIT_MESSAGES: quota('60/min'),
  /** Most bytes of uploaded files and audiences of one tenant. */
  UPLOAD_QUOTA_BYTES: z.coerce
    .number()
    .int()
    .positive()
    .default(50 * 1024 ** 3),
  META_APP_ID: digits.optional(),
  /** App secrets, separated by commas: the first one authenticates calls to Meta, all of them verify webhooks. */
  META_APP_SECRET: secretList.optional(),
  /** Configuration of Embedded Signup. */
  META_CONFIG_ID: z
    .string()
    .regex(/^\d{0,30}$/, 'Must be digits')
    .optional(),
  /** Where the sign-up dialog opens. */
  META_DIALOG_URL: z.url().default('https://www.facebook.com'),
  /** Verify token of the webhooks, with which their public address is tried. */
  META_WEBHOOK_VERIFY_TOKEN: z.string().optional(),
  /** One number that is connected without a dialog. */
  WHATSAPP_ACCESS_TOKEN: z.string().min(16).optional(),
  WHATSAPP_PHONE_NUMBER_ID: digits.optional(),
  WHATSAPP_WABA_ID: digits.optional(),
  /** Tenant of that number; the only one of the installation by default. */
  WHATSAPP_TENANT_ID: z
    .string()
    .regex(/^[0-9a-f]{24}$/, 'Must be 24 hexadecimal digits')
    .optional(),
  ...metaEnv,
  /** Interval of the checks of each number's access token, and of its fields at Meta. */
  TOKEN_CHECK_INTERVAL: duration('24h'),
  NUMBER_CHECK_INTERVAL: duration('1h'),
  /** Interval of the full template sync of each business account. */
  TEMPLATE_SYNC_INTERVAL: duration('6h'),
  /** Public webhook address; OpenAPI shows its origin as the server of the webhook paths. */
  SIMULATOR_WEBHOOK_URL: z.string().optional(),
  ...storageEnv,
})

export type GatewayConfig = z.infer<typeof gatewayEnv>

/** Linko's app at Meta with its first secret; null when it is not configured. */
export function metaAppOf({ META_APP_ID: id, META_APP_SECRET: secrets }: GatewayConfig): MetaApp | null {
  const secret = secrets?.[0]
  return id && secret ? { id, secret } : null
}

/** Public address of the webhooks: ingest's beside the gateway behind one host, unless the demo names another. */
export const webhookAddressOf = ({ SIMULATOR_WEBHOOK_URL, BASE_URL }: GatewayConfig): string =>
  SIMULATOR_WEBHOOK_URL ?? `${BASE_URL.replace(/\/+$/, '')}/api/v1/webhook`

/** The number of the settings; null unless its token and both ids are set. */
export function settingsNumberOf(config: GatewayConfig): SettingsNumber | null {
  const { WHATSAPP_ACCESS_TOKEN: accessToken, WHATSAPP_PHONE_NUMBER_ID: phoneNumberId, WHATSAPP_WABA_ID: wabaId } = config
  if (!accessToken || !phoneNumberId || !wabaId) return null
  return { accessToken, phoneNumberId, wabaId, tenantId: config.WHATSAPP_TENANT_ID ?? null }
}

/** A number that the operator connects by `WHATSAPP_*`. */
export interface SettingsNumber {
  accessToken: string
  phoneNumberId: string
  wabaId: string
  tenantId: string | null
}

/** Gateway configuration; `PORT` stands in for `GATEWAY_PORT`. @throws Error that lists every problem and prints no value */
export const readGatewayConfig = (env: NodeJS.ProcessEnv): GatewayConfig =>
  parseEnv(gatewayEnv, { ...env, GATEWAY_PORT: env.GATEWAY_PORT ?? env.PORT })
