import { expect, test } from 'vitest'
import { Outage } from '#shared/domain/errors.ts'
import { untilTrue } from '#test/support/until.ts'
import { createCollector } from './collector.ts'

const lost: number[] = []
const collect = (write: (batch: number[]) => Promise<void>, more: object = {}) =>
  createCollector<number>({ write, onLost: item => lost.push(item), ...more })

test('items that arrive within the linger are written together, a full batch at once', async () => {
  const batches: number[][] = []
  const collector = collect(async batch => void batches.push(batch), { maxBatch: 3 })
  await Promise.all([1, 2, 3, 4, 5].map(item => collector.add(item)))
  expect(batches).toEqual([
    [1, 2, 3],
    [4, 5],
  ])
})

test('a write is retried while the store is away', async () => {
  let calls = 0
  const collector = collect(async () => {
    if (++calls < 3) throw new Outage('away')
  })
  await collector.add(1)
  expect(calls).toBe(3)
})

test('a write is given up when the store stays away, and its items are reported lost', async () => {
  lost.length = 0
  const collector = collect(() => Promise.reject(new Outage('away')), { patienceMs: 0 })
  await collector.add(7)
  expect(lost).toEqual([7])
})

test('one bad item is lost alone', async () => {
  lost.length = 0
  const written: number[] = []
  const collector = collect(async batch => {
    if (batch.includes(2)) throw new Error('bad item')
    written.push(...batch)
  })
  await Promise.all([1, 2, 3].map(item => collector.add(item)))
  expect([written, lost]).toEqual([[1, 3], [2]])
})

test('at most `parallel` batches are written at once', async () => {
  let now = 0
  let most = 0
  const write = async () => {
    most = Math.max(most, ++now)
    await new Promise(resolve => setTimeout(resolve, 5))
    now--
  }
  const collector = collect(write, { maxBatch: 1, parallel: 2 })
  await Promise.all(Array.from({ length: 10 }, (_, i) => collector.add(i)))
  expect(most).toBe(2)
})

test('items in a stream wait to be written together; the first item after a pause does not', async () => {
  const writtenAt: number[] = []
  const collector = collect(async () => void writtenAt.push(performance.now()), { lingerMs: 0, everyMs: 60 })
  const startedAt = performance.now()
  await collector.add(1)
  await Promise.all([collector.add(2), collector.add(3)])
  expect(writtenAt).toHaveLength(2)
  expect((writtenAt[1] as number) - (writtenAt[0] as number)).toBeGreaterThanOrEqual(58)
  expect((writtenAt[0] as number) - startedAt).toBeLessThan((writtenAt[1] as number) - startedAt)
})

test('items that arrive during a write share the next one; many are written beside it', async () => {
  const batches: number[][] = []
  const first = Promise.withResolvers<void>()
  const write = async (batch: number[]) => {
    batches.push(batch)
    if (batches.length === 1) await first.promise
  }
  const collector = collect(write, { lingerMs: 0, everyMs: 0, minParallelItems: 3 })
  const added = [collector.add(1)]
  await untilTrue(() => batches.length === 1)
  added.push(collector.add(2), collector.add(3))
  await new Promise(resolve => setTimeout(resolve, 20))
  expect(batches).toEqual([[1]])
  added.push(collector.add(4))
  await untilTrue(() => batches.length === 2)
  added.push(collector.add(5))
  first.resolve()
  await Promise.all(added)
  expect(batches).toEqual([[1], [2, 3, 4], [5]])
})
