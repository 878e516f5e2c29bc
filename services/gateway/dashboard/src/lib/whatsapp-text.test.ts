import { expect, test } from 'vitest'
import { readText } from './whatsapp-text.ts'

test.for([
  ['plain', ['plain']],
  ['a *b* c', ['a ', { kind: 'bold', parts: ['b'] }, ' c']],
  ['*_b_*', [{ kind: 'bold', parts: [{ kind: 'italic', parts: ['b'] }] }]],
  ['~no~ `x*y*`', [{ kind: 'strike', parts: ['no'] }, ' ', { kind: 'code', text: 'x*y*' }]],
  ['```a\nb```', [{ kind: 'code', text: 'a\nb' }]],
  ['مرحبا *سارة*!', ['مرحبا ', { kind: 'bold', parts: ['سارة'] }, '!']],
  // What looks like a mark and is none.
  ['2*3*4', ['2*3*4']],
  ['snake_case_name', ['snake_case_name']],
  ['* a *', ['* a *']],
  ['*a\nb*', ['*a\nb*']],
  ['**', ['**']],
  // Addresses: what ends the sentence is not part of them, and nothing but http is one.
  ['see https://a.ma/x?y=1_2.', ['see ', { kind: 'link', text: 'https://a.ma/x?y=1_2' }, '.']],
  ['(http://a.ma)', ['(', { kind: 'link', text: 'http://a.ma' }, ')']],
  ['javascript:alert(1) data:x', ['javascript:alert(1) data:x']],
  ['<b>x</b>', ['<b>x</b>']],
] as const)('%j', ([text, parts]) => {
  expect(readText(text)).toEqual(parts)
})

test('a text that is nothing but marks is read in little time', () => {
  const text = '*_~'.repeat(1400)
  const from = performance.now()
  readText(text)
  expect(performance.now() - from).toBeLessThan(5000)
})
