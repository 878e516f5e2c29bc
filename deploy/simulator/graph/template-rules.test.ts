import { expect, test } from 'vitest'
import type { Json } from '../world/world.ts'
import { GraphError } from './errors.ts'
import { assignedCategory, checkComponents, checkIdentity, rejectionReason } from './template-rules.ts'

const body = (text: string, ...examples: string[]): Json => ({
  type: 'body',
  text,
  ...(examples.length > 0 && { example: { body_text: [examples] } }),
})
const buttons = (...list: Json[]): Json => ({ type: 'BUTTONS', buttons: list })
const quick = (text: string) => ({ type: 'quick_reply', text })
const url = (address: string, example?: string[]) => ({ type: 'URL', text: 'Voir', url: address, ...(example && { example }) })

function subcodeOf(components: unknown, format: 'POSITIONAL' | 'NAMED' = 'POSITIONAL'): number | string {
  try {
    checkComponents(components, 'UTILITY', format)
    return 'fine'
  } catch (error) {
    if (!(error instanceof GraphError)) throw error
    return error.options.subcode ?? error.message.slice(0, 6)
  }
}

test.for<[string, Json[], number | string]>([
  ['a plain body', [body('Bonjour')], 'fine'],
  ['variables with examples', [body('Bonjour {{1}}, poste {{2}} ici.', 'a', 'b')], 'fine'],
  ['no body', [{ type: 'FOOTER', text: 'x' }], 2388043],
  ['no example', [body('Bonjour {{1}}, merci.')], 2388043],
  ['a variable first', [body('{{1}}, bonjour', 'a')], 2388299],
  ['a variable last', [body('Bonjour {{1}}', 'a')], 2388299],
  ['too many variables', [body('a {{1}} {{2}} {{3}} b', 'a', 'b', 'c')], 2388293],
  ['neighbouring variables', [body('Bonjour {{1}} {{2}} et bienvenue', 'a', 'b')], 2388072],
  ['variables that skip a number', [body('Bonjour {{1}} et {{3}} ici', 'a', 'b')], 2388072],
  ['a long body', [body('a'.repeat(1025))], 2388040],
  ['a footer with a variable', [body('Bonjour'), { type: 'FOOTER', text: 'x {{1}}' }], 2388073],
  ['a header of two variables', [body('Bonjour'), { type: 'HEADER', format: 'text', text: 'a {{1}} {{2}}' }], 2388047],
  ['an image without sample', [body('Bonjour'), { type: 'HEADER', format: 'IMAGE' }], 2388043],
  ['an image with sample', [body('Bonjour'), { type: 'HEADER', format: 'IMAGE', example: { header_handle: ['4::x'] } }], 'fine'],
  ['an unknown component', [body('Bonjour'), { type: 'SIDEBAR' }], '(#100)'],
  ['eleven buttons', [body('Bonjour'), buttons(...Array.from({ length: 11 }, (_, i) => quick(`b${i}`)))], 2388072],
  ['a long label', [body('Bonjour'), buttons(quick('x'.repeat(26)))], 2388040],
  ['three links', [body('Bonjour'), buttons(url('https://a'), url('https://b'), url('https://c'))], 2388072],
  ['a link with its variable inside', [body('Bonjour'), buttons(url('https://a/{{1}}/b', ['x']))], 2388072],
  ['a link without example', [body('Bonjour'), buttons(url('https://a/{{1}}'))], 2388043],
  ['kinds that alternate', [body('Bonjour'), buttons(quick('a'), url('https://a'), quick('b'))], 2388072],
])('%s: %s', ([, components, expected]) => {
  expect(subcodeOf(components)).toBe(expected)
})

test('named variables need an example each', () => {
  const named = { body_text_named_params: [{ param_name: 'first_name', example: 'Salma' }] }
  expect(subcodeOf([{ ...body('Bonjour {{first_name}}, merci.'), example: named }], 'NAMED')).toBe('fine')
  expect(subcodeOf([{ ...body('Bonjour {{last_name}}, merci.'), example: named }], 'NAMED')).toBe(2388043)
  expect(
    subcodeOf([{ ...body('Bonjour {{1}}, merci.'), example: { body_text_named_params: [{ param_name: '1' }] } }], 'NAMED'),
  ).toBe(2388072)
})

test.for<Json>([{ name: 'Upper' }, { name: 'a b' }, { language: 'french!' }, { category: 'NEWS' }])('%j is refused', members => {
  expect(() => checkIdentity({ name: 'ok', language: 'fr', category: 'utility', ...members })).toThrow('#100')
})

test('an offer becomes MARKETING, and the review rejects what the policies forbid', () => {
  expect(assignedCategory('UTILITY', 'order', [body('Profitez de -20 % cette semaine')])).toBe('MARKETING')
  expect(assignedCategory('UTILITY', 'order', [body('Votre commande est partie')])).toBe('UTILITY')
  expect(rejectionReason('order', [body('Jouez au casino')])).toBe('ABUSIVE_CONTENT')
  expect(rejectionReason('order', [body('Votre commande')])).toBeNull()
})
