import { expect, test } from 'vitest'
import { createNextReads } from './next-reads.ts'

/** A value that changes, and reads of it that end when they are told to. */
function subject() {
  const reads = createNextReads<number>()
  const ends: (() => void)[] = []
  let value = 0
  const ask = (key = 'a') =>
    reads(key, async () => {
      const seen = value
      await new Promise<void>(resolve => ends.push(resolve))
      return seen
    })
  const set = (next: number) => {
    value = next
  }
  return { ask, ends, set, settle: () => new Promise(setImmediate) }
}

test('who comes while a read is under way shares the next one, which sees what was written meanwhile', async () => {
  const { ask, ends, set, settle } = subject()
  const first = ask()
  set(1)
  const others = [ask(), ask(), ask()]
  await settle()
  expect(ends).toHaveLength(1)
  ends[0]?.()
  expect(await first).toBe(0)
  await settle()
  expect(ends).toHaveLength(2)
  set(2)
  const later = ask()
  ends[1]?.()
  expect(await Promise.all(others)).toEqual([1, 1, 1])
  await settle()
  ends[2]?.()
  expect(await later).toBe(2)
  expect(ends).toHaveLength(3)
})

test('other keys do not wait, and a read that failed is not shared further', async () => {
  const reads = createNextReads<number>()
  const failing = reads('a', () => Promise.reject(new Error('away')))
  const next = reads('a', async () => 5)
  const other = reads('b', async () => 7)
  await expect(failing).rejects.toThrow('away')
  expect(await Promise.all([next, other])).toEqual([5, 7])
  expect(await reads('a', async () => 6)).toBe(6)
})
