import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect } from 'vitest'
import type { MessageDoc } from '#shared/model/documents.ts'
import { ROOT } from '#shared/process/config.ts'
import { startProxy } from '#test/support/tcp-proxy.ts'
import { untilTrue } from '#test/support/until.ts'
import { webhookOf } from '#test/support/webhooks.ts'
import { test, type World } from '#test/support/world.ts'
import { startIngest } from '#test/support/worlds/ingest.ts'
import { accept, openSenderWorld, startMeta } from '#test/support/worlds/sender.ts'

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
  await untilTrue(() => child.exitCode !== null || /"port":\d+.*sender started/.test(output))
  const url = `http://127.0.0.1:${/"port":(\d+)/.exec(output)?.[1]}`
  return { child, url, output: () => output }
}

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const exited = once(child, 'exit')
  child.kill(signal)
  const [code] = await exited
  return code as number | null
}

test('[F8] the service starts, sends, serves its metrics, and leaves with 0 on SIGTERM after the calls in hand', async ({
  world,
}) => {
  await using meta = await startMeta((post, response, request) => void setTimeout(() => accept(post, response, request), 500))
  await using w = await openSenderWorld(world, meta.url)
  const sender = await startProcess(world, meta.url)
  expect(await (await fetch(`${sender.url}/ready`)).json()).toMatchObject({ status: 'ready' })
  const message = await w.sendOne()
  await untilTrue(() => meta.posts.length === 1)
  expect(await stop(sender.child, 'SIGTERM')).toBe(0)
  expect((await w.get(message)).status).toBe('SENT')
  expect(sender.output()).toContain('sender stopping')
  expect(sender.output()).not.toContain(message.contactKey)
})

test('[F4] killed in the middle of a call: no second post, a clear end, and the next messages go on', async ({ world }) => {
  await using meta = await startMeta(() => {})
  await using w = await openSenderWorld(world, meta.url)
  const conversation = await w.addConversation()
  const [first, next] = [w.messageIn(conversation), w.messageIn(conversation)]
  const killed = await startProcess(world, meta.url)
  await w.send([first, next])
  await untilTrue(() => meta.posts.length === 1)
  await stop(killed.child, 'SIGKILL')
  meta.answer = accept
  const successor = await startProcess(world, meta.url)
  const failed = await w.until(first, m => m.status === 'FAILED')
  expect(failed.error).toMatchObject({ source: 'platform', title: 'Outcome unknown' })
  await w.until(next, m => m.status === 'SENT')
  const ids = meta.posts.map(post => post.body.biz_opaque_callback_data.split(':')[2])
  expect(ids).toEqual([String(first._id), String(next._id)])
  const metrics = await (await fetch(`${successor.url}/metrics`)).text()
  expect(metrics).toContain('linko_send_total{outcome="accepted",code_class="none"} 1')
  expect(await stop(successor.child, 'SIGTERM')).toBe(0)
})

test.for([
  ['before its answer came', false],
  ['after Meta had answered and before that was written', true],
] as const)(
  '[F4] killed in a call %s: a status with our id settles it, nothing is posted twice',
  async ([, answers], { world }) => {
    await using proxy = await startProxy(world.mongodbUri.replace(/\?.*$/, '?directConnection=true'))
    await using meta = await startMeta()
    await using w = await openSenderWorld(world, meta.url)
    await w.setTenant({ unknownOutcome: 'retry' })
    const ingest = await startIngest(world)
    const killed = await startProcess({ ...world, mongodbUri: proxy.url }, meta.url)
    const answered = Promise.withResolvers<void>()
    meta.answer = (post, response, request) => {
      proxy.cut()
      response.on('close', answered.resolve)
      if (answers) accept(post, response, request)
      else answered.resolve()
    }
    const message = await w.sendOne()
    await answered.promise
    await stop(killed.child, 'SIGKILL')
    meta.answer = accept
    const successor = await startProcess(world, meta.url, { SEND_UNKNOWN_DEADLINE: '2m' })
    await w.until(message, m => m.dispatch?.state === 'UNKNOWN')
    await ingest.post(statusOf(message, w.client.phoneNumberId))
    const row = await w.until(message, m => m.status === 'DELIVERED')
    expect(row).toMatchObject({ wamid: 'wamid.reported', dispatch: null, error: null })
    expect(meta.posts).toHaveLength(1)
    await stop(successor.child, 'SIGTERM')
  },
)

const statusOf = ({ _id, contactKey }: MessageDoc, phoneNumberId: string) => {
  const timestamp = String(Math.floor(Date.now() / 1000))
  const reported = { id: 'wamid.reported', status: 'delivered', timestamp, recipient_id: contactKey }
  const statuses = [{ ...reported, biz_opaque_callback_data: `1:c:${_id}:1` }]
  const value = { messaging_product: 'whatsapp', metadata: { phone_number_id: phoneNumberId }, statuses }
  return webhookOf(value)
}

test('a configuration that cannot work is reported in one message and never started', async ({ world }) => {
  const sender = await startProcess(world, 'not a url', { SENDER_CONCURRENCY: '0' })
  expect(sender.child.exitCode).not.toBe(0)
  expect(sender.output()).toContain('META_GRAPH_URL')
  expect(sender.output()).toContain('SENDER_CONCURRENCY')
})
