import { expect, test } from 'vitest'
import { parameterProblems } from './check.ts'
import { fillTemplate } from './fill.ts'
import type { FillableTemplate } from './slots.ts'

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

const part = (type: string, sub_type: string, index: string, ...parameters: { type: string; text?: string }[]) => ({
  type,
  sub_type,
  index,
  parameters,
})
const one = (...list: Record<string, unknown>[]) =>
  template([
    { type: 'BODY', text: 'Hi' },
    { type: 'BUTTONS', buttons: list },
  ])
const FLOW = { type: 'FLOW', text: 'Choose' }
const OFFER = { type: 'LIMITED_TIME_OFFER', limited_time_offer: { text: 'Offer', has_expiration: true } }
const LISTED_OTP = { type: 'URL', url: 'https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp{{1}}' }
const CARD = {
  components: [
    { type: 'HEADER', format: 'IMAGE' },
    { type: 'BODY', text: 'For {{1}}' },
    { type: 'BUTTONS', buttons: [{ type: 'QUICK_REPLY' }, { type: 'URL', url: 'https://x.example/{{1}}' }] },
  ],
}
const carousel = template([BODY, { type: 'CAROUSEL', cards: [CARD, CARD] }])
const card = (card_index: number, ...components: object[]) => ({ card_index, components }) as never
const image = { type: 'header', parameters: [{ type: 'image' }] }
const whole = (at: number) => card(at, image, body('Salma'), button('1', '4471'))
const cards = (...list: never[]) => [body('a'), { type: 'carousel', cards: list }]
const at = (path: string) => `template.components.${path}`

test.for<[string, FillableTemplate, Parameters<typeof parameterProblems>[1], string[]]>([
  ['a form that is not named', one(FLOW), [], [at('button.0')]],
  ['a form that is named', one(FLOW), [part('button', 'flow', '0')], []],
  ['a form with its token', one(FLOW), [part('button', 'FLOW', '0', { type: 'action' })], []],
  ['a form with a text', one(FLOW), [part('button', 'flow', '0', { type: 'text' })], [at('button.0')]],
  ['a form under another sub_type', one(FLOW), [part('button', 'url', '0', { type: 'action' })], [at('button.0.sub_type')]],
  ['a catalogue that is not named', one({ type: 'CATALOG' }), [], [at('button.0')]],
  ['a catalogue that is named', one({ type: 'CATALOG' }), [part('button', 'catalog', '0')], []],
  ['products without their list', one({ type: 'MPM' }), [part('button', 'mpm', '0')], [at('button.0')]],
  ['products with their list', one({ type: 'MPM' }), [part('button', 'mpm', '0', { type: 'action' })], []],
  ['a coupon as text', one({ type: 'COPY_CODE' }), [part('button', 'copy_code', '0', { type: 'text' })], [at('button.0')]],
  ['a telephone button', one({ type: 'PHONE_NUMBER' }), [part('button', 'voice_call', '0')], [at('button.0')]],
  ['a fixed address', one({ type: 'URL', url: 'https://x.example/' }), [button('0', 'a')], [at('button.0')]],
  ['a button twice', template([LINK]), [button('1', 'a'), button('1', 'a')], [at('button.1')]],
  ['an offer without its end', template([OFFER, BODY]), [body('a')], [at('limited_time_offer')]],
  [
    'an offer with its end',
    template([OFFER, BODY]),
    [{ type: 'LIMITED_TIME_OFFER', parameters: [{ type: 'limited_time_offer' }] }, body('a')],
    [],
  ],
  ['a header that the template does not have', template([BODY]), [body('a'), image], [at('header')]],
  ['a body twice', template([BODY]), [body('a'), body('a')], [at('body')]],
  [
    'a value for a header without variables',
    template([{ type: 'HEADER', format: 'TEXT', text: 'Hi' }, BODY]),
    [{ type: 'header', parameters: texts('a') }, body('a')],
    [at('header')],
  ],
  [
    'a named variable twice',
    template([{ type: 'BODY', text: '{{a}} and {{b}}' }], 'NAMED'),
    [{ type: 'body', parameters: ['a', 'a'].map(parameter_name => ({ type: 'text', text: 'x', parameter_name })) }],
    [at('body.1.parameter_name')],
  ],
  ['a code as Meta lists it, given once only', one(LISTED_OTP), [], [at('button.0')]],
  [
    'another code in the button',
    template([BODY, { type: 'BUTTONS', buttons: [LISTED_OTP] }]),
    [body('482913'), button('0', '111111')],
    [at('button.0')],
  ],
  [
    'a code of 16 characters as Meta lists it',
    template([BODY, { type: 'BUTTONS', buttons: [LISTED_OTP] }]),
    [body('1'.repeat(16)), button('0', '1'.repeat(16))],
    [at('body.0')],
  ],
  ['a carousel with all of its cards', carousel, cards(whole(0), whole(1)), []],
  ['a carousel in another order', carousel, cards(whole(1), whole(0)), []],
  ['a carousel without its cards', carousel, [body('a')], [at('carousel.cards')]],
  ['a carousel with one card of two', carousel, cards(whole(0)), [at('carousel.cards')]],
  ['a carousel with a card twice', carousel, cards(whole(0), whole(0)), [at('carousel.cards.1')]],
  ['a card without its file', carousel, cards(whole(0), card(1, body('a'), button('1', 'a'))), [at('carousel.cards.1.header')]],
  ['a card without its address', carousel, cards(whole(0), card(1, image, body('a'))), [at('carousel.cards.1.button.1')]],
  [
    'a currency that is too long',
    template([BODY]),
    [{ type: 'body', parameters: [{ type: 'currency', currency: { fallback_value: 'x'.repeat(1022) } }] }],
    [at('body')],
  ],
])("a send in Meta's form of %s", ([, wanted, given, paths]) => {
  expect(parameterProblems(wanted, given).map(({ path }) => path)).toEqual(paths)
})
