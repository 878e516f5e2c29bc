import { expect, test } from 'vitest'
import { createSharedRuns, type SharedRunsOptions } from './group-commit.ts'

/** Runs that end when the test calls `end`. */
function heldRuns(options: Partial<SharedRunsOptions>) {
  const runs: { items: number[]; end: (error?: Error) => void }[] = []
  const shared = createSharedRuns<number>(
    items =>
      new Promise((resolve, reject) => {
        runs.push({ items, end: error => (error ? reject(error) : resolve()) })
      }),
    { parallel: 1, minParallelItems: 1, maxItems: 10, ...options },
  )
  return { runs, shared }
}
const settled = () => new Promise(setImmediate)

test('a first call runs at once; calls that arrive meanwhile run together, in order', async () => {
  const { runs, shared } = heldRuns({})
  const calls = [shared.add([1]), shared.add([2, 3]), shared.add([4])]
  expect(runs.map(({ items }) => items)).toEqual([[1]])
  runs[0]?.end()
  await calls[0]
  await settled()
  expect(runs.map(({ items }) => items)).toEqual([[1], [2, 3, 4]])
  runs[1]?.end()
  await Promise.all(calls)
})

test('a run has at most `maxItems`, unless a single call has more', async () => {
  const { runs, shared } = heldRuns({ maxItems: 3 })
  const calls = [shared.add([1, 2, 3, 4]), shared.add([5, 6]), shared.add([7, 8])]
  for (const [i, items] of [
    [0, [1, 2, 3, 4]],
    [1, [5, 6]],
    [2, [7, 8]],
  ] as const) {
    expect(runs[i]?.items).toEqual(items)
    runs[i]?.end()
    await calls[i]
    await settled()
  }
})

test('at most `parallel` runs are under way at once', () => {
  const { runs, shared } = heldRuns({ parallel: 2 })
  for (const item of [1, 2, 3]) void shared.add([item])
  expect(runs.map(({ items }) => items)).toEqual([[1], [2]])
})

test('a parallel run starts only for `minParallelItems`', () => {
  const { runs, shared } = heldRuns({ parallel: 2, minParallelItems: 3 })
  for (const item of [1, 2, 3]) void shared.add([item])
  expect(runs).toHaveLength(1)
  void shared.add([4])
  expect(runs.map(({ items }) => items)).toEqual([[1], [2, 3, 4]])
})

test('a failure rejects the calls of its run only', async () => {
  const { runs, shared } = heldRuns({})
  const [first, second] = [shared.add([1]), shared.add([2])]
  runs[0]?.end(new Error('no'))
  await expect(first).rejects.toThrow('no')
  await settled()
  runs[1]?.end()
  await expect(second).resolves.toBeUndefined()
})

test('a run that gathers begins with all calls of its moment; their size is known until it has ended', async () => {
  const { runs, shared } = heldRuns({ gatherMs: 0, parallel: 2, maxItems: 3 })
  const calls = [shared.add([1]), shared.add([2])]
  await Promise.resolve()
  calls.push(shared.add([3]), shared.add([4]))
  expect([runs.length, shared.size()]).toEqual([0, 4])
  await settled()
  expect(runs.map(({ items }) => items)).toEqual([[1, 2, 3], [4]])
  for (const { end } of runs) end()
  await Promise.all(calls)
  await settled()
  expect(shared.size()).toBe(0)
})
