import { expect, test } from 'vitest'
import { HashQueue } from './hash-queue.ts'

/** Work that ends when it is told to. */
function open(options: { atOnce: number; mostWaiting: number }) {
  const queue = new HashQueue(options)
  const started: { name: string; end: () => void }[] = []
  const run = (name: string) =>
    queue.run(async () => {
      await new Promise<void>(resolve => started.push({ name, end: resolve }))
      return name
    })
  return { run, started, names: () => started.map(({ name }) => name), turn: () => new Promise(setImmediate) }
}

test('[F48] a bounded number of hashes runs, a bounded number waits in order, the rest is answered 503', async () => {
  const { run, started, names, turn } = open({ atOnce: 2, mostWaiting: 3 })
  const accepted = ['a', 'b', 'c', 'd', 'e'].map(run)
  await expect(run('f')).rejects.toMatchObject({ status: 503, errorCode: 'SIGN_IN_BUSY', headers: { 'retry-after': '2' } })
  await turn()
  expect(names()).toEqual(['a', 'b'])
  started[1]?.end()
  await accepted[1]
  const late = run('g')
  await turn()
  expect(names()).toEqual(['a', 'b', 'c'])
  for (let i = 0; i < 6; i++) {
    for (const { end } of started) end()
    await turn()
  }
  expect(await Promise.all([...accepted, late])).toEqual(['a', 'b', 'c', 'd', 'e', 'g'])
  expect(names()).toEqual(['a', 'b', 'c', 'd', 'e', 'g'])
})

test('work that fails gives its place back', async () => {
  const queue = new HashQueue({ atOnce: 1, mostWaiting: 0 })
  for (let i = 0; i < 3; i++) await expect(queue.run(() => Promise.reject(new Error('bad hash')))).rejects.toThrow('bad hash')
  expect(await queue.run(async () => 'fine')).toBe('fine')
})
