import { expect, test } from 'vitest'
import { ownPhone, readContent } from './content.ts'

const card = (fields: object) => ({ type: 'contacts', contacts: [fields] })
const phones = [{ phone: '+212 661-000106', wa_id: '212661000106' }]
const vcard = 'BEGIN:VCARD\nVERSION:3.0\nFN:Nora\nTEL;TYPE=CELL;waid=212661000106:+212 661 000106\nEND:VCARD'

test.for<[object, string | null]>([
  [card({ origin: 'contact_request', phones }), '212661000106'],
  [card({ origin: 'contact_request', phones: [{ phone: '+212661000106' }] }), '212661000106'],
  [card({ origin: 'contact_request', vcard }), '212661000106'],
  [card({ origin: 'contact_request', vcard: vcard.replace('waid=212661000106', 'x=1') }), '212661000106'],
  [card({ origin: 'other', phones, vcard }), null],
  [card({ phones, vcard }), null],
  [card({ origin: 'contact_request' }), null],
  [{ ...card({ phones }), origin: 'contact_request' }, '212661000106'],
  [{ ...card({ phones }), origin: 'contact_request/other' }, null],
  [{ ...card({ origin: 'other', phones }), origin: 'contact_request' }, null],
  [{ type: 'contacts', contacts: 'none' }, null],
])('the card %j gives its sender the number %s', ([message, expected]) => {
  expect(ownPhone(message as Record<string, unknown>)).toBe(expected)
})

test('a template of another app reads as its customer reads it', () => {
  const parameters = [
    { type: 'text', text: 'Salma' },
    { type: 'text', parameter_name: 'job', text: 'PHP' },
  ]
  const template = { name: 'received', components: [{ type: 'body', parameters }] }
  const template_definition = { components: [{ type: 'BODY', text: '{{1}}: {{job}}, {{other}}' }] }
  const read = (more: object) => readContent({ type: 'template', template, ...more }).content.text
  expect(read({ template_definition })).toBe('Salma: PHP, {{other}}')
  expect(read({})).toBe('received')
})
