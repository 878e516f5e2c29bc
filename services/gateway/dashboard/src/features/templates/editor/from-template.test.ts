import { expect, test } from 'vitest'
import type { Template } from '../data.ts'
import { componentsOf, variablesOf } from './draft.ts'
import { changesOf, draftOf } from './from-template.ts'

const template = (more: Partial<Template> = {}): Template => ({
  ...{ id: '1', name: 'order_shipped', language: 'fr', category: 'UTILITY', status: 'REJECTED', reason: null },
  ...{ components: [{ type: 'BODY', text: 'Bonjour {{1}}, parti.' }], submission: 'SUBMITTED', submissionDetail: null },
  variables: [{ name: 'first_name', position: 1, component: 'BODY', example: 'Leila' }],
  ...{
    quality: 'UNKNOWN',
    categoryChange: null,
    usageCount: 0,
    lastUsedAt: null,
    parameterFormat: 'POSITIONAL',
    nextEditAt: null,
  },
  ...more,
})
const FULL = template({
  components: [
    { type: 'HEADER', format: 'TEXT', text: 'Commande {{1}}', example: { header_text: ['A-17'] } },
    { type: 'BODY', text: 'Bonjour {{1}}, le {{2}}, merci.', example: { body_text: [['Leila', 'lundi']] } },
    { type: 'FOOTER', text: 'Atlas' },
    {
      type: 'BUTTONS',
      buttons: [
        { type: 'QUICK_REPLY', text: 'Merci' },
        { type: 'URL', text: 'Voir', url: 'https://a.example/{{1}}', example: ['https://a.example/7'] },
        { type: 'PHONE_NUMBER', text: 'Appeler', phone_number: '+212600000001' },
        { type: 'COPY_CODE', example: 'NOEL' },
      ],
    },
  ],
  variables: [
    { name: 'header', position: 1, component: 'HEADER', example: 'A-17' },
    { name: 'first_name', position: 1, component: 'BODY', example: 'Leila' },
    { name: '2', position: 2, component: 'BODY', example: 'lundi' },
  ],
})
const draft = (given: Template) => {
  const made = draftOf(given)
  if (made === null) throw new Error('the form does not show it')
  return made
}

test('a template comes back out of the form as it went in', () => {
  const made = draft(FULL)
  const plain = FULL.components.map(({ example: _sample, ...component }) => component)
  expect(componentsOf(made)).toEqual(plain)
  expect(variablesOf(made)).toEqual([
    { position: 1, component: 'HEADER', example: 'A-17' },
    { position: 1, component: 'BODY', name: 'first_name', example: 'Leila' },
    { position: 2, component: 'BODY', example: 'lundi' },
  ])
  expect(changesOf(made, made)).toEqual({})
})

test('only what was changed is sent: the category alone, the names alone, or the whole content', () => {
  const made = draft(template())
  expect(changesOf(made, { ...made, category: 'MARKETING' })).toEqual({ category: 'MARKETING' })
  const renamed = { ...made, variables: { 'BODY 1': { name: 'who', sample: 'Leila' } } }
  expect(changesOf(made, renamed)).toEqual({ variables: [{ position: 1, component: 'BODY', name: 'who', example: 'Leila' }] })
  const other = { ...made, variables: { 'BODY 1': { name: 'first_name', sample: 'Omar' } } }
  expect(changesOf(made, other)).toEqual({
    components: [{ type: 'BODY', text: 'Bonjour {{1}}, parti.' }],
    variables: [{ position: 1, component: 'BODY', name: 'first_name', example: 'Omar' }],
  })
  expect(Object.keys(changesOf(made, { ...made, body: 'Bonjour {{1}}, arrivé.' }))).toEqual(['components', 'variables'])
})

test('variables with names keep them, and a file is chosen again', () => {
  const named = template({
    parameterFormat: 'NAMED',
    components: [
      { type: 'HEADER', format: 'IMAGE', example: { header_handle: ['https://scontent.example/a.png'] } },
      { type: 'BODY', text: 'Bonjour {{who}}, parti.' },
    ],
    variables: [{ name: 'who', position: 1, component: 'BODY', example: 'Leila' }],
  })
  const made = draft(named)
  expect(made.header).toEqual({ kind: 'IMAGE', text: '', file: null })
  expect(variablesOf(made)).toEqual([{ name: 'who', component: 'BODY', example: 'Leila' }])
})

test('a code is read in the form in which it was made, and in that in which Meta lists it', () => {
  const body = { type: 'BODY', add_security_recommendation: true }
  const footer = { type: 'FOOTER', code_expiration_minutes: 5 }
  const own = template({
    category: 'AUTHENTICATION',
    components: [body, footer, { type: 'BUTTONS', buttons: [{ type: 'OTP', otp_type: 'COPY_CODE' }] }],
  })
  const url = 'https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code_expiration_minutes=5&code=otp{{1}}'
  const listed = template({
    category: 'AUTHENTICATION',
    components: [
      { ...body, text: '*{{1}}* is your code.' },
      { ...footer, text: 'It expires.' },
      { type: 'BUTTONS', buttons: [{ type: 'URL', text: 'Copy code', url }] },
    ],
  })
  for (const one of [own, listed]) expect(draft(one).code).toEqual({ withAdvice: true, minutes: '5' })
})

test.for<[what: string, components: Template['components']]>([
  [
    'a carousel',
    [
      { type: 'BODY', text: 'a' },
      { type: 'CAROUSEL', cards: [] },
    ],
  ],
  [
    'a form',
    [
      { type: 'BODY', text: 'a' },
      { type: 'BUTTONS', buttons: [{ type: 'FLOW', text: 'Open' }] },
    ],
  ],
  [
    'a link of an app',
    [
      { type: 'BODY', text: 'a' },
      { type: 'BUTTONS', buttons: [{ type: 'URL', text: 'a', url: 'b', app_deep_link: {} }] },
    ],
  ],
  [
    'an offer',
    [
      { type: 'BODY', text: 'a' },
      { type: 'LIMITED_TIME_OFFER', limited_time_offer: {} },
    ],
  ],
  ['no text', [{ type: 'FOOTER', text: 'a' }]],
  [
    'two texts',
    [
      { type: 'BODY', text: 'a' },
      { type: 'BODY', text: 'b' },
    ],
  ],
])('%s is not shown by the form, which would lose it', ([_what, components]) => {
  expect(draftOf(template({ components }))).toBeNull()
})
