import { expect, test } from 'vitest'
import { messageEventId, parseWebhook, statusEventId, timeOf } from './webhook.ts'

const ARRIVAL = new Date('2026-11-20T10:00:00Z')
const META = { metadata: { phone_number_id: '1054543651068213' } }
const parse = (value: unknown, change: object = { field: 'messages' }, entry: object = { id: '310200450078901' }) =>
  parseWebhook({ object: 'whatsapp_business_account', entry: [{ ...entry, changes: [{ ...change, value }] }] }, ARRIVAL)
const message = { id: 'wamid.1', from: '212661000101', timestamp: '1795165200', type: 'text', text: { body: 'hello' } }
const status = { id: 'wamid.2', status: 'sent', timestamp: '1795165200', recipient_id: '212661000101' }

test.for<[unknown, string | null]>([
  ['1795165200', '2026-11-20T09:00:00.000Z'],
  [1_795_165_200, '2026-11-20T09:00:00.000Z'],
  ['1795165200000', '2026-11-20T09:00:00.000Z'],
  [1_795_165_200_123, '2026-11-20T09:00:00.123Z'],
  ['1795168860', '2026-11-20T10:01:00.000Z'], // a minute ahead: clocks differ
  ['1799165200', '2026-11-20T10:00:00.000Z'], // weeks ahead: the moment of arrival counts
  ['-5', null],
  [-5, null],
  [0, null],
  ['yesterday', null],
  ['2026-11-20', null],
  ['17951652.5', null],
  [Number.NaN, null],
  [9e15, null],
  [null, null],
  [undefined, null],
  [{ seconds: 1 }, null],
])('the time %j is %s', ([stamp, expected]) => {
  expect(timeOf(stamp, ARRIVAL)?.toISOString() ?? null).toBe(expected)
})

test.for(['message_echoes', 'flows', 'group_status_update'])('what comes as %s is nobody’s message here', field => {
  expect(parse({ ...META, messages: [message], statuses: [status] }, { field })).toMatchObject([{ kind: 'account', field }])
})

test('calls and the reports of calls are calls, whatever their ids look like', () => {
  const call = { id: 'wacid.1', event: 'terminate', timestamp: '1795165200', from: '212661000101', direction: 'USER_INITIATED' }
  const report = { ...status, type: 'call', status: 'ACCEPTED' }
  expect(parse({ ...META, calls: [call], statuses: [report], messages: [message] }, { field: 'calls' })).toMatchObject([
    { kind: 'call', callId: 'wacid.1', person: { waId: '212661000101' } },
    { kind: 'call', callId: 'wamid.2', person: { waId: '212661000101' } },
  ])
})

test('our own number is never the customer of a call', () => {
  const metadata = { ...META.metadata, display_phone_number: '212600111222' }
  const call = { id: 'wacid.1', event: 'connect', timestamp: '1795165200', direction: 'USER_INITIATED' }
  const swapped = { ...call, from: '212600111222', to: '212661000101' }
  expect(parse({ metadata, calls: [swapped] }, { field: 'calls' })).toMatchObject([{ person: { waId: '212661000101' } }])
})

test('copies of what another app receives and sends are marked, and the app’s own message is read', () => {
  const contacts = [{ wa_id: '212661000101', profile: { name: 'Salma' } }]
  const echo = { id: 'wamid.5', timestamp: '1795165206', message: { to: '+212661000101', type: 'text', text: { body: 'yes' } } }
  const items = parse(
    { ...META, standby: { contacts, messages: [message], message_echoes: [echo], statuses: [status] } },
    { field: 'standby' },
  )
  expect(items).toMatchObject([
    { kind: 'message', isOfOtherApp: true, person: { waId: '212661000101', name: 'Salma' } },
    { kind: 'echo', isOfOtherApp: true, person: { waId: '212661000101' }, message: { type: 'text', text: { body: 'yes' } } },
    { kind: 'status', field: 'standby' },
  ])
  for (const item of items) expect(parseWebhook(item.payload, ARRIVAL)).toEqual([item])
  expect(parse({ ...META, standby: {} }, { field: 'standby' })).toMatchObject([{ kind: 'account' }])
})

test('a report of another type is no status of the message whose id it bears', () => {
  const payment = { ...status, type: 'payment', status: 'failed' }
  expect(parse({ ...META, statuses: [payment, { ...status, type: 'message' }] })).toMatchObject([
    { kind: 'account', eventId: expect.stringMatching(/^s:/) },
    { kind: 'status', status: 'sent' },
  ])
})

test.for(['soon', '', null, undefined, -5, { seconds: 1 }])(
  'what happened at “%s” is kept with the time of its arrival',
  timestamp => {
    const call = { id: 'wacid.1', event: 'connect', from: '212661000101', timestamp }
    const value = {
      ...META,
      messages: [{ ...message, timestamp }],
      message_echoes: [{ ...message, id: 'wamid.9', to: '1', timestamp }],
    }
    const items = parse({ ...value, calls: [call], statuses: [{ ...status, timestamp }] })
    expect(items.map(({ kind, at }) => [kind, at])).toEqual(['message', 'echo', 'call', 'status'].map(kind => [kind, ARRIVAL]))
    expect(items.slice(0, 2)).toMatchObject([{ isTimeUnreadable: true }, { isTimeUnreadable: true }])
  },
)

const SENT = { wamid: 'wamid.2', name: 'sent', timestamp: '1795165200', recipient: '212661000101', code: null }

test("the content of a value decides an item's kind, not the name of its field", () => {
  expect(parse({ ...META, statuses: [status] }, { field: 'statuses' })).toMatchObject([
    { kind: 'status', eventId: statusEventId(SENT) },
  ])
  expect(parse({ ...META, messages: [message], statuses: [status] }, {})).toMatchObject([
    { kind: 'message', eventId: messageEventId('wamid.1') },
    { kind: 'status' },
  ])
  expect(parse({ ...META, message_echoes: [{ ...message, to: '212661000102' }] }, { field: 'anything' })).toMatchObject([
    { kind: 'echo', person: { waId: '212661000102' } },
  ])
  expect(parse({ ...META, new_thing: 1 }, { field: 'some_future_field' })).toMatchObject([
    { kind: 'account', field: 'some_future_field' },
  ])
})

test('nothing else is required: object, field and entry.id may be missing', () => {
  expect(parseWebhook({ entry: [{ changes: [{ value: { ...META, messages: [message] } }] }] }, ARRIVAL)).toMatchObject([
    { kind: 'message', wabaId: null },
  ])
})

test.for([
  [{ ...message, id: undefined }, expect.stringMatching(/^a:/)],
  ['a text', expect.stringMatching(/^a:/)],
  [null, expect.stringMatching(/^a:/)],
])('a broken message %j fails alone, with the id %s', ([broken, eventId]) => {
  const items = parse({ ...META, messages: [message, broken, { ...message, id: 'wamid.3' }] })
  expect(items.map(({ kind }) => kind)).toEqual(['message', 'broken', 'message'])
  expect(items[1]?.eventId).toEqual(eventId)
})

test.for([
  [undefined],
  [null],
  [1],
  ['text'],
  [[]],
  [{ entry: 1 }],
  [{ entry: [null, 1, { changes: 'x' }, { changes: [null] }] }],
])('the body %j has no items and does not throw', ([body]) => {
  expect(parseWebhook(body, ARRIVAL)).toEqual([])
})

test('each item has an envelope of its own, which gives the same item again', () => {
  const contacts = [
    { wa_id: '212661000101', user_id: 'MA.1', profile: { name: 'Salma', username: '@salma' } },
    { wa_id: '212661000102', user_id: 'MA.2', profile: { name: 'Karim' } },
  ]
  const items = parse({ ...META, contacts, messages: [message, { ...message, id: 'wamid.4', from: '212661000102' }] })
  expect(items).toMatchObject([
    { person: { waId: '212661000101', userId: 'MA.1', name: 'Salma', username: 'salma' } },
    { person: { waId: '212661000102', userId: 'MA.2', name: 'Karim', username: null } },
  ])
  for (const item of items) expect(parseWebhook(item.payload, ARRIVAL)).toEqual([item])
})

test('[F53] the id of a status holds no text that stands where a name or a time belongs', () => {
  const status = { id: 'wamid.1', status: 'read by somebody', timestamp: 'soon, my illness', recipient_id: '1' }
  const value = { metadata: { phone_number_id: '1' }, statuses: [status] }
  const [item] = parseWebhook({ entry: [{ id: '1', changes: [{ field: 'messages', value }] }] }, new Date())
  expect(item?.kind).toBe('status')
  expect(item?.eventId).toMatch(/^s:[\w-]{32}$/)
})

test('a user id in the place of a phone is recognised by its form', () => {
  expect(parse({ ...META, messages: [{ ...message, from: 'MA.41982200731550066712' }] })).toMatchObject([
    { person: { waId: null, userId: 'MA.41982200731550066712' } },
  ])
})

test('the same account field twice is one event, with another time it is another one', () => {
  const [first] = parse({ event: 'X' }, { field: 'account_update' }, { id: '1', time: 1 })
  const [again] = parse({ event: 'X' }, { field: 'account_update' }, { id: '1', time: 1 })
  const [later] = parse({ event: 'X' }, { field: 'account_update' }, { id: '1', time: 2 })
  expect(again?.eventId).toBe(first?.eventId)
  expect(later?.eventId).not.toBe(first?.eventId)
})
