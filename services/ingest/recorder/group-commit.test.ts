import { expect, test } from 'vitest'
import { createSharedRuns, type SharedRunsOptions } from './group-commit.ts'

/** Runs that end when they are told to. */
function heldRuns(options: Partial<SharedRunsOptions>) {
  const runs: { items: number[]; end: (error?: Error) => void }[] = []
  const shared = createSharedRuns<number>(
    items =>
      new Promise((resolve, reject) => {
        runs.push({ items, end: error => (error ? reject(error) : resolve()) })
      }),
    { parallel: 1, crowd: 1, maxItems: 10, ...options },
  )
  return { runs, shared }
}
const settled = () => new Promise(setImmediate)

test('a lone call runs at once, those that come meanwhile run together in their order', async () => {
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

test('a run is no larger than allowed, unless one call alone is', async () => {
  const { runs, shared } = heldRuns({ maxItems: 3 })
  const calls = [shared.add([1, 2, 3, 4]), shared.add([5, 6]), shared.add([7, 8])]
  for (const [place, items] of [
    [0, [1, 2, 3, 4]],
    [1, [5, 6]],
    [2, [7, 8]],
  ] as const) {
    expect(runs[place]?.items).toEqual(items)
    runs[place]?.end()
    await calls[place]
    await settled()
  }
})

test('several run side by side, and no more than that', () => {
  const { runs, shared } = heldRuns({ parallel: 2 })
  for (const item of [1, 2, 3]) void shared.add([item])
  expect(runs.map(({ items }) => items)).toEqual([[1], [2]])
})

test('beside others a run starts only for a crowd', () => {
  const { runs, shared } = heldRuns({ parallel: 2, crowd: 3 })
  for (const item of [1, 2, 3]) void shared.add([item])
  expect(runs).toHaveLength(1)
  void shared.add([4])
  expect(runs.map(({ items }) => items)).toEqual([[1], [2, 3, 4]])
})

test('a failure reaches the calls of its run and nobody else', async () => {
  const { runs, shared } = heldRuns({})
  const [first, second] = [shared.add([1]), shared.add([2])]
  runs[0]?.end(new Error('no'))
  await expect(first).rejects.toThrow('no')
  await settled()
  runs[1]?.end()
  await expect(second).resolves.toBeUndefined()
})
