import { expect, test } from 'vitest'
import { isOwnWebhook, missingFields, WEBHOOK_FIELDS } from './webhook-fields.ts'

test('fields that the app lacks are named in the order of the table', () => {
  expect(missingFields(Object.keys(WEBHOOK_FIELDS))).toEqual([])
  expect(missingFields(['messages', 'unheard_of'])).toEqual(Object.keys(WEBHOOK_FIELDS).slice(1))
})

test.for([
  ['https://linko.example/api/v1/webhook', true],
  ['https://linko.example/webhook', true],
  ['https://linko.example/api/webhooks/whatsapp/', true],
  ['https://linko.example/elsewhere', false],
  ['https://evil.example/api/v1/webhook', false],
  ['http://linko.example/api/v1/webhook', false],
  ['nonsense', false],
] as const)('%s is ours: %s', ([address, isOwn]) => {
  expect(isOwnWebhook(address, 'https://linko.example/api/v1/webhook')).toBe(isOwn)
})
