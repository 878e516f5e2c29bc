import { expect, test } from 'vitest'
import { hasEmoji } from './ice-breakers.ts'

test.for<[text: string, hasOne: boolean]>([
  ['Quels postes sont ouverts ?', false],
  ['كيف أقدّم طلبي؟', false],
  ['Atlas™ n° 1 (2026) © #1 *', false],
  ['Hello 👋', true],
  ['I ❤ jobs', true],
  ['❤️', true],
  ['🇲🇦', true],
  ['1️⃣', true],
  ['👩🏽‍💻', true],
])('%j has an emoji: %s', ([text, hasOne]) => {
  expect(hasEmoji(text)).toBe(hasOne)
})
