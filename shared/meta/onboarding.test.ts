import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { readAccount, readAppSubscription, readListedNumber, readNumbers, readSubscription } from './onboarding.ts'
import { readToken } from './tokens.ts'

const bodyOf = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(path.join(import.meta.dirname, `../../test/fixtures/graph/${name}.json`), 'utf8')).response.body

test('[ON-06] the accounts of a token come from what was granted, newest first', () => {
  expect(readToken(bodyOf('debug-token-several-wabas'))?.wabaIds).toEqual(['320900560012345', '310200450078901'])
  expect(readToken(bodyOf('debug-token-no-target-ids'))?.wabaIds).toBeNull()
  expect(readToken(bodyOf('debug-token'))).toMatchObject({ isValid: true, appId: '918273645500112' })
  expect(readToken({ data: 'nonsense' })).toBeNull()
})

test('[ON-06] numbers are read with their digits; an empty account has none', () => {
  const { numbers, after } = readNumbers(bodyOf('waba-phone-numbers'))
  expect(numbers.map(({ phoneNumberId, whatsappNumber, isRegistered }) => [phoneNumberId, whatsappNumber, isRegistered])).toEqual(
    [
      ['1054543651068213', '212600111222', true],
      ['1054543651069001', '212600111333', true],
    ],
  )
  expect(after).toBeNull()
  expect(readNumbers(bodyOf('waba-phone-numbers-empty')).numbers).toEqual([])
  expect(readNumbers({ data: [{ id: 'x' }, null, 5] }).numbers).toEqual([])
})

const number = { id: '1', display_phone_number: '+212 600-111222' }
test.for([
  [{ platform_type: 'CLOUD_API', status: 'CONNECTED' }, true],
  [{ platform_type: 'CLOUD_API', status: 'FLAGGED' }, true],
  [{ platform_type: 'CLOUD_API', status: 'DISCONNECTED' }, false],
  [{ platform_type: 'NOT_APPLICABLE', status: 'PENDING' }, false],
  [{ platform_type: 'ON_PREMISE', status: 'CONNECTED' }, false],
  [{}, false],
] as const)('a number with %j is registered: %s', ([fields, isRegistered]) => {
  expect(readListedNumber({ ...number, ...fields })?.isRegistered).toBe(isRegistered)
})

test('the address of webhooks is the number’s, else the account’s, else the app’s', () => {
  const at = (webhook_configuration: object) => {
    const { webhookUrl, webhookOf } = readListedNumber({ ...number, webhook_configuration }) ?? {}
    return [webhookUrl, webhookOf]
  }
  expect(at({ application: 'https://a', whatsapp_business_account: 'https://w', phone_number: 'https://n' })).toEqual([
    'https://n',
    'number',
  ])
  expect(at({ application: 'https://a', whatsapp_business_account: 'https://w' })).toEqual(['https://w', 'account'])
  expect(at({ application: 'https://a' })).toEqual(['https://a', 'app'])
  expect(at({})).toEqual([null, null])
})

test('subscriptions are read as Meta shows them', () => {
  expect(readSubscription(bodyOf('subscribed-apps-get'), null)).not.toBeNull()
  expect(readSubscription(bodyOf('subscribed-apps-get'), '1')).toBeNull()
  expect(readSubscription(bodyOf('subscribed-apps-get-empty'), null)).toBeNull()
  const rows = [
    { object: 'page' },
    { object: 'whatsapp_business_account', callback_url: 'https://a', active: true, fields: [{ name: 'messages' }, 'calls'] },
  ]
  expect(readAppSubscription({ data: rows })).toEqual({ url: 'https://a', fields: ['messages', 'calls'] })
  expect(readAppSubscription({ data: [{ object: 'whatsapp_business_account', active: false }] })).toBeNull()
  expect(readAccount({ name: 5, owner_business_info: { id: '7' } })).toEqual({ name: null, portfolioId: '7' })
})
