import { describe, expect, test } from 'vitest'
import { readCall, readCards, readChoice, readHandover, readOrder, readPlace, readReferral, readReply } from './read-data.ts'

test('a place without or with impossible coordinates has none', () => {
  expect(readPlace({ latitude: 33.57, longitude: -7.58, name: 'Port' })).toEqual({
    name: 'Port',
    address: null,
    coordinates: '33.57, -7.58',
  })
  for (const odd of [{}, { latitude: 'x', longitude: 1 }, { latitude: 91, longitude: 0 }])
    expect(readPlace(odd).coordinates).toBeNull()
})

test('cards have every phone and e-mail', () => {
  const data = [
    {
      name: { formatted_name: 'Sara' },
      org: { company: 'Atlas' },
      phones: [{ phone: '+212 6' }, { wa_id: '2127' }],
      emails: [{ email: 'a@b' }],
    },
  ]
  expect(readCards(data)).toEqual([{ name: 'Sara', company: 'Atlas', phones: ['+212 6', '2127'], emails: ['a@b'] }])
})

test('an order is summed up only when every price and one currency are known', () => {
  const item = { product_retailer_id: 'A', quantity: 2, item_price: 10.5, currency: 'MAD' }
  expect(readOrder({ product_items: [item, item] }).total).toEqual({ amount: 42, currency: 'MAD' })
  expect(readOrder({ product_items: [item, { ...item, currency: 'EUR' }] }).total).toBeNull()
  expect(readOrder({ product_items: [{ ...item, item_price: undefined }] }).total).toBeNull()
  expect(readOrder({ product_items: [] }).total).toBeNull()
})

test('what we asked has its buttons, its rows, or its one link', () => {
  const buttons = { body: { text: 'Come?' }, action: { buttons: [{ reply: { title: 'Yes' } }, { reply: { title: 'No' } }] } }
  expect(readChoice(buttons)).toMatchObject({ body: 'Come?', options: [{ title: 'Yes' }, { title: 'No' }] })
  const list = { action: { button: 'Times', sections: [{ rows: [{ title: '9:00', description: 'early' }] }] } }
  expect(readChoice(list)).toMatchObject({ opens: 'Times', options: [{ title: '9:00', description: 'early' }] })
  expect(readChoice({ action: { name: 'cta_url', parameters: { display_text: 'Open' } } }).options).toEqual([
    { title: 'Open', description: null },
  ])
})

test('a form is read, and nonsense is not', () => {
  expect(readReply({ nfm_reply: { response_json: '{"flow_token":"t","age":31,"city":"Fès"}' } }).fields).toEqual([
    ['age', '31'],
    ['city', 'Fès'],
  ])
  expect(readReply({ nfm_reply: { response_json: '{' } }).fields).toEqual([])
})

test('a call has its state, and a duration when it was answered', () => {
  expect(readCall({ state: 'completed', durationS: 60 })).toEqual({ state: 'completed', durationMs: 60_000 })
  expect(readCall({ state: 'missed' })).toEqual({ state: 'missed', durationMs: null })
})

test('a handover says who answers from then on, in which role', () => {
  expect(readHandover({ owner: 'other', previousRole: 'customer_service', newRole: 'escalation', note: 'Call back' })).toEqual({
    owner: 'other',
    role: 'escalation',
    note: 'Call back',
  })
  expect(readHandover({ owner: 'platform', newRole: null })).toEqual({ owner: 'platform', role: null, note: null })
})

test('only an address of the web is a link', () => {
  expect(readReferral({ headline: 'Jobs', source_url: 'javascript:alert(1)' })).toEqual({
    headline: 'Jobs',
    body: null,
    url: null,
  })
  expect(readReferral(null)).toBeNull()
})

describe('nothing throws', () => {
  const odd = [null, undefined, 'x', 7, [], [null], {}, { product_items: 'x', action: { sections: [{ rows: 5 }], buttons: {} } }]
  test.for(odd.map(data => [data] as const))('%j', ([data]) => {
    for (const read of [readCall, readHandover, readPlace, readCards, readOrder, readChoice, readReply, readReferral])
      expect(() => read(data)).not.toThrow()
  })
})
