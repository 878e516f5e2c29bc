import { expect, test } from 'vitest'
import { readNumber } from './number-fields.ts'

test('the fields of a number are read', () => {
  const data = {
    verified_name: 'Atlas Recrutement',
    status: 'CONNECTED',
    name_status: 'APPROVED',
    quality_rating: 'YELLOW',
    is_on_biz_app: false,
    throughput: { level: 'STANDARD' },
    whatsapp_business_manager_messaging_limit: 'TIER_2K',
  }
  expect(readNumber(data)).toEqual({
    verifiedName: 'Atlas Recrutement',
    metaStatus: 'CONNECTED',
    nameStatus: 'APPROVED',
    qualityRating: 'YELLOW',
    throughput: 80,
    messagingLimit: 2000,
  })
})

test.for([
  [{ throughput: { level: 'HIGH' } }, { throughput: 1000 }],
  [{ throughput: { level: 'STANDARD' }, is_on_biz_app: true }, { throughput: 20 }],
  [{ throughput: { level: 'NOT_APPLICABLE' } }, {}],
  [{ messaging_limit_tier: 'TIER_250' }, { messagingLimit: 250 }],
  [{ whatsapp_business_manager_messaging_limit: 'TIER_UNLIMITED' }, { messagingLimit: null }],
  [{ whatsapp_business_manager_messaging_limit: 'TIER_NOT_SET' }, {}],
  [{ quality_rating: 'NA', status: 7, throughput: 'fast', webhook_configuration: 'none' }, {}],
  [{ webhook_configuration: { application: 'https://a' } }, { webhook: { url: 'https://a', of: 'app' } }],
  [
    { webhook_configuration: { application: 'https://a', whatsapp_business_account: 'https://b' } },
    { webhook: { url: 'https://b', of: 'account' } },
  ],
  [
    { webhook_configuration: { whatsapp_business_account: 'https://b', phone_number: 'https://c' } },
    { webhook: { url: 'https://c', of: 'number' } },
  ],
])('%j is read as %j', ([data, expected]) => {
  expect(readNumber(data as Record<string, unknown>)).toEqual(expected)
})
