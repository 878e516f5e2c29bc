import { expect, test } from 'vitest'
import { formsGiven, normalContent, type TemplateInput } from './input.ts'

const COMPONENTS = [
  { type: 'HEADER', format: 'TEXT', text: 'Order Update' },
  { type: 'BODY', text: 'Hello {{1}}, your order {{2}} is ready!' },
  { type: 'BUTTONS', buttons: [{ type: 'QUICK_REPLY', text: 'View Order' }] },
]

test.for<[string, TemplateInput]>([
  ["Meta's form", { components: COMPONENTS }],
  [
    "Meta's form in lower case",
    {
      components: [
        { type: 'header', text: 'Order Update' },
        { type: 'body', text: 'Hello {{1}}, your order {{2}} is ready!' },
        { type: 'buttons', buttons: [{ type: 'quick_reply', text: 'View Order' }] },
      ],
    },
  ],
  [
    'lists of parts',
    {
      componentsJson: {
        body: [{ type: 'text', text: 'Hello {{1}}, your order {{2}} is ready!' }],
        header: [{ type: 'text', text: 'Order Update' }],
        buttons: [{ type: 'quick_reply', text: 'View Order' }],
      },
    },
  ],
])('%s is one and the same template', ([, input]) => {
  expect(normalContent(input)?.components).toEqual(COMPONENTS)
})

test('three texts become header, body and footer; an empty text is left out', () => {
  expect(normalContent({ header: 'Hi', body: 'Hello', footer: 'Bye' })?.components).toEqual([
    { type: 'HEADER', format: 'TEXT', text: 'Hi' },
    { type: 'BODY', text: 'Hello' },
    { type: 'FOOTER', text: 'Bye' },
  ])
  expect(normalContent({ header: null, body: 'Hello', footer: '' })?.components).toEqual([{ type: 'BODY', text: 'Hello' }])
})

test('the parts of a body become lines; a file becomes a header of its kind', () => {
  const parts = { header: [{ type: 'image' }], body: [{ text: 'a' }, { text: 'b' }] }
  expect(normalContent({ componentsJson: parts })?.components).toEqual([
    { type: 'HEADER', format: 'IMAGE' },
    { type: 'BODY', text: 'a\nb' },
  ])
})

test('input without content is null, and two forms are counted as two', () => {
  expect(normalContent({ footer: 'a' })).toBeNull()
  expect([formsGiven({}), formsGiven({ body: 'a', footer: null }), formsGiven({ body: 'a', components: [] })]).toEqual([0, 1, 2])
})
