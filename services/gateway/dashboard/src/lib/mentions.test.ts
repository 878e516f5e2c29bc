import { expect, test } from 'vitest'
import { mentionedIn, readMentions } from './mentions.ts'

const SARA = { id: '1', name: 'Sara' }
const ALAOUI = { id: '2', name: 'Sara Alaoui' }
const YOUSSEF = { id: '3', name: 'يوسف العلوي' }
const people = [SARA, ALAOUI, YOUSSEF]

test.for([
  ['@Sara can you call?', ['1']],
  ['ask @sara alaoui, please', ['2']],
  ['@Sara Alaoui and @Sara', ['2', '1']],
  ['@Sara @Sara', ['1']],
  ['@يوسف العلوي هل يمكنك الرد؟', ['3']],
  ['(@Sara)', ['1']],
  ['@Sarah is somebody else', []],
  ['a@Sara is an address', []],
  ['nobody @ all', []],
  ['', []],
] as const)('%j names %j', ([text, ids]) => {
  expect(mentionedIn(text, people)).toEqual(ids)
})

test('the parts are the whole text', () => {
  const text = 'Hello @Sara Alaoui, meet @Nobody and @Sara.'
  const parts = readMentions(text, people)
  expect(parts.map(part => (typeof part === 'string' ? part : part.text)).join('')).toBe(text)
  expect(parts).toContainEqual({ person: ALAOUI, text: '@Sara Alaoui' })
})

test('people without a name name nobody', () => {
  expect(mentionedIn('@ hello', [{ id: '1', name: '' }])).toEqual([])
})
