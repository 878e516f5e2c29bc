import { expect, test } from 'vitest'
import { parameterProblems } from './check.ts'
import { type FillableTemplate, fillTemplate } from './fill.ts'

const template = (
  components: Record<string, unknown>[],
  parameterFormat: 'POSITIONAL' | 'NAMED' = 'POSITIONAL',
): FillableTemplate => ({
  components,
  parameterFormat,
  variables: [],
})
const texts = (...values: string[]) => values.map(text => ({ type: 'text', text }))
const body = (...values: string[]) => ({ type: 'body', parameters: texts(...values) })
const BODY = { type: 'BODY', text: 'Hi {{1}}' }
const IMAGE = { type: 'HEADER', format: 'IMAGE' }
const OTP = { type: 'BUTTONS', buttons: [{ type: 'OTP', otp_type: 'COPY_CODE' }] }
const LINK = { type: 'BUTTONS', buttons: [{ type: 'QUICK_REPLY' }, { type: 'URL', url: 'https://x.example/{{1}}' }] }
const button = (index: string, ...values: string[]) => ({ type: 'button', sub_type: 'url', index, parameters: texts(...values) })
const named = template([{ type: 'BODY', text: 'Hi {{first_name}}' }], 'NAMED')

test.for<[string, FillableTemplate, Parameters<typeof parameterProblems>[1], string[]]>([
  ['as many parameters as variables', template([BODY]), [body('Salma')], []],
  ['one too few', template([BODY]), [], ['template.components.body']],
  ['one too many', template([BODY]), [body('a', 'b')], ['template.components.body']],
  ['a text of 1,024 characters when filled', template([BODY]), [body('x'.repeat(1021))], []],
  ['a text of 1,025 characters when filled', template([BODY]), [body('x'.repeat(1022))], ['template.components.body']],
  ['an image where one belongs', template([IMAGE]), [{ type: 'HEADER', parameters: [{ type: 'IMAGE' }] }], []],
  [
    'a video where an image belongs',
    template([IMAGE]),
    [{ type: 'header', parameters: [{ type: 'video' }] }],
    ['template.components.header'],
  ],
  ['a place', template([{ type: 'HEADER', format: 'LOCATION' }]), [{ type: 'header', parameters: [{ type: 'location' }] }], []],
  [
    'a variable by its name',
    named,
    [{ type: 'body', parameters: [{ type: 'text', parameter_name: 'first_name', text: 'a' }] }],
    [],
  ],
  ['a variable without its name', named, [body('a')], ['template.components.body.0.parameter_name']],
  [
    'a name that the template does not have',
    template([BODY]),
    [{ type: 'body', parameters: [{ type: 'text', parameter_name: 'x', text: 'a' }] }],
    ['template.components.body.0.parameter_name'],
  ],
  [
    'a file where text belongs',
    template([BODY]),
    [{ type: 'body', parameters: [{ type: 'image' }] }],
    ['template.components.body.0'],
  ],
  ['the value of a button', template([LINK]), [button('1', '4471')], []],
  ['a button without its value', template([LINK]), [], ['template.components.button.1']],
  [
    'a button that the template does not have',
    template([LINK]),
    [button('1', 'a'), button('2', 'a')],
    ['template.components.button.2'],
  ],
  ['a code of 15 characters', template([{ type: 'BODY' }, OTP]), [body('1'.repeat(15)), button('0', '1'.repeat(15))], []],
  [
    'a code of 16 characters',
    template([{ type: 'BODY' }, OTP]),
    [body('1'.repeat(16)), button('0', '1'.repeat(16))],
    ['template.components.body.0'],
  ],
])('a send of %s', ([, one, given, paths]) => {
  expect(parameterProblems(one, given).map(({ path }) => path)).toEqual(paths)
})

test("filled variables are checked against Meta's lengths", () => {
  expect(fillTemplate(template([BODY]), { 1: 'x'.repeat(1021) }).kind).toBe('filled')
  expect(fillTemplate(template([BODY]), { 1: 'x'.repeat(1022) })).toMatchObject({
    kind: 'wrong',
    problems: [{ path: 'variables' }],
  })
  expect(fillTemplate(template([{ type: 'BODY' }, OTP]), { 1: '1'.repeat(15) }).kind).toBe('filled')
  expect(fillTemplate(template([{ type: 'BODY' }, OTP]), { 1: '1'.repeat(16) })).toMatchObject({
    kind: 'wrong',
    problems: [{ path: 'variables.1' }],
  })
})
