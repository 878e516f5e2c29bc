import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { fetchChunk, loadChunk } from './load-chunk.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout'] }))
afterEach(() => void vi.useRealTimers())

const failing = (times: number) => {
  let count = 0
  return vi.fn(async () => {
    if (++count <= times) throw new TypeError('Failed to fetch dynamically imported module')
    return 'chunk'
  })
}

test('a chunk is loaded once the server answers again', async () => {
  const load = failing(5)
  const loaded = loadChunk(load)
  await vi.advanceTimersByTimeAsync(60_000)
  await expect(loaded).resolves.toBe('chunk')
  expect(load).toHaveBeenCalledTimes(6)
})

test('after a minute the page says that it could not', async () => {
  const loaded = loadChunk(failing(1000))
  const refused = expect(loaded).rejects.toThrow('Failed to fetch')
  await vi.advanceTimersByTimeAsync(80_000)
  await refused
})

test('what is fetched before it is needed may fail without a word, and is fetched until it is there', async () => {
  const load = failing(1)
  for (const calls of [1, 2, 2]) {
    fetchChunk(load)
    await vi.advanceTimersByTimeAsync(1000)
    expect(load).toHaveBeenCalledTimes(calls)
  }
})
