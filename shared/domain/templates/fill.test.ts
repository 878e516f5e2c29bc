import { expect, test } from 'vitest'
import { parameterProblems } from './check.ts'
import { fillTemplate, neededVariables } from './fill.ts'
import type { FillableTemplate } from './slots.ts'

const received: FillableTemplate = {
  components: [{ type: 'BODY', text: 'Bonjour {{1}}, votre candidature au poste de {{2}}.' }],
  parameterFormat: 'POSITIONAL',
  variables: [
    { name: 'candidateName', position: 1, component: 'BODY' },
    { name: 'jobTitle', position: 2, component: 'BODY' },
  ],
}

test.for<[Record<string, string>]>([[{ candidateName: 'Salma', jobTitle: 'Comptable' }], [{ '1': 'Salma', '2': 'Comptable' }]])(
  'variables are given by name or by position: %j',
  ([given]) => {
    expect(fillTemplate(received, given)).toEqual({
      kind: 'filled',
      components: [
        {
          type: 'body',
          parameters: [
            { type: 'text', text: 'Salma' },
            { type: 'text', text: 'Comptable' },
          ],
        },
      ],
      text: 'Bonjour Salma, votre candidature au poste de Comptable.',
      variables: { candidateName: 'Salma', jobTitle: 'Comptable' },
    })
  },
)

test.for<[string, Record<string, string>, string]>([
  ['one is missing', { candidateName: 'Salma' }, 'variables.jobTitle'],
  ['one too many', { '1': 'a', '2': 'b', '3': 'c' }, 'variables.3'],
  ['one is empty', { '1': ' ', '2': 'b' }, 'variables.1'],
  ['one has two lines', { '1': 'a\nb', '2': 'b' }, 'variables.1'],
  ['one has a run of spaces', { '1': 'a', '2': 'b     c' }, 'variables.2'],
])('variables are refused when %s', ([, given, path]) => {
  expect(fillTemplate(received, given)).toMatchObject({ kind: 'wrong', problems: [{ path }] })
})

test('named parameters have their names, buttons their index and media headers their kind', () => {
  const template: FillableTemplate = {
    components: [
      { type: 'HEADER', format: 'IMAGE' },
      { type: 'BODY', text: 'Hello {{first_name}}' },
      {
        type: 'BUTTONS',
        buttons: [
          { type: 'QUICK_REPLY', text: 'Yes' },
          { type: 'URL', url: 'https://x.example/{{1}}' },
        ],
      },
    ],
    parameterFormat: 'NAMED',
    variables: [],
  }
  const filled = fillTemplate(template, { first_name: 'Salma', button_1: '4471' }, { link: 'https://x.example/a.png' })
  expect(filled).toMatchObject({
    components: [
      { type: 'header', parameters: [{ type: 'image', image: { link: 'https://x.example/a.png' } }] },
      { type: 'body', parameters: [{ type: 'text', text: 'Salma', parameter_name: 'first_name' }] },
      { type: 'button', sub_type: 'url', index: '1', parameters: [{ type: 'text', text: '4471' }] },
    ],
  })
  expect(fillTemplate(template, { first_name: 'Salma', button_1: '1' })).toMatchObject({
    kind: 'wrong',
    problems: [{ path: 'headerMedia' }],
  })
})

test('an authentication code fills the body and its button', () => {
  const otp: FillableTemplate = {
    components: [
      { type: 'BODY', text: '{{1}} is your code' },
      { type: 'BUTTONS', buttons: [{ type: 'OTP', otp_type: 'COPY_CODE' }] },
    ],
    parameterFormat: 'POSITIONAL',
    variables: [],
  }
  expect(fillTemplate(otp, { '1': '123456' })).toMatchObject({
    components: [
      { type: 'body', parameters: [{ text: '123456' }] },
      { sub_type: 'url', index: '0', parameters: [{ text: '123456' }] },
    ],
  })
})

test("a send in Meta's own form must give as many parameters as the template has", () => {
  const body = (count: number) => [{ type: 'body', parameters: Array(count).fill({ type: 'text', text: 'a' }) }]
  expect(parameterProblems(received, body(2))).toEqual([])
  expect(parameterProblems(received, body(1))).toHaveLength(1)
  expect(parameterProblems(received, [])).toHaveLength(1)
})

const offer = (has_expiration: unknown) => ({ type: 'LIMITED_TIME_OFFER', limited_time_offer: { text: 'Offre', has_expiration } })
const BODY = { type: 'BODY', text: 'Bonjour {{1}}.' }
const template = (...components: Record<string, unknown>[]): FillableTemplate => ({
  components,
  parameterFormat: 'POSITIONAL',
  variables: [],
})
const buttons = (...list: Record<string, unknown>[]) => ({ type: 'BUTTONS', buttons: list })
const partsOf = (one: FillableTemplate, given: Record<string, string>) => {
  const fill = fillTemplate(one, given)
  return fill.kind === 'filled' ? fill.components : fill.problems.map(({ path }) => path)
}
const body = { type: 'body', parameters: [{ type: 'text', text: 'Salma' }] }
const action = (members: object) => [{ type: 'action', action: members }]

test.for<[string, FillableTemplate, Record<string, string>, unknown]>([
  [
    'a form, with the token that Meta takes by default',
    template(BODY, buttons({ type: 'FLOW', text: 'Choisir', flow_id: 1 })),
    { 1: 'Salma' },
    [body, { type: 'button', sub_type: 'flow', index: '0', parameters: action({ flow_token: 'unused' }) }],
  ],
  [
    'a form with a token of the caller',
    template(BODY, buttons({ type: 'QUICK_REPLY', text: 'Oui' }, { type: 'FLOW', text: 'Choisir' })),
    { 1: 'Salma', button_1: 'visit-4471' },
    [body, { type: 'button', sub_type: 'flow', index: '1', parameters: action({ flow_token: 'visit-4471' }) }],
  ],
  [
    'a catalogue, whose picture may be left to Meta',
    template(BODY, buttons({ type: 'CATALOG', text: 'Voir' })),
    { 1: 'Salma' },
    [body, { type: 'button', sub_type: 'catalog', index: '0' }],
  ],
  [
    'a catalogue with the product of its picture',
    template(BODY, buttons({ type: 'CATALOG', text: 'Voir' })),
    { 1: 'Salma', button_0: 'SKU-7' },
    [body, { type: 'button', sub_type: 'catalog', index: '0', parameters: action({ thumbnail_product_retailer_id: 'SKU-7' }) }],
  ],
  [
    'the end of an offer and its coupon',
    template(offer(true), BODY, buttons({ type: 'COPY_CODE' })),
    { 1: 'Salma', limited_time_offer: '2026-12-31T23:00:00Z', button_0: 'ETE25' },
    [
      {
        type: 'limited_time_offer',
        parameters: [{ type: 'limited_time_offer', limited_time_offer: { expiration_time_ms: 1_798_758_000_000 } }],
      },
      body,
      { type: 'button', sub_type: 'copy_code', index: '0', parameters: [{ type: 'coupon_code', coupon_code: 'ETE25' }] },
    ],
  ],
  ['an offer without an end is not named', template(offer(false), BODY), { 1: 'Salma' }, [body]],
  ['an offer that ends needs its end', template(offer(true), BODY), { 1: 'Salma' }, ['variables.limited_time_offer']],
  [
    'an end that is no time',
    template(offer(true), BODY),
    { 1: 'Salma', limited_time_offer: 'tomorrow' },
    ['variables.limited_time_offer'],
  ],
  [
    'a coupon of 21 characters',
    template(BODY, buttons({ type: 'COPY_CODE' })),
    { 1: 'Salma', button_0: 'x'.repeat(21) },
    ['variables.button_0'],
  ],
  [
    'a payload of a quick reply, which may be given',
    template(BODY, buttons({ type: 'QUICK_REPLY', text: 'Oui' })),
    { 1: 'Salma', button_0: 'visit_4471_yes' },
    [body, { type: 'button', sub_type: 'quick_reply', index: '0', parameters: [{ type: 'payload', payload: 'visit_4471_yes' }] }],
  ],
  [
    'a telephone button and a fixed address are never named',
    template(
      BODY,
      buttons({ type: 'PHONE_NUMBER' }, { type: 'URL', url: 'https://x.example/' }, { type: 'REQUEST_CONTACT_INFO' }),
    ),
    { 1: 'Salma' },
    [body],
  ],
  ['a question for calls needs nothing', template(BODY, { type: 'CALL_PERMISSION_REQUEST' }), { 1: 'Salma' }, [body]],
  ['a list of products', template(BODY, buttons({ type: 'MPM', text: 'Voir' })), { 1: 'Salma' }, ['templateName']],
  ['a carousel', template(BODY, { type: 'CAROUSEL', cards: [] }), { 1: 'Salma' }, ['templateName']],
  ['a value that nobody can see', template(BODY), { 1: '\u200b\u2800' }, ['variables.1']],
])('[MS-17] a send names %s', ([, one, given, expected]) => {
  expect(partsOf(one, given)).toEqual(expected)
})

const listed: FillableTemplate = {
  ...template(
    { type: 'BODY', text: 'Votre code de vérification est *{{1}}*.' },
    { type: 'FOOTER', text: 'Ce code expire dans 10 minutes.' },
    buttons({ type: 'URL', text: 'Copier le code', url: 'https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp{{1}}' }),
  ),
  category: 'AUTHENTICATION',
}
const twice = (code: string) => [
  { type: 'body', parameters: [{ type: 'text', text: code }] },
  { type: 'button', sub_type: 'url', index: '0', parameters: [{ type: 'text', text: code }] },
]

test.for<[Record<string, string>, unknown]>([
  [{ 1: '482913' }, twice('482913')],
  [{ button_0: '482913' }, twice('482913')],
  [{ 1: '482913', button_0: '482913' }, twice('482913')],
  [{ 1: '482913', button_0: '999999' }, ['variables.button_0']],
  [{ 1: '1234567890123456' }, ['variables.1']],
  [{ 1: '1234567890123456', button_0: '1234567890123456' }, ['variables.1']],
  [{}, ['variables.1']],
])('an authentication template as Meta lists it takes its code once: %j', ([given, expected]) => {
  expect(partsOf(listed, given)).toEqual(expected)
  expect(partsOf({ ...listed, category: 'UTILITY' }, given)).toEqual(expected)
})

const both: FillableTemplate = {
  ...template({ type: 'HEADER', format: 'TEXT', text: 'Dossier {{1}}' }, { type: 'BODY', text: 'Bonjour {{1}}, {{2}}.' }),
  variables: [
    { name: '1', position: 1, component: 'HEADER' },
    { name: '1', position: 1, component: 'BODY' },
    { name: '2', position: 2, component: 'BODY' },
  ],
}
const filledBoth = [
  { type: 'header', parameters: [{ type: 'text', text: '4471' }] },
  {
    type: 'body',
    parameters: [
      { type: 'text', text: 'Salma' },
      { type: 'text', text: 'mardi' },
    ],
  },
]

test('header and body each count from {{1}}', () => {
  expect(partsOf(both, { header: '4471', 1: 'Salma', 2: 'mardi' })).toEqual(filledBoth)
  expect(partsOf(both, { header_1: '4471', 1: 'Salma', 2: 'mardi' })).toEqual(filledBoth)
  expect(partsOf(both, { 1: 'Salma', 2: 'mardi' })).toEqual(['variables.header'])
  expect(neededVariables(both)).toEqual(['header', '1', '2'])
  const plain = template({ type: 'HEADER', format: 'TEXT', text: 'Dossier' }, BODY)
  expect(partsOf(plain, { 1: 'Salma' })).toEqual([body])
  expect(partsOf(plain, { 1: 'Salma', header: '4471' })).toEqual(['variables.header'])
})

test('a name of a number stands for its own place only', () => {
  const crossed = { ...both, variables: [{ name: '2', position: 1, component: 'BODY' }, ...both.variables] }
  expect(partsOf(crossed, { header: '4471', 1: 'Salma', 2: 'mardi' })).toEqual(filledBoth)
})

test('a body variable called header is not the header', () => {
  const named: FillableTemplate = {
    ...template({ type: 'HEADER', format: 'TEXT', text: 'De {{firm}}' }, { type: 'BODY', text: 'Sujet {{header}}.' }),
    parameterFormat: 'NAMED',
  }
  expect(partsOf(named, { header: 'visite' })).toEqual(['variables.firm'])
  expect(partsOf(named, { header: 'visite', header_1: 'Atlas' })).toEqual([
    { type: 'header', parameters: [{ type: 'text', parameter_name: 'firm', text: 'Atlas' }] },
    { type: 'body', parameters: [{ type: 'text', parameter_name: 'header', text: 'visite' }] },
  ])
})

test('the variables that a send needs are those without which it is refused', () => {
  const all = template(
    { type: 'HEADER', format: 'TEXT', text: 'Dossier {{1}}' },
    offer(true),
    { type: 'BODY', text: 'Bonjour {{1}}, {{2}}.' },
    buttons({ type: 'QUICK_REPLY' }, { type: 'COPY_CODE' }, { type: 'URL', url: 'https://x.example/{{1}}' }, { type: 'FLOW' }),
  )
  expect(neededVariables(all)).toEqual(['header', 'limited_time_offer', '1', '2', 'button_1', 'button_2'])
  expect(neededVariables(listed)).toEqual(['1'])
})
