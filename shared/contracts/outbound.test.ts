import { expect, test } from 'vitest'
import { SendAny, SendTemplate, SendText } from './outbound.ts'

const to = '+212661000101'
const row = (n: number) => ({ id: `r${n}`, title: `Row ${n}` })
const list = (rows: object[], sections = [{ title: 'All', rows }]) => ({
  type: 'interactive',
  interactive: { type: 'list', body: { text: 'Choose' }, action: { button: 'Open', sections } },
})
const buttons = (titles: string[]) => ({
  type: 'interactive',
  interactive: {
    type: 'button',
    body: { text: 'Well?' },
    action: { buttons: titles.map((title, i) => ({ type: 'reply', reply: { id: `b${i}`, title } })) },
  },
})

const asking = (type: string, more: object = {}) => ({
  type: 'interactive',
  interactive: { type, body: { text: 'May we?' }, action: { name: type }, ...more },
})

test.for<[string, object]>([
  ['text of 4,096 characters', { type: 'text', text: { body: 'x'.repeat(4096) } }],
  ['image by link', { type: 'image', image: { link: 'https://x.example/a.png', caption: 'c' } }],
  ['audio by id', { type: 'audio', audio: { id: '123456', voice: true } }],
  ['location', { type: 'location', location: { latitude: 33.5, longitude: -7.6, name: 'Casablanca' } }],
  [
    'contacts',
    { type: 'contacts', contacts: [{ name: { formatted_name: 'S I', first_name: 'S' }, phones: [{ phone: '+212661000101' }] }] },
  ],
  ['three buttons', buttons(['Yes', 'No', 'Later'])],
  ['ten rows', list(Array.from({ length: 10 }, (_, i) => row(i)))],
  ['a question for the own number', asking('request_contact_info')],
  ['a question whether to call', asking('call_permission_request', { body: undefined })],
  [
    'a button that calls',
    asking('voice_call', { action: { name: 'voice_call', parameters: { display_text: 'Call us', ttl_minutes: 43_200 } } }),
  ],
  ['a reaction taken back', { type: 'reaction', reaction: { message_id: 'wamid.A', emoji: '' } }],
])('%s is accepted', ([, body]) => {
  expect(SendAny.safeParse({ to, ...body }).success).toBe(true)
})

test.for<[string, object]>([
  ['text of 4,097 characters', { type: 'text', text: { body: 'x'.repeat(4097) } }],
  ['an object of another type', { type: 'text', image: { id: '1' } }],
  ['two objects', { type: 'text', text: { body: 'a' }, image: { id: '1' } }],
  ['an image with id and link', { type: 'image', image: { id: '1', link: 'https://x.example/a' } }],
  ['an image with neither', { type: 'image', image: { caption: 'c' } }],
  ['a link without https', { type: 'image', image: { link: 'http://x.example/a.png' } }],
  ['a caption on audio', { type: 'audio', audio: { id: '1', caption: 'c' } }],
  ['four buttons', buttons(['a', 'b', 'c', 'd'])],
  ['two buttons alike', buttons(['a', 'a'])],
  ['a button title of 21 characters', buttons(['x'.repeat(21)])],
  ['eleven rows', list(Array.from({ length: 11 }, (_, i) => row(i)))],
  ['rows with the same id', list([row(1), row(1)])],
  ['a question for the own number under another name', asking('request_contact_info', { action: { name: 'send_location' } })],
  [
    'a button that calls for 43,201 minutes',
    asking('voice_call', { action: { name: 'voice_call', parameters: { ttl_minutes: 43_201 } } }),
  ],
  ['a latitude of 91', { type: 'location', location: { latitude: 91, longitude: 0 } }],
  ['an unknown member', { type: 'text', text: { body: 'a' }, tenantId: 'x' }],
  ['an unknown type', { type: 'poll', poll: {} }],
  ['a text that shows nothing', { type: 'text', text: { body: ' \u200b\u2800' } }],
  ['a button title that shows nothing', buttons(['\u3164'])],
  ['a body that shows nothing', { type: 'interactive', interactive: { ...buttons(['Yes']).interactive, body: { text: '\n' } } }],
  ['a row title that shows nothing', list([{ id: 'r1', title: '\u00a0' }])],
  ['a caption that shows nothing', { type: 'image', image: { id: '1', caption: '\u2060' } }],
])('refused: %s', ([, body]) => {
  expect(SendAny.safeParse({ to, ...body }).success).toBe(false)
})

test('a recipient must be named', () => {
  expect(SendText.safeParse({ text: 'hello' }).success).toBe(false)
  expect(SendText.safeParse({ text: 'hello', to }).success).toBe(true)
})

test.for([
  [SendText, { text: 'hello' }],
  [SendTemplate, { templateName: 'welcome' }],
  [SendAny, { type: 'text', text: { body: 'hello' } }],
] as const)('every send may have references', ([schema, content]) => {
  const about = { candidateName: 'Salma', candidateId: 'cand-1', applicationId: 'app-1' }
  expect(schema.parse({ to, ...content, ...about })).toMatchObject(about)
  expect(schema.safeParse({ to, ...content, candidateId: 'x'.repeat(129) }).success).toBe(false)
})

test('a list of variables is numbered from 1', () => {
  const parsed = SendTemplate.parse({ to, templateName: 'welcome', variables: ['Salma', 'Comptable'] })
  expect(parsed.variables).toEqual({ '1': 'Salma', '2': 'Comptable' })
})
