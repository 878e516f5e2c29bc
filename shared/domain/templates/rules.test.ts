import { expect, test } from 'vitest'
import { normalContent, type TemplateInput } from './input.ts'
import { TEMPLATE_LANGUAGE, TEMPLATE_NAME, templateProblems } from './rules.ts'
import { variablesOf, withExamples } from './variables.ts'

/** The fields that are named, and what is said of the first. */
function problemsOf(input: TemplateInput, { category = 'UTILITY', submit = true } = {}): string[] {
  const normal = normalContent(input)
  if (normal === null) throw new Error('no content')
  const { variables, parameterFormat } = variablesOf(normal.components, [])
  const components = withExamples(normal.components, variables, { orName: false })
  return templateProblems({ category, parameterFormat, components, places: normal.places }, { submit }).map(
    ({ path, message }) => `${path}: ${message}`,
  )
}
const body = (text: string, example?: object) => ({ type: 'BODY', text, ...(example && { example }) })
const two = { body_text: [['a', 'b']] }
const withButtons = (...buttons: object[]): TemplateInput => ({ components: [body('Bonjour'), { type: 'BUTTONS', buttons }] })
const reply = (text = 'Oui') => ({ type: 'QUICK_REPLY', text })
const url = (more: object = {}) => ({ type: 'URL', text: 'Voir', url: 'https://a.ma', ...more })

test.for<[string, TemplateInput, object?]>([
  ['texts alone', { header: 'Bonjour', body: 'Nous vous attendons.', footer: 'Atlas' }],
  ['counted variables', { components: [body('Bonjour {{1}} et {{2}}.', two)] }],
  ['a variable used twice', { components: [body('Cher {{1}}, oui {{1}} et {{2}}.', two)] }],
  [
    'named variables',
    { components: [body('Bonjour {{who}}, merci.', { body_text_named_params: [{ param_name: 'who', example: 'S' }] })] },
  ],
  [
    'a picture above',
    { components: [{ type: 'HEADER', format: 'image', example: { header_handle: ['4::a'] } }, body('Bonjour')] },
  ],
  ['a place above', { components: [{ type: 'header', format: 'location' }, body('Bonjour')] }],
  ['an address with a variable', withButtons(url({ url: 'https://a.ma/{{1}}', example: ['https://a.ma/x'] }))],
  [
    'quick replies, then others',
    withButtons(reply(), reply('Non'), url(), { type: 'PHONE_NUMBER', text: 'Appel', phone_number: '+212600' }),
  ],
  [
    'a code',
    {
      components: [
        { type: 'BODY', add_security_recommendation: true },
        { type: 'FOOTER', code_expiration_minutes: 10 },
        { type: 'BUTTONS', buttons: [{ type: 'OTP', otp_type: 'COPY_CODE', text: 'Copier' }] },
      ],
    },
    { category: 'AUTHENTICATION' },
  ],
  [
    'variables without examples, as long as it is only registered',
    { body: 'Hello {{1}}, your order {{2}} is ready!' },
    { submit: false },
  ],
])('%s may be submitted', ([, input, options]) => {
  expect(problemsOf(input, options)).toEqual([])
})

test.for<[string, TemplateInput, string[], object?]>([
  ['no body', { components: [{ type: 'FOOTER', text: 'a' }] }, ['body: is missing']],
  ['an empty body', { body: ' ' }, ['body: is missing']],
  ['a long body', { body: 'a'.repeat(1025) }, ['body: has 1025 characters, WhatsApp takes 1024']],
  ['two bodies', { components: [body('a'), body('b')] }, ['components.1: a template has one BODY']],
  ['a strange part', { components: [body('a'), { type: 'HERO' }] }, [expect.stringMatching(/^components.1.type: one of/)]],
  ['a long header', { header: 'a'.repeat(61), body: 'b' }, ['header: has 61 characters, WhatsApp takes 60']],
  ['two lines above', { header: 'a\nb', body: 'b' }, ['header: is one line']],
  ['two variables above', { header: '{{1}} {{2}}', body: 'b' }, ['header: holds one variable at most']],
  [
    'a strange header',
    { components: [{ type: 'HEADER', format: 'PDF' }, body('b')] },
    [expect.stringMatching(/^components.0.format/)],
  ],
  [
    'a picture that nobody can see',
    { componentsJson: { header: [{ type: 'image' }], body: [{ type: 'text', text: 'b' }] } },
    [expect.stringMatching(/^componentsJson.header.example.header_handle: is needed/)],
  ],
  ['a variable below', { body: 'b', footer: 'par {{1}}' }, ['footer: holds no variables']],
  [
    'a gap',
    { components: [body('a {{1}} b {{3}} c', two)] },
    [expect.stringMatching(/^components.0.text: \{\{2\}\} is missing/)],
  ],
  ['a count from 2', { body: 'a {{2}} b' }, [expect.stringMatching(/^body: \{\{1\}\} is missing/)]],
  ['a variable first', { components: [body('{{1}} et {{2}}.', two)] }, ['components.0.text: may not begin with a variable']],
  ['a variable last', { components: [body('Avec {{1}} et {{2}}', two)] }, ['components.0.text: may not end with a variable']],
  ['neighbours', { components: [body('Avec {{1}} {{2}}.', two)] }, ['components.0.text: needs words between two variables']],
  ['a mixture', { body: 'a {{1}} b {{who}} c' }, ['body: mixes counted and named variables']],
  ['a strange variable', { body: 'a {{#1}} b' }, [expect.stringMatching(/^body: \{\{#1\}\} is no variable/)]],
  ['open braces', { body: 'a {{1 b' }, [expect.stringMatching(/^body: has braces/)]],
  ['no examples', { components: [body('a {{1}} b')] }, [expect.stringMatching(/^components.0.example: .* is needed/)]],
  [
    'too few examples',
    { components: [body('a {{1}} b {{2}} c', { body_text: [['x']] })] },
    [expect.stringMatching(/^components.0.example/)],
  ],
  ['no examples of texts', { body: 'a {{1}} b' }, [expect.stringMatching(/^variables: .* is needed/)]],
  ['no buttons', withButtons(), ['components.1.buttons: is empty']],
  [
    'many buttons',
    withButtons(...Array(11).fill(reply())),
    ['components.1.buttons: at most 10 buttons', 'components.1.buttons: at most 10 of type QUICK_REPLY'],
  ],
  ['three addresses', withButtons(url(), url(), url()), ['components.1.buttons: at most 2 of type URL']],
  [
    'mixed buttons',
    withButtons(reply(), url(), reply()),
    ['components.1.buttons: quick replies and other buttons must each stand together'],
  ],
  ['a long label', withButtons(reply('a'.repeat(26))), ['components.1.buttons.0.text: has 26 characters, WhatsApp takes 25']],
  ['a strange button', withButtons({ type: 'LIKE', text: 'a' }), [expect.stringMatching(/^components.1.buttons.0.type: one of/)]],
  ['no address', withButtons({ type: 'URL', text: 'a' }), ['components.1.buttons.0.url: is missing']],
  ['no web address', withButtons(url({ url: 'ftp://a' })), ['components.1.buttons.0.url: begins with https://']],
  ['a variable in the middle', withButtons(url({ url: 'https://a.ma/{{1}}/x' })), [expect.stringMatching(/at its end$/)]],
  [
    'an address without example',
    withButtons(url({ url: 'https://a.ma/{{1}}' })),
    [expect.stringMatching(/^components.1.buttons.0.example/)],
  ],
  [
    'a label of lists',
    { componentsJson: { body: [{ text: 'a' }], buttons: [{ type: 'quick_reply', text: '' }] } },
    ['componentsJson.buttons.0.text: is missing'],
  ],
  [
    'a code without its button',
    { components: [{ type: 'BODY' }] },
    ['category: AUTHENTICATION takes an OTP button'],
    { category: 'AUTHENTICATION' },
  ],
  [
    'a code for ever',
    {
      components: [
        { type: 'BODY' },
        { type: 'FOOTER', code_expiration_minutes: 91 },
        { type: 'BUTTONS', buttons: [{ type: 'OTP', otp_type: 'COPY_CODE' }] },
      ],
    },
    ['components.1.code_expiration_minutes: from 1 to 90'],
    { category: 'AUTHENTICATION' },
  ],
])('%s is refused, and the field named', ([, input, expected, options]) => {
  expect(problemsOf(input, options)).toEqual(expected)
})

test('characters are counted as people see them', () => {
  expect(problemsOf({ body: '🎉'.repeat(1024) })).toEqual([])
})

test('names and languages are written as Meta has them', () => {
  const good = ['application_received', 'a1', 'x'.repeat(512)]
  const bad = ['', 'Welcome', 'a-b', 'é', 'x'.repeat(513)]
  expect([...good, ...bad].map(name => TEMPLATE_NAME.test(name))).toEqual([true, true, true, false, false, false, false, false])
  expect(['fr', 'en_US', 'pt-BR', 'zh_CN', 'fil', 'FR', 'french', ''].map(code => TEMPLATE_LANGUAGE.test(code))).toEqual([
    true,
    true,
    true,
    true,
    true,
    false,
    false,
    false,
  ])
})
