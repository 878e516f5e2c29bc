import { expect, test } from 'vitest'
import { childTrace, readTraceparent, startOfTrace, timedTraceId, traceId } from './trace.ts'

test('a child keeps the trace and gets a span of its own', () => {
  const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const child = childTrace(parent)
  expect(traceId(child)).toBe('0af7651916cd43dd8448eb211c80319c')
  expect(child).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
  expect(child).not.toBe(parent)
})

test('a child is sampled as its parent is', () => {
  const unsampled = childTrace('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-02')
  expect([readTraceparent(unsampled)?.isSampled, unsampled.slice(-3)]).toEqual([false, '-00'])
  expect(readTraceparent(childTrace(childTrace(null)))?.isSampled).toBe(true)
})

const ZEROS = [
  '00-00000000000000000000000000000000-b7ad6b7169203331-01',
  '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01',
]

test.for(ZEROS)('%s names no trace', zeros => {
  expect(readTraceparent(zeros)).toBeNull()
  expect(childTrace(zeros)).toMatch(/^00-(?!0af7|0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-01$/)
})

test.for([null, undefined, '', 'nonsense', '00-XYZ-1-01'])('without a usable parent (%s) a new trace begins', parent => {
  expect(childTrace(parent)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
})

test('ten thousand traces are all different', () => {
  expect(new Set(Array.from({ length: 10_000 }, () => traceId(childTrace(null)))).size).toBe(10_000)
})

test.for([0, 1_795_225_913_061, 2 ** 48 - 1])('a timed trace contains its start (%d)', at => {
  const id = timedTraceId(at)
  expect(startOfTrace(id)).toBe(at)
  expect(traceId(childTrace(`00-${id}-b7ad6b7169203331-01`))).toBe(id)
})

test('timed traces are all different, and other ids have no time', () => {
  expect(new Set(Array.from({ length: 10_000 }, () => timedTraceId(1))).size).toBe(10_000)
  for (const id of [null, '', 'm:wamid.1', '0af7651916cd43dd8448eb211c80319c']) expect(startOfTrace(id)).toBeNull()
})
