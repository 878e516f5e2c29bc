import { z } from 'zod'
import { uncountedAccount } from '../domain/graph-calls.ts'
import type { GraphResult, MetaClient } from './client.ts'
import { appToken, type MetaApp } from './tokens.ts'
import { address, WebhookConfiguration, webhookIn } from './webhook-configuration.ts'

/** Calls of the Graph API that connect, check and disconnect numbers, with readers of their answers, which never throw. */

/** Exchanges the code of a sign-up. @param redirectUri address of the dialog; null for the JavaScript SDK */
export function exchangeCode(meta: MetaClient, app: MetaApp, code: string, redirectUri: string | null): Promise<GraphResult> {
  const query = {
    client_id: app.id,
    client_secret: app.secret,
    code,
    ...(redirectUri !== null && { redirect_uri: redirectUri }),
  }
  return meta.graph.get('oauth/access_token', { token: appToken(app), query })
}

/** The access token in an answer of `exchangeCode`; null without one. */
export const readAccessToken = ({ access_token: token }: Record<string, unknown>): string | null =>
  typeof token === 'string' && token !== '' ? token : null

export const askAccount = (meta: MetaClient, wabaId: string, token: string): Promise<GraphResult> =>
  meta.graph.get(encodeURIComponent(wabaId), {
    token,
    account: uncountedAccount({ wabaId }),
    query: { fields: 'id,name,owner_business_info,account_review_status' },
  })

const word = z.string().min(1).max(512).nullish().catch(null)
const Account = z.object({ name: word, owner_business_info: z.object({ id: word }).nullish().catch(null) })

export function readAccount(data: Record<string, unknown>): { name: string | null; portfolioId: string | null } {
  const read = Account.safeParse(data).data
  return { name: read?.name ?? null, portfolioId: read?.owner_business_info?.id ?? null }
}

const NUMBER_FIELDS =
  'id,display_phone_number,verified_name,status,platform_type,code_verification_status,is_on_biz_app,is_pin_enabled,webhook_configuration'

/** One page of the numbers of an account, newest first. @param after cursor of the page before */
export const askNumbers = (meta: MetaClient, wabaId: string, token: string, after: string | null): Promise<GraphResult> =>
  meta.graph.get(`${encodeURIComponent(wabaId)}/phone_numbers`, {
    token,
    account: uncountedAccount({ wabaId }),
    query: { fields: NUMBER_FIELDS, limit: 100, ...(after !== null && { after }) },
  })

interface At {
  wabaId: string
  phoneNumberId: string
}

/** The same fields of one number. */
export const askOneNumber = (meta: MetaClient, { wabaId, phoneNumberId }: At, token: string): Promise<GraphResult> =>
  meta.graph.get(encodeURIComponent(phoneNumberId), {
    token,
    account: uncountedAccount({ wabaId }),
    query: { fields: NUMBER_FIELDS },
  })

const NumberFields = z.object({
  id: z.string().regex(/^\d{1,30}$/),
  display_phone_number: z.string().min(1).max(50),
  verified_name: word,
  status: word,
  platform_type: word,
  code_verification_status: word,
  is_on_biz_app: z.boolean().nullish().catch(null),
  is_pin_enabled: z.boolean().nullish().catch(null),
  webhook_configuration: WebhookConfiguration,
})

/** A number as Meta lists it. */
export interface ListedNumber {
  phoneNumberId: string
  /** Digits with the country code. */
  whatsappNumber: string
  verifiedName: string | null
  /** Whether it can send through the Cloud API. */
  isRegistered: boolean
  isVerified: boolean
  coexistence: boolean
  isPinEnabled: boolean | null
  /** Address that its messages go to: the number's own, else the account's, else the app's; null: Meta did not say. */
  webhookUrl: string | null
  /** Which of the three it is. */
  webhookOf: 'number' | 'account' | 'app' | null
}

/** Null for an entry that cannot be read. */
export function readListedNumber(data: unknown): ListedNumber | null {
  const read = NumberFields.safeParse(data).data
  const digits = read?.display_phone_number.replace(/\D/g, '') ?? ''
  if (read === undefined || digits === '') return null
  const webhook = webhookIn(read.webhook_configuration)
  return {
    phoneNumberId: read.id,
    whatsappNumber: digits,
    verifiedName: read.verified_name ?? null,
    isRegistered: isRegistered(read.platform_type ?? null, read.status ?? null),
    isVerified: read.code_verification_status !== 'NOT_VERIFIED',
    coexistence: read.is_on_biz_app === true,
    isPinEnabled: read.is_pin_enabled ?? null,
    webhookUrl: webhook?.url ?? null,
    webhookOf: webhook?.of ?? null,
  }
}

/** Statuses of numbers that are not registered; the others, such as FLAGGED or RESTRICTED, are about what a registered one may. */
const UNREGISTERED = new Set(['DISCONNECTED', 'UNVERIFIED', 'DELETED', 'MIGRATED'])

const isRegistered = (platform: string | null, status: string | null): boolean =>
  platform === null ? status === 'CONNECTED' : platform === 'CLOUD_API' && !UNREGISTERED.has(status ?? '')

/** The numbers of a page and the cursor of the next one; null where there is none. */
export function readNumbers(data: Record<string, unknown>): { numbers: ListedNumber[]; after: string | null } {
  const rows = Array.isArray(data.data) ? data.data : []
  const paging = Paging.safeParse(data.paging).data
  const numbers = rows.map(readListedNumber).filter(number => number !== null)
  return { numbers, after: paging?.next ? (paging.cursors?.after ?? null) : null }
}
const Paging = z.object({ next: z.string().nullish(), cursors: z.object({ after: z.string().nullish() }).nullish() })

export const registerNumber = (
  meta: MetaClient,
  { wabaId, phoneNumberId }: At,
  token: string,
  pin: string,
): Promise<GraphResult> =>
  meta.graph.post(`${encodeURIComponent(phoneNumberId)}/register`, {
    token,
    account: uncountedAccount({ wabaId }),
    body: { messaging_product: 'whatsapp', pin },
  })

/** Sets another PIN of two-step verification. */
export const changePin = (meta: MetaClient, { wabaId, phoneNumberId }: At, token: string, pin: string): Promise<GraphResult> =>
  meta.graph.post(encodeURIComponent(phoneNumberId), { token, account: uncountedAccount({ wabaId }), body: { pin } })

/** Removes the number's own webhook address, so that the account's or the app's holds. */
export const removeNumberOverride = (meta: MetaClient, { wabaId, phoneNumberId }: At, token: string): Promise<GraphResult> =>
  meta.graph.post(encodeURIComponent(phoneNumberId), {
    token,
    account: uncountedAccount({ wabaId }),
    body: { webhook_configuration: { override_callback_uri: '' } },
  })

/** The apps that get an account's webhooks. `POST` adds ours and removes the account's own address, `DELETE` removes ours. */
export const subscribedApps = (
  meta: MetaClient,
  method: 'get' | 'post' | 'delete',
  wabaId: string,
  token: string,
): Promise<GraphResult> =>
  meta.graph[method](`${encodeURIComponent(wabaId)}/subscribed_apps`, { token, account: uncountedAccount({ wabaId }) })

const SubscribedApp = z.object({
  whatsapp_business_api_data: z.object({ id: z.coerce.string() }),
  override_callback_uri: address,
})

/** Subscription of an app; null when it has none. `overrideUrl`: the account's own address; null: the app's holds. */
export function readSubscription(data: Record<string, unknown>, appId: string | null): { overrideUrl: string | null } | null {
  const rows = Array.isArray(data.data) ? data.data.flatMap(row => SubscribedApp.safeParse(row).data ?? []) : []
  const own = rows.find(({ whatsapp_business_api_data: { id } }) => appId === null || id === appId)
  return own === undefined ? null : { overrideUrl: own.override_callback_uri ?? null }
}

export const askAppSubscriptions = (meta: MetaClient, app: MetaApp): Promise<GraphResult> =>
  meta.graph.get(`${encodeURIComponent(app.id)}/subscriptions`, { token: appToken(app) })

const AppSubscription = z.object({
  object: z.string(),
  callback_url: address,
  active: z.boolean().nullish(),
  fields: z
    .array(z.union([z.string(), z.object({ name: z.string() })]))
    .nullish()
    .catch(null),
})

/** The app's subscription to WhatsApp accounts; null without one. */
export function readAppSubscription(data: Record<string, unknown>): { url: string | null; fields: string[] } | null {
  const rows = Array.isArray(data.data) ? data.data.flatMap(row => AppSubscription.safeParse(row).data ?? []) : []
  const own = rows.find(({ object, active }) => object === 'whatsapp_business_account' && active !== false)
  if (own === undefined) return null
  return {
    url: own.callback_url ?? null,
    fields: (own.fields ?? []).map(field => (typeof field === 'string' ? field : field.name)),
  }
}

export type AppDataKind = 'smb_app_state_sync' | 'history'

/** Asks Meta to send the contacts or the history of the WhatsApp Business app: once each, within 24 h of the sign-up. */
export const requestAppData = (
  meta: MetaClient,
  { wabaId, phoneNumberId }: At,
  token: string,
  kind: AppDataKind,
): Promise<GraphResult> =>
  meta.graph.post(`${encodeURIComponent(phoneNumberId)}/smb_app_data`, {
    token,
    account: uncountedAccount({ wabaId }),
    body: { messaging_product: 'whatsapp', sync_type: kind },
  })

/** Whether an account has an approved template, by its first one. */
export const askApprovedTemplate = (meta: MetaClient, wabaId: string, token: string): Promise<GraphResult> =>
  meta.graph.get(`${encodeURIComponent(wabaId)}/message_templates`, {
    token,
    account: uncountedAccount({ wabaId }),
    query: { fields: 'name,status', status: 'APPROVED', limit: 1 },
  })

export const hasTemplate = ({ data }: Record<string, unknown>): boolean => Array.isArray(data) && data.length > 0

/** Gives a token back: every later call with it is refused. */
export const revokeToken = (meta: MetaClient, app: MetaApp, token: string): Promise<GraphResult> =>
  meta.graph.get('oauth/revoke', {
    token: appToken(app),
    query: { client_id: app.id, client_secret: app.secret, revoke_token: token, access_token: appToken(app) },
  })
