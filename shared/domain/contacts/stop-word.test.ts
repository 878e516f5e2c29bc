import { expect, test } from 'vitest'
import { isStopTap, isStopWord } from './stop-word.ts'

test.for<[string | null, boolean]>([
  ['STOP', true],
  [' stop. ', true],
  ['« Arrêt ! »', true],
  ['stop by tomorrow', false],
  ['', false],
  ['!', false],
  [null, false],
])('%j is a stop word: %s', ([text, expected]) => {
  expect(isStopWord(text)).toBe(expected)
})

test.for<[string | null, string | null, boolean]>([
  ['Stop promotions', 'Stop promotions', true],
  ['Arrêter les promotions', null, true],
  ['PARAR PROMOCOES', null, true],
  ['إيقاف العروض الترويجية', null, true],
  ['Stop', 'NEWS_4471', true],
  ['Non merci', 'STOP', true],
  ['Non merci', 'stop_promotions', true],
  ['Non merci', 'visit_4471_no', false],
  ['Je suis intéressée', 'STOPOVER', false],
  [null, null, false],
])('[case 45] a tap on %j with the payload %j asks to stop: %s', ([label, payload, expected]) => {
  expect(isStopTap(label, payload)).toBe(expected)
})

test("[case 45] Meta's own label counts also where a tenant has other stop words, or none", () => {
  for (const words of [['baja'], []]) {
    expect([isStopTap('Stop promotions', null, words), isStopWord('stop promotions.', words)]).toEqual([true, true])
    expect(isStopTap('STOP', 'STOP', words)).toBe(false)
  }
})

test('a tenant may set its own stop words, or none', () => {
  expect([isStopWord('BAJA', ['baja']), isStopWord('توقف', ['توقف']), isStopWord('STOP', [])]).toEqual([true, true, false])
})
