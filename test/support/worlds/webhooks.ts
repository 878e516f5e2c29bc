import { parseWebhook, type WebhookItem } from '#shared/meta/webhook.ts'
import { PHONE_NUMBER_ID } from './memory.ts'

/** Unix seconds of the first moment in tests of webhooks. */
export const T0 = 1_795_165_200
export const ARRIVAL = new Date((T0 + 3600) * 1000)

/** The items of one value, as Meta would send them. */
export function itemsOf(field: string, value: object, more: { phoneNumberId?: string; time?: number } = {}): WebhookItem[] {
  const { phoneNumberId = PHONE_NUMBER_ID, time } = more
  const metadata = { phone_number_id: phoneNumberId, display_phone_number: '212600111222' }
  const entry = { id: '1', ...(time && { time }), changes: [{ field, value: { metadata, ...value } }] }
  return parseWebhook({ object: 'whatsapp_business_account', entry: [entry] }, ARRIVAL)
}

export const stamp = (second: number): string => String(T0 + second)

/** A text of somebody with these keys. */
export const textFrom = (keys: object, id: string, second: number, more: object = {}): object => ({
  ...keys,
  id,
  timestamp: stamp(second),
  type: 'text',
  text: { body: id },
  ...more,
})

/** Each order of a short list. */
export function orders<T>(list: T[]): T[][] {
  if (list.length < 2) return [list]
  return list.flatMap((first, i) => orders(list.toSpliced(i, 1)).map(rest => [first, ...rest]))
}
