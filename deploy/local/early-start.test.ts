import { expect, test } from 'vitest'
import { createEarlyStart } from './early-start.ts'

const URLS = { mongodb: 'm', rabbitmq: 'r', redis: 'x' }

/** Two processes that start, or fail at the broker addresses of `failsAt`. */
function processes(failsAt: string[] = []) {
  const begun: string[] = []
  const failures: string[] = []
  const start = async (_name: string, urls: typeof URLS) => {
    begun.push(urls.rabbitmq)
    if (failsAt.includes(urls.rabbitmq)) throw new Error(`nothing at ${urls.rabbitmq}`)
    return urls.rabbitmq
  }
  return { begun, failures, early: createEarlyStart(['a', 'b'], start, name => failures.push(name)) }
}

test('processes start when all addresses are known, once, and before the servers are ready', async () => {
  const { begun, early } = processes()
  early.locate('rabbitmq', 'r')
  early.locate('redis', 'x')
  expect(begun).toEqual([])
  early.locate('mongodb', 'm')
  early.locate('rabbitmq', 'r')
  expect(begun).toEqual(['r', 'r'])
  const results = await early.settle(URLS)
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
})

test('processes that fail at an early address are started once more at the one that counts', async () => {
  const { begun, failures, early } = processes(['early'])
  for (const [name, url] of Object.entries({ ...URLS, rabbitmq: 'early' })) early.locate(name as keyof typeof URLS, url)
  await new Promise(setImmediate)
  expect([begun.length, failures]).toEqual([2, ['a', 'b']])
  expect(await early.settle(URLS)).toEqual(Array(2).fill({ status: 'fulfilled', value: 'r' }))
})

test('a process that fails again has failed', async () => {
  const { begun, early } = processes(['r'])
  const [first] = await early.settle(URLS)
  expect(first).toMatchObject({ status: 'rejected', reason: { message: 'nothing at r' } })
  expect(begun).toHaveLength(4)
})
