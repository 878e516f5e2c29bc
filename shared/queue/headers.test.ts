import { expect, test } from 'vitest'
import { propertiesOf, shortId } from './headers.ts'

test('an id that is too long for AMQP is replaced by its hash, always the same one', () => {
  const long = `r:m:wamid.${'A'.repeat(500)}`
  expect(shortId(long)).toMatch(/^h:[0-9a-f]{64}$/)
  expect(shortId(long)).toBe(shortId(long))
  expect(shortId('é'.repeat(128))).toMatch(/^h:/)
  expect(shortId('é'.repeat(127))).toBe('é'.repeat(127))
  const message = { exchange: 'e', routingKey: 'k', type: 'linko.webhook.v1' as const, body: {}, messageId: long }
  expect(propertiesOf(message, 1, 0).messageId).toBe(shortId(long))
})
