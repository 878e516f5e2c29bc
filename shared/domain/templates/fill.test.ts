import { expect, test } from 'vitest'
import { parameterProblems } from './check.ts'
import { type FillableTemplate, fillTemplate } from './fill.ts'

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
