import { expect, test } from 'vitest'
import { normalContent } from '#shared/domain/templates/input.ts'
import { templateProblems } from '#shared/domain/templates/rules.ts'
import {
  describeVariables,
  variablesOf as foundIn,
  type GivenVariable,
  withExamples,
} from '#shared/domain/templates/variables.ts'
import { Problem } from '../../../lib/api/problem.ts'
import { asName, type ButtonDraft, componentsOf, type Draft, EMPTY, variablesOf, withButton, withVariable } from './draft.ts'
import { faultsOf, saidOf, warningsOf } from './problems.ts'

const button = (kind: ButtonDraft['kind'], more: Partial<ButtonDraft> = {}): ButtonDraft => ({
  ...{ key: kind, kind, text: 'Label', target: '', sample: '' },
  ...more,
})
const RIGHT: Draft = {
  ...EMPTY,
  ...{
    name: 'order_shipped',
    body: 'Hello {{1}}, it has left.',
    variables: { 'BODY 1': { name: 'first name', sample: 'Leila' } },
  },
}
const header = (text: string): Draft['header'] => ({ kind: 'TEXT', text, file: null })

/** Drafts with the field that is wrong in each. */
const WRONG: [what: string, field: string, draft: Partial<Draft>][] = [
  ['a text that is missing', 'body', { body: ' ' }],
  ['a long text', 'body', { body: 'a'.repeat(1025) }],
  ['a variable first', 'body', { body: '{{1}} has left.' }],
  ['a variable last', 'body', { body: 'Hello {{1}}' }],
  ['variables side by side', 'body', { body: 'Hello {{1}} {{2}}, bye.' }],
  ['a gap', 'body', { body: 'Hello {{2}}, bye.' }],
  ['numbers and names', 'body', { body: 'Hello {{1}}, {{name}} bye.' }],
  ['a strange variable', 'body', { body: 'Hello {{First name}}, bye.' }],
  ['braces of nothing', 'body', { body: 'Hello {{, bye.' }],
  ['a sample that is missing', 'BODY 1', { variables: {} }],
  ['a long header', 'header', { header: header('a'.repeat(61)) }],
  ['two variables in the header', 'header', { header: header('A {{1}} B {{2}} C') }],
  ['a header of names above a text of numbers', 'header', { header: header('For {{name}} only') }],
  ['a header without a file', 'header', { header: { kind: 'IMAGE', text: '', file: null } }],
  ['a long footer', 'footer', { footer: 'a'.repeat(61) }],
  ['a variable in the footer', 'footer', { footer: 'Bye {{1}} now' }],
  ['a button without a label', 'button 0 text', { buttons: [button('QUICK_REPLY', { text: '' })] }],
  ['a long label', 'button 0 text', { buttons: [button('QUICK_REPLY', { text: 'a'.repeat(26) })] }],
  ['a link that is none', 'button 0 target', { buttons: [button('URL', { target: 'www.example.com' })] }],
  ['a variable within a link', 'button 0 target', { buttons: [button('URL', { target: 'https://a.example/{{1}}/b' })] }],
  ['a link without its sample', 'button 0 sample', { buttons: [button('URL', { target: 'https://a.example/{{1}}' })] }],
  ['a call without a number', 'button 0 target', { buttons: [button('PHONE_NUMBER')] }],
  ['a coupon without a sample', 'button 0 sample', { buttons: [button('COPY_CODE')] }],
  ['a long coupon', 'button 0 sample', { buttons: [button('COPY_CODE', { sample: 'a'.repeat(21) })] }],
  ['91 minutes', 'minutes', { category: 'AUTHENTICATION', code: { withAdvice: true, minutes: '91' } }],
]
const FINE: [what: string, draft: Partial<Draft>][] = [
  ['a text with a variable', {}],
  ['names', { body: 'Hello {{name}}, bye.', variables: { 'BODY name': { name: '', sample: 'Leila' } } }],
  [
    'everything',
    {
      header: header('Order {{1}} of today'),
      footer: 'Atlas shop',
      variables: { ...RIGHT.variables, 'HEADER 1': { name: '', sample: 'A-17' } },
      buttons: [
        button('QUICK_REPLY'),
        button('URL', { target: 'https://a.example/{{1}}', sample: 'https://a.example/17' }),
        button('PHONE_NUMBER', { target: '+212537000001' }),
        button('COPY_CODE', { sample: 'SAVE10' }),
      ],
    },
  ],
  ['a place', { header: { kind: 'LOCATION', text: '', file: null } }],
  ['a file', { header: { kind: 'IMAGE', text: '', file: { id: '0'.repeat(24), name: 'a.png' } } }],
  ['a code', { category: 'AUTHENTICATION' }],
]

/** What the gateway says of a draft, before it asks Meta. */
function gatewaySays(draft: Draft): { path: string; message: string }[] {
  const normal = normalContent({ components: componentsOf(draft) })
  if (normal === null) throw new Error('no content')
  const found = foundIn(normal.components, [])
  const given = variablesOf(draft) as GivenVariable[]
  const { variables, problems } = describeVariables(found.variables, found.parameterFormat, given)
  const components = withExamples(normal.components, variables, { orName: false })
  const content = { category: draft.category, parameterFormat: found.parameterFormat, components, places: normal.places }
  return [...problems, ...templateProblems(content, { submit: true })]
}

test.for(WRONG)('%s is said at its field before anything is sent, and the gateway refuses it too', ([_what, field, changes]) => {
  const draft = { ...RIGHT, ...changes }
  expect(Object.keys(faultsOf(draft))).toContain(field)
  const said = gatewaySays(draft)
  expect(said).not.toEqual([])
  // The gateway's own words find the field, or that of the text which the sample belongs to.
  const problem = new Problem({ status: 422, errorCode: 'TEMPLATE_INVALID', detail: 'wrong', errors: said })
  const place = field.startsWith('BODY') ? 'body' : field
  if (field !== 'minutes') expect(Object.keys(saidOf(problem, draft))).toContain(place)
})

test.for(FINE)('%s is fine here and at the gateway', ([_what, changes]) => {
  const draft = { ...RIGHT, ...changes }
  expect(faultsOf(draft)).toEqual({})
  expect(gatewaySays(draft)).toEqual([])
})

test("Meta's refusals stand at the field that they concern", () => {
  const refused = (subcode: number, detail = 'no') =>
    saidOf(new Problem({ status: 422, errorCode: 'TEMPLATE_REFUSED', detail, extra: { meta: { subcode } } }), RIGHT)
  expect(refused(2388299)).toEqual({ body: 'no' })
  expect(refused(2388073)).toEqual({ footer: 'no' })
  expect(refused(2388024)).toEqual({ name: 'no' })
  expect(refused(2388040, 'The field HEADER exceeded the maximum of 60 characters.')).toHaveProperty('header')
  expect(refused(1)).toEqual({})
  const exists = new Problem({ status: 409, errorCode: 'TEMPLATE_EXISTS', detail: 'is there' })
  expect(saidOf(exists, RIGHT)).toEqual({ name: 'is there' })
})

test.for<[string, Partial<Draft>]>([
  ['editor.warning.advertising', { body: 'Hello {{1}}, 20 % discount today.' }],
  ['editor.warning.advertising', { body: 'تخفيض كبير اليوم يا {{1}} العزيز.' }],
  ['editor.warning.secrets', { body: 'Hello {{1}}, send us your password now.' }],
  ['editor.warning.link', { buttons: [button('URL', { target: 'https://bit.ly/abc' })] }],
  ['editor.warning.dense', { body: 'Hello {{1}}, {{2}} and {{3}}.' }],
])('%s is predicted: %j', ([warning, changes]) => {
  expect(warningsOf({ ...RIGHT, ...changes })).toContain(warning)
})

test('what is harmless has no warning, and an offer in a marketing template is no surprise', () => {
  expect(warningsOf(RIGHT)).toEqual([])
  expect(warningsOf({ ...RIGHT, category: 'MARKETING', body: 'Hello {{1}}, 20 % discount today.' })).toEqual([])
})

test('a name becomes what Meta takes, variables count on, and quick replies stay together', () => {
  expect(asName('Été 2026 - Commande')).toBe('ete_2026_commande')
  expect(withVariable('Hello , bye.', 6)).toEqual({ text: 'Hello {{1}}, bye.', cursor: 11 })
  expect(withVariable('Hello {{1}}', 0).text).toBe('{{2}}Hello {{1}}')
  const added = withButton([button('QUICK_REPLY'), button('URL')], 'QUICK_REPLY')
  expect(added.map(({ kind }) => kind)).toEqual(['QUICK_REPLY', 'QUICK_REPLY', 'URL'])
})
