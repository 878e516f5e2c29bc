import { expect, test } from 'vitest'
import { formatCallbackData } from '#shared/domain/messages/callback-data.ts'
import { webhookKeys } from '#shared/queue/topology.ts'
import { readEnvelope, splitBody } from './split.ts'

const number = '1054543651068213'
const value = (more: object) => ({ messaging_product: 'whatsapp', metadata: { phone_number_id: number }, ...more })
const message = (from: string, id: string) => ({ from, id, timestamp: '1795165200', type: 'text', text: { body: id } })
const bodyOf = (...values: object[]) => ({
  object: 'whatsapp_business_account',
  entry: [{ id: '1', changes: values.map(one => ({ field: 'messages', value: one })) }],
})
const raw = (body: object) => Buffer.from(JSON.stringify(body))

/** Two contacts in different shards. */
const [first, second] = ['212661000101', '212661000102', '212661000103', '212661000104'].filter(
  (waId, i, all) => i === 0 || webhookKeys.conversation(number, waId) !== webhookKeys.conversation(number, all[0] as string),
) as [string, string]

test('a body with one routing key is published as the received bytes', () => {
  const body = bodyOf(value({ messages: [message(first, 'a'), message(first, 'b')] }))
  const bytes = raw(body)
  const parts = splitBody(body, bytes)
  expect(parts).toEqual([{ routingKey: webhookKeys.conversation(number, first), body: bytes, isUrgent: true }])
  expect(parts[0]?.body).toBe(bytes)
})

test('a mixed body is split by routing key, and no item is lost or doubled', () => {
  const status = {
    id: 'w',
    status: 'sent',
    timestamp: '1',
    recipient_id: first,
    biz_opaque_callback_data: formatCallbackData({ priority: 'campaign', messageId: 'a'.repeat(24), attempt: 1 }),
  }
  const body = {
    ...bodyOf(
      value({ contacts: [{ wa_id: first }], messages: [message(first, 'a'), message(second, 'b'), message(first, 'c')] }),
      value({ statuses: [status] }),
    ),
  }
  body.entry.push({ id: '2', changes: [{ field: 'account_update', value: { event: 'VERIFIED_ACCOUNT' } }] })
  const parts = splitBody(body, raw(body))
  expect(new Set(parts.map(part => part.routingKey))).toEqual(
    new Set([
      webhookKeys.conversation(number, first),
      webhookKeys.conversation(number, second),
      webhookKeys.bulkStatus(number, first),
      'account',
    ]),
  )
  expect(parts.filter(part => !part.isUrgent).map(part => part.routingKey)).toEqual([webhookKeys.bulkStatus(number, first)])
  const ids = parts.flatMap(part => [...JSON.stringify(part.body).matchAll(/"id":"([abcw])"/g)].map(match => match[1]))
  expect(ids.sort()).toEqual(['a', 'b', 'c', 'w'])
  const own = parts.find(part => part.routingKey === webhookKeys.conversation(number, first))
  expect(own?.body).toMatchObject({
    object: 'whatsapp_business_account',
    entry: [
      {
        id: '1',
        changes: [{ field: 'messages', value: { contacts: [{ wa_id: first }], messages: [{ id: 'a' }, { id: 'c' }] } }],
      },
    ],
  })
})

test.for<[string, string]>([
  ['not JSON', '{'],
  ['an array', '[]'],
  ['no entry', '{"object":"whatsapp_business_account"}'],
  ['entry of a wrong type', '{"entry":"x"}'],
  ['no value', '{"entry":[{"changes":[{"field":"messages"}]}]}'],
  ['a value of a wrong type', '{"entry":[{"changes":[{"value":"x"}]}]}'],
  ['nested ten thousand deep', `{"entry":[{"changes":[{"value":{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}}]}]}`],
  ['a key with NUL', '{"entry":[{"changes":[{"value":{"a\\u0000b":1}}]}]}'],
  ['a key __proto__ in disguise', '{"entry":[{"changes":[{"value":{"\\u005f_proto__":{}}}]}]}'],
  ['a key __proto__', '{"entry":[{"changes":[{"value":{"__proto__":{}}}]}]}'],
])('%s is not an envelope', ([, text]) => {
  expect(readEnvelope(Buffer.from(text))).toBeNull()
})

test('unknown and missing members do not make a body invalid', () => {
  expect(readEnvelope(Buffer.from('{"entry":[{"changes":[{"value":{"new_thing":true}}]}]}'))).not.toBeNull()
})

test('a body about another object is published whole with the routing key `account`, whatever its content', () => {
  const page = { object: 'page', entry: [{ id: '9', messaging: [{ message: { mid: 'm.1' } }] }] }
  const alike = { ...bodyOf(value({ messages: [message(first, 'a'), message(second, 'b')] })), object: 'instagram' }
  for (const body of [page, alike]) {
    expect(readEnvelope(raw(body))).toEqual(body)
    expect(splitBody(body, raw(body))).toEqual([{ routingKey: webhookKeys.account, body: raw(body), isUrgent: true }])
  }
})
