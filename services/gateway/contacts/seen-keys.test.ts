import { expect, test } from 'vitest'
import { SeenKeys } from './seen-keys.ts'

test('a key is new once, and then answers its first row', () => {
  const seen = new SeenKeys()
  const rows = Array.from({ length: 20_000 }, (_, i) => i + 1)
  expect(rows.filter(row => seen.add(`2126${row}`, row) !== null)).toEqual([])
  expect(rows.filter(row => seen.add(`2126${row}`, row + 50_000) !== row)).toEqual([])
})
