import { expect, test } from 'vitest'
import { allowedMs } from './bodies.ts'

const bounds = { mostBytes: 1, startMs: 5000, bytesPerMs: 64 }

test.for<[number, number]>([
  [0, 5000],
  [64_000, 6000],
  [3.5 * 1024 * 1024, 62_344],
])('a body of which %d bytes have come may have taken %d ms', ([bytes, ms]) => {
  expect(allowedMs(bytes, bounds)).toBe(ms)
})
