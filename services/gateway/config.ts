import { z } from 'zod'
import { parseRoleMap } from '#shared/auth/role-claim.ts'
import { parseQuota } from '#shared/http/rate-limit.ts'
import type { MetaApp } from '#shared/meta/tokens.ts'
import { commonEnv, duration, eventEnv, flag, list, metaEnv, parseEnv, port, secretList } from '#shared/process/config.ts'
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

const roleMap = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((text, context) => {
      try {
        return parseRoleMap(text)
      } catch (error) {
        context.addIssue({ code: 'custom', message: (error as Error).message })
        return z.NEVER
      }
    })

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
  /** False: people sign in by the identity provider alone. */
  PASSWORD_SIGN_IN: flag(true),
  /** Issuer of the OpenID provider; unset: none. */
  OIDC_ISSUER: z.url().optional(),
  OIDC_CLIENT_ID: z.string().min(1).optional(),
  OIDC_CLIENT_SECRET: z.string().min(16).optional(),
  /** What the button of the sign-in page says. */
  OIDC_NAME: z.string().min(1).max(60).default('Single sign-on'),
  OIDC_SCOPES: z.string().default('openid email profile'),
  /** Claim that holds the roles at the provider; unset: roles are kept in Linko. */
  OIDC_ROLE_CLAIM: z.string().min(1).optional(),
  OIDC_ROLE_MAP: roleMap(''),
  /** Tenant of people whom nobody has invited; unset: they are refused. */
  OIDC_TENANT_ID: z
    .string()
    .regex(/^[0-9a-f]{24}$/, 'Must be the id of a tenant')
    .optional(),
  ...eventEnv,
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

/** What makes a sign-in by an identity provider incomplete, or leaves no way in. */
const signInEnv = gatewayEnv.superRefine((env, context) => {
  const wrong = (name: string, message: string) => context.addIssue({ code: 'custom', path: [name], message })
  if (!env.PASSWORD_SIGN_IN && !env.OIDC_ISSUER) wrong('PASSWORD_SIGN_IN', 'Nobody could sign in: set OIDC_ISSUER too')
  if (env.OIDC_ISSUER)
    for (const name of ['OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET'] as const)
      if (!env[name]) wrong(name, 'Must be set with OIDC_ISSUER')
  if (env.OIDC_ROLE_CLAIM && env.OIDC_ROLE_MAP.size === 0) wrong('OIDC_ROLE_MAP', 'Must be set with OIDC_ROLE_CLAIM')
  if (env.NODE_ENV === 'production' && env.OIDC_ISSUER && !env.OIDC_ISSUER.startsWith('https://'))
    wrong('OIDC_ISSUER', 'Must be https in production')
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
  parseEnv(signInEnv, { ...env, GATEWAY_PORT: env.GATEWAY_PORT ?? env.PORT })
