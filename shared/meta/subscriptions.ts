import { z } from 'zod'
import { describeError } from '../domain/messages/send-errors.ts'
import type { MetaClient } from './client.ts'

/** Whether an account sends its webhooks to our app, as Meta says. */
export interface Subscription {
  isSubscribed: boolean
  /** Address that the account's webhooks go to instead of the app's; null: the app's. */
  overrideUrl: string | null
  /** Meta's refusal, as a sentence; null for an answer. */
  problem: string | null
}

const SubscribedApp = z.object({
  whatsapp_business_api_data: z.object({ id: z.coerce.string() }),
  override_callback_uri: z.string().nullish().catch(null),
})

/**
 * Subscription of a business account. Null when it cannot be determined now: Meta is not available or limits us.
 * @param appId our app; null: any app counts as ours
 * @see https://developers.facebook.com/docs/graph-api/reference/whats-app-business-account/subscribed_apps
 */
export async function readSubscription(
  meta: MetaClient,
  { wabaId, token, appId }: { wabaId: string; token: string; appId: string | null },
): Promise<Subscription | null> {
  const account = { wabaId, perHour: null }
  const result = await meta.graph.get(`${encodeURIComponent(wabaId)}/subscribed_apps`, { token, account })
  if (result.kind === 'refused') {
    const { class: kind, sentence } = describeError(result.error)
    return kind === 'PAUSE' || kind === 'FAIL' ? { isSubscribed: false, overrideUrl: null, problem: sentence } : null
  }
  if (result.kind !== 'ok') return null
  const apps = z.array(SubscribedApp.nullable().catch(null)).catch([]).parse(result.data.data)
  const own = apps.find(app => app !== null && (appId === null || app.whatsapp_business_api_data.id === appId))
  return { isSubscribed: own != null, overrideUrl: own?.override_callback_uri ?? null, problem: null }
}
