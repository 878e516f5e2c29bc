import { expect, test } from 'vitest'
import { ReadCache } from './read-cache.ts'

/** A cache over reads that count, and answer when the test says so. */
function counted(ttlMs = 60_000) {
  const cache = new ReadCache<number | null>({ capacity: 10, ttlMs })
  const reads: PromiseWithResolvers<number | null>[] = []
  const get = (key = 'a') =>
    cache.get(key, () => {
      const read = Promise.withResolvers<number | null>()
      reads.push(read)
      return read.promise
    })
  return { cache, reads, get }
}

test('callers of the same moment share a read, and later ones have its answer', async () => {
  const { reads, get } = counted()
  const answers = [get(), get()]
  reads[0]?.resolve(1)
  expect([...(await Promise.all(answers)), await get()]).toEqual([1, 1, 1])
  expect(reads).toHaveLength(1)
})

test('an answer ends with its time', async () => {
  const { reads, get } = counted(0)
  void get()
  void get()
  expect(reads).toHaveLength(2)
})

test('a failure and null are not kept', async () => {
  const { reads, get } = counted()
  const failing = get()
  reads[0]?.reject(new Error('away'))
  await expect(failing).rejects.toThrow('away')
  const missing = get()
  reads[1]?.resolve(null)
  expect(await missing).toBeNull()
  void get()
  expect(reads).toHaveLength(3)
})

test('a read that began before the change is not kept after it', async () => {
  const { cache, reads, get } = counted()
  const before = get()
  cache.clear()
  const after = get()
  reads[1]?.resolve(2)
  reads[0]?.resolve(1)
  expect([await before, await after, await get()]).toEqual([1, 2, 2])
  expect(reads).toHaveLength(2)
})
