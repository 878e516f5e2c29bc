import { expect, test } from 'vitest'
import { TtlCache } from './ttl-cache.ts'

test('a value is kept for its time, also null', () => {
  let now = 0
  const cache = new TtlCache<string, string | null>(10, () => now)
  cache.set('known', 'value', 5000)
  cache.set('unknown', null, 1000)
  expect([cache.get('known'), cache.get('unknown'), cache.get('other')]).toEqual(['value', null, undefined])
  now = 1000
  expect([cache.get('known'), cache.get('unknown')]).toEqual(['value', undefined])
  now = 5000
  expect(cache.get('known')).toBeUndefined()
})

test('the oldest entry is removed when the cache is full', () => {
  const cache = new TtlCache<number, number>(2, () => 0)
  for (const key of [1, 2, 3]) cache.set(key, key, 1000)
  expect([cache.get(1), cache.get(2), cache.get(3)]).toEqual([undefined, 2, 3])
})
