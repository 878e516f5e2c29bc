import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { expect } from 'vitest'
import { test, type World } from '#test/support/world.ts'
import { accept, eventually, openSenderWorld, startMeta } from './sender-fixture.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')

/** The service as it is started for real: here once it says that it started, or has left. */
async function startProcess(world: World, metaUrl: string, more: NodeJS.ProcessEnv = {}) {
  const env = {
    PATH: process.env.PATH,
    NODE_ENV: 'test',
    HOST: '127.0.0.1',
    SENDER_PORT: '0',
    MONGODB_URI: world.mongodbUri,
    RABBITMQ_URL: world.rabbitmqUrl,
    REDIS_URL: world.redisUrl,
    META_GRAPH_URL: metaUrl,
    TOKEN_ENCRYPTION_KEY: '11'.repeat(32),
    SEND_UNKNOWN_DEADLINE: '2s',
    ...more,
  }
  const child = spawn(process.execPath, ['services/sender/main.ts'], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk))
  await eventually(() => child.exitCode !== null || /"port":\d+.*sender started/.test(output), 20_000)
  const url = `http://127.0.0.1:${/"port":(\d+)/.exec(output)?.[1]}`
  return { child, url, output: () => output }
}

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const exited = once(child, 'exit')
  child.kill(signal)
  const [code] = await exited
  return code as number | null
}

test('the service starts, sends, tells its metrics, and leaves with 0 on SIGTERM after the calls in hand', async ({ world }) => {
  await using meta = await startMeta((post, response, request) => void setTimeout(() => accept(post, response, request), 500))
  await using w = await openSenderWorld(world, meta.url)
  const sender = await startProcess(world, meta.url)
  expect(await (await fetch(`${sender.url}/ready`)).json()).toMatchObject({ status: 'ready' })
  const message = await w.sendOne()
  await eventually(() => meta.posts.length === 1)
  expect(await stop(sender.child, 'SIGTERM')).toBe(0)
  expect((await w.get(message)).status).toBe('SENT')
  expect(sender.output()).toContain('sender stopping')
  expect(sender.output()).not.toContain(message.contactKey)
})

test('killed in the middle of a call: no second post, a clear end, and the next messages go on', async ({ world }) => {
  await using meta = await startMeta(() => {})
  await using w = await openSenderWorld(world, meta.url)
  const conversation = await w.addConversation()
  const [first, next] = [w.messageIn(conversation), w.messageIn(conversation)]
  const killed = await startProcess(world, meta.url)
  await w.send([first, next])
  await eventually(() => meta.posts.length === 1)
  await stop(killed.child, 'SIGKILL')
  meta.answer = accept
  const successor = await startProcess(world, meta.url)
  const failed = await w.until(first, m => m.status === 'FAILED', 25_000)
  expect(failed.error).toMatchObject({ source: 'platform', title: 'Outcome unknown' })
  await w.until(next, m => m.status === 'SENT', 25_000)
  const ids = meta.posts.map(post => post.body.biz_opaque_callback_data.split(':')[2])
  expect(ids).toEqual([String(first._id), String(next._id)])
  const metrics = await (await fetch(`${successor.url}/metrics`)).text()
  expect(metrics).toContain('linko_send_total{outcome="accepted",code_class="none"} 1')
  expect(await stop(successor.child, 'SIGTERM')).toBe(0)
})

test('a configuration that cannot work is told in one message and never started', async ({ world }) => {
  const sender = await startProcess(world, 'not a url', { SENDER_CONCURRENCY: '0' })
  expect(sender.child.exitCode).not.toBe(0)
  expect(sender.output()).toContain('META_GRAPH_URL')
  expect(sender.output()).toContain('SENDER_CONCURRENCY')
})
