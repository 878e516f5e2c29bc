import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, onTestFinished } from 'vitest'
import type { UserDoc } from '#shared/model/documents.ts'
import { ROOT } from '#shared/process/config.ts'
import { createRealtimeClient } from '#shared/realtime-client/client.ts'
import { untilPasses } from '#test/support/until.ts'
import { test, type World } from '#test/support/world.ts'
import { openQueue, openStore } from '#test/support/worlds/ingest.ts'
import { JWT_SECRET, publishEvent, startNode, tokenOf, userByEmail } from '#test/support/worlds/realtime.ts'

async function open(world: World) {
  const store = await openStore(world)
  return { store, queue: await openQueue(world), agent: await userByEmail(store, 'agent@whatsapp-saas.com') }
}

/** The client as a dashboard uses it, with the events that it received. */
function follow(url: string, user: UserDoc, more: { sinceSeq?: number; token?: () => string } = {}) {
  const seqs: number[] = []
  const states: string[] = []
  const resets: number[] = []
  const client = createRealtimeClient({
    url,
    token: () => tokenOf(user),
    ...more,
    onEvent: (_, event) => seqs.push(event.seq),
    onState: state => states.push(state),
    onReset: seq => resets.push(seq),
  })
  onTestFinished(() => client.close())
  return { client, seqs, states, resets }
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1)

test('what happened during an absence is delivered in order, then everything is live', { timeout: 240_000 }, async ({
  world,
}) => {
  const { store, queue, agent } = await open(world)
  const node = await startNode(world, store)
  const { client, seqs, states } = follow(node.url, agent)
  await untilPasses(() => expect(client.state).toBe('live'))
  for (let i = 0; i < 5; i++) await publishEvent(store, queue, agent.tenantId, `before-${i}`)
  await untilPasses(() => expect(seqs).toEqual(upTo(5)))
  client.socket.io.engine.close()
  await Promise.all(upTo(600).map(i => publishEvent(store, queue, agent.tenantId, `absent-${i}`)))
  await untilPasses(() => expect([client.state, seqs.length]).toEqual(['live', 605]))
  expect(seqs).toEqual(upTo(605))
  expect(states).toEqual(expect.arrayContaining(['offline', 'syncing', 'live']))
})

test('a log that no longer reaches back makes the client load anew and go on', async ({ world }) => {
  const { store, queue, agent } = await open(world)
  const node = await startNode(world, store)
  const witness = follow(node.url, agent)
  await untilPasses(() => expect(witness.client.state).toBe('live'))
  for (let i = 0; i < 4; i++) await publishEvent(store, queue, agent.tenantId, `event-${i}`)
  await untilPasses(() => expect(witness.seqs).toEqual(upTo(4)))
  await store.raw.events.deleteOne({ _id: 'event-1' })
  const { client, seqs, resets } = follow(node.url, agent, { sinceSeq: 1 })
  await untilPasses(() => expect([client.state, resets, client.seq]).toEqual(['live', [4], 4]))
  await publishEvent(store, queue, agent.tenantId, 'next')
  await untilPasses(() => expect(seqs).toEqual([5]))
})

test('a session is extended before its token ends', async ({ world }) => {
  const { store, agent } = await open(world)
  const node = await startNode(world, store)
  const { client } = follow(node.url, agent, { token: () => tokenOf(agent, 30_000) })
  await untilPasses(() => expect(client.state).toBe('live'))
  const session = () => node.sockets.io.of('/').sockets.get(client.socket.id as string)?.data.access
  const endedAt = session()?.expiresAt.getTime() as number
  await untilPasses(() => expect(session()?.expiresAt.getTime()).toBeGreaterThan(endedAt))
})

test('a refused token is asked for again', async ({ world }) => {
  const { store, agent } = await open(world)
  const node = await startNode(world, store)
  let asked = 0
  const { client, states } = follow(node.url, agent, { token: () => tokenOf(agent, asked++ === 0 ? -60_000 : 60_000) })
  await untilPasses(() => expect(client.state).toBe('live'))
  expect(states).toEqual(['refused', 'live'])
})

test('[F6] kill -9 of a node in mid-stream: its clients move and miss nothing', { timeout: 240_000 }, async ({ world }) => {
  const { store, queue, agent } = await open(world)
  const survivor = await startNode(world, store)
  const victim = await spawnNode(world)
  const moving = follow(victim.url, agent)
  const staying = follow(survivor.url, agent)
  await untilPasses(() => expect([moving.client.state, staying.client.state]).toEqual(['live', 'live']))
  const stream = (async () => {
    for (let i = 0; i < 150; i++) await publishEvent(store, queue, agent.tenantId, `event-${i}`)
  })()
  await untilPasses(() => expect(staying.seqs.length).toBeGreaterThan(20))
  victim.process.kill('SIGKILL')
  const receivedSeq = moving.client.seq as number
  moving.client.close()
  const moved = follow(survivor.url, agent, { sinceSeq: receivedSeq })
  await stream
  await untilPasses(() => expect([staying.client.seq, moved.client.seq]).toEqual([150, 150]))
  expect(staying.seqs).toEqual(upTo(150))
  expect([...moving.seqs, ...moved.seqs]).toEqual(upTo(150))
})

/** The service as a process of its own, on a port that it chooses. */
async function spawnNode(world: World): Promise<{ url: string; process: ChildProcess }> {
  const child = spawn(process.execPath, ['services/realtime/main.ts'], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'test',
      HOST: '127.0.0.1',
      REALTIME_PORT: '0',
      MONGODB_URI: world.mongodbUri,
      RABBITMQ_URL: world.rabbitmqUrl,
      REDIS_URL: world.redisUrl,
      JWT_SECRET,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  })
  let output = ''
  const port = await new Promise<string>((resolve, reject) => {
    child.once('exit', code => reject(new Error(`realtime left with ${code}\n${output}`)))
    child.stdout.on('data', chunk => {
      output += chunk
      const found = /"port":(\d+)/.exec(output)?.[1]
      if (found) resolve(found)
    })
  })
  return { url: `http://127.0.0.1:${port}`, process: child }
}
