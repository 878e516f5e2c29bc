import { expect, test } from 'vitest'
import { normalContent, type TemplateInput } from './input.ts'
import { TEMPLATE_LANGUAGE, TEMPLATE_NAME, templateProblems } from './rules.ts'
import { variablesOf, withExamples } from './variables.ts'

/** Problems of a template, each with its field. */
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
  ['no body', { components: [{ type: 'FOOTER', text: 'a' }] }, ['body: The body is missing.']],
  ['an empty body', { body: ' ' }, ['body: This field is missing.']],
  ['a long body', { body: 'a'.repeat(1025) }, ['body: This field has 1025 characters; WhatsApp accepts at most 1024.']],
  ['two bodies', { components: [body('a'), body('b')] }, ['components.1: A template can have only one BODY.']],
  [
    'an unknown component',
    { components: [body('a'), { type: 'HERO' }] },
    [expect.stringMatching(/^components.1.type: .* one of/)],
  ],
  [
    'a long header',
    { header: 'a'.repeat(61), body: 'b' },
    ['header: This field has 61 characters; WhatsApp accepts at most 60.'],
  ],
  ['a header of two lines', { header: 'a\nb', body: 'b' }, ['header: A header cannot contain a line break.']],
  ['a header with two variables', { header: '{{1}} {{2}}', body: 'b' }, ['header: A header can contain only one variable.']],
  [
    'an unknown header format',
    { components: [{ type: 'HEADER', format: 'PDF' }, body('b')] },
    [expect.stringMatching(/^components.0.format/)],
  ],
  [
    'a picture without an example',
    { componentsJson: { header: [{ type: 'image' }], body: [{ type: 'text', text: 'b' }] } },
    [expect.stringMatching(/^componentsJson.header.example.header_handle: An example is required/)],
  ],
  ['a footer with a variable', { body: 'b', footer: 'par {{1}}' }, ['footer: A footer cannot contain variables.']],
  [
    'variables with a gap',
    { components: [body('a {{1}} b {{3}} c', two)] },
    [expect.stringMatching(/^components.0.text: \{\{2\}\} is missing/)],
  ],
  ['variables numbered from 2', { body: 'a {{2}} b' }, [expect.stringMatching(/^body: \{\{1\}\} is missing/)]],
  [
    'a variable first',
    { components: [body('{{1}} et {{2}}.', two)] },
    ['components.0.text: The body cannot begin with a variable. Put text before it.'],
  ],
  [
    'a variable last',
    { components: [body('Avec {{1}} et {{2}}', two)] },
    ['components.0.text: The body cannot end with a variable. Put text after it.'],
  ],
  [
    'two variables without text between them',
    { components: [body('Avec {{1}} {{2}}.', two)] },
    ['components.0.text: Two variables cannot follow each other. Put text between them.'],
  ],
  ['numbered beside named variables', { body: 'a {{1}} b {{who}} c' }, ['body: Numbered and named variables cannot be mixed.']],
  ['an invalid variable', { body: 'a {{#1}} b' }, [expect.stringMatching(/^body: \{\{#1\}\} is not a variable/)]],
  ['open braces', { body: 'a {{1 b' }, [expect.stringMatching(/^body: The text contains braces/)]],
  ['no examples', { components: [body('a {{1}} b')] }, [expect.stringMatching(/^components.0.example: An example is required/)]],
  [
    'too few examples',
    { components: [body('a {{1}} b {{2}} c', { body_text: [['x']] })] },
    [expect.stringMatching(/^components.0.example/)],
  ],
  ['no examples of texts', { body: 'a {{1}} b' }, [expect.stringMatching(/^variables: An example is required/)]],
  ['no buttons', withButtons(), ['components.1.buttons: The list of buttons is empty.']],
  [
    'many buttons',
    withButtons(...Array(11).fill(reply())),
    [
      'components.1.buttons: A template has at most 10 buttons.',
      'components.1.buttons: A template has at most 10 buttons of type QUICK_REPLY.',
    ],
  ],
  ['three addresses', withButtons(url(), url(), url()), ['components.1.buttons: A template has at most 2 buttons of type URL.']],
  [
    'mixed buttons',
    withButtons(reply(), url(), reply()),
    ['components.1.buttons: Quick replies and other buttons must not be mixed: list all of one group before the other.'],
  ],
  [
    'a long label',
    withButtons(reply('a'.repeat(26))),
    ['components.1.buttons.0.text: This field has 26 characters; WhatsApp accepts at most 25.'],
  ],
  [
    'an unknown button',
    withButtons({ type: 'LIKE', text: 'a' }),
    [expect.stringMatching(/^components.1.buttons.0.type: .* one of/)],
  ],
  ['no address', withButtons({ type: 'URL', text: 'a' }), ['components.1.buttons.0.url: This field is missing.']],
  ['no web address', withButtons(url({ url: 'ftp://a' })), ['components.1.buttons.0.url: The address must begin with https://.']],
  ['a variable in the middle', withButtons(url({ url: 'https://a.ma/{{1}}/x' })), [expect.stringMatching(/at its end\.$/)]],
  [
    'an address without example',
    withButtons(url({ url: 'https://a.ma/{{1}}' })),
    [expect.stringMatching(/^components.1.buttons.0.example/)],
  ],
  [
    'an empty label in lists of parts',
    { componentsJson: { body: [{ text: 'a' }], buttons: [{ type: 'quick_reply', text: '' }] } },
    ['componentsJson.buttons.0.text: This field is missing.'],
  ],
  [
    'a code without its button',
    { components: [{ type: 'BODY' }] },
    ['category: A template of category AUTHENTICATION needs an OTP button.'],
    { category: 'AUTHENTICATION' },
  ],
  [
    'a code that is valid too long',
    {
      components: [
        { type: 'BODY' },
        { type: 'FOOTER', code_expiration_minutes: 91 },
        { type: 'BUTTONS', buttons: [{ type: 'OTP', otp_type: 'COPY_CODE' }] },
      ],
    },
    ['components.1.code_expiration_minutes: The expiry must be a whole number of minutes from 1 to 90.'],
    { category: 'AUTHENTICATION' },
  ],
])('%s is refused with the name of the field', ([, input, expected, options]) => {
  expect(problemsOf(input, options)).toEqual(expected)
})

test('an emoji counts as one character', () => {
  expect(problemsOf({ body: '🎉'.repeat(1024) })).toEqual([])
})

test('names must have the form that Meta requires, languages any spelling of it', () => {
  const good = ['application_received', 'a1', 'x'.repeat(512)]
  const bad = ['', 'Welcome', 'a-b', 'é', 'x'.repeat(513)]
  expect([...good, ...bad].map(name => TEMPLATE_NAME.test(name))).toEqual([true, true, true, false, false, false, false, false])
  expect(['fr', 'en_US', 'pt-BR', 'zh_CN', 'fil', 'FR', 'french', ''].map(code => TEMPLATE_LANGUAGE.test(code))).toEqual([
    true,
    true,
    true,
    true,
    true,
    true,
    false,
    false,
  ])
})
