import { z } from 'zod'

export const address = z.string().max(2048).nullish().catch(null)

/** Field `webhook_configuration` of a number. */
export const WebhookConfiguration = z
  .object({ phone_number: address, whatsapp_business_account: address, application: address })
  .nullish()
  .catch(null)

/** Address that the webhooks of a number go to, and whose address it is. */
export interface WebhookAddress {
  url: string
  of: 'number' | 'account' | 'app'
}

/** The number's own address, else the account's, else the app's; null: Meta did not say. */
export function webhookIn(configuration: z.infer<typeof WebhookConfiguration>): WebhookAddress | null {
  const { phone_number: own, whatsapp_business_account: account, application: app } = configuration ?? {}
  if (own) return { url: own, of: 'number' }
  if (account) return { url: account, of: 'account' }
  return app ? { url: app, of: 'app' } : null
}
