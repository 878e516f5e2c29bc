import { expect, test } from 'vitest'
import { createSharedReads } from './shared-reads.ts'

const OPTIONS = { parallel: 1, minParallelItems: 1, maxItems: 10 }

test('reads of one moment share a command, and each gets its own answer', async () => {
  const commands: number[][] = []
  const reads = createSharedReads(async (keys: number[]) => {
    commands.push(keys)
    return keys.map(key => `answer ${key}`)
  }, OPTIONS)
  expect(await Promise.all([1, 2, 1].map(reads.read))).toEqual(['answer 1', 'answer 2', 'answer 1'])
  expect(commands).toEqual([[1, 2, 1]])
})

test('a read that comes while a command is under way is not answered by it', async () => {
  let value = 'old'
  const first = Promise.withResolvers<void>()
  const reads = createSharedReads(async (keys: number[]) => {
    const seen = value
    if (seen === 'old') await first.promise
    return keys.map(() => seen)
  }, OPTIONS)
  const before = reads.read(1)
  await new Promise(setImmediate)
  value = 'new'
  const after = reads.read(1)
  expect(reads.size()).toBe(2)
  first.resolve()
  expect([await before, await after]).toEqual(['old', 'new'])
})

test('a failed command fails its reads', async () => {
  const reads = createSharedReads(() => Promise.reject<string[]>(new Error('away')), OPTIONS)
  const failing = [1, 2].map(reads.read)
  for (const read of failing) await expect(read).rejects.toThrow('away')
})
