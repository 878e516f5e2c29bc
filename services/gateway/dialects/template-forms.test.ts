import { expect, test } from 'vitest'
import { componentsJson } from './template-forms.ts'

test("Meta's components become those of the CRM module", () => {
  const components = [
    { type: 'BODY', text: 'Hello {{1}}, your order {{2}} is ready!' },
    { type: 'HEADER', format: 'TEXT', text: 'Order Update' },
    { type: 'BUTTONS', buttons: [{ type: 'QUICK_REPLY', text: 'View Order' }] },
  ]
  expect(componentsJson(components)).toEqual({
    body: [{ type: 'text', text: 'Hello {{1}}, your order {{2}} is ready!' }],
    header: [{ type: 'text', text: 'Order Update' }],
    buttons: [{ type: 'quick_reply', text: 'View Order' }],
  })
})

test('a media header has its media type', () => {
  expect(componentsJson([{ type: 'HEADER', format: 'IMAGE' }])).toEqual({ header: [{ type: 'image' }] })
})
