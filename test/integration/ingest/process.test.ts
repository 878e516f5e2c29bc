import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createSimulator } from '#deploy/simulator/simulator.ts'
import { ROOT } from '#shared/process/config.ts'
import { untilPasses } from '#test/support/until.ts'
import { test } from '#test/support/world.ts'
import { openGateway } from '#test/support/worlds/gateway.ts'
import { TOKEN_KEY } from '#test/support/worlds/ingest.ts'

const { phoneNumberId } = DEMO_TENANTS.demo

test('[F8] the service starts, sends the blocked contacts to Meta, and leaves with 0 on SIGTERM', async ({ world }) => {
  await using simulator = await createSimulator()
  await using gateway = await openGateway(world)
  const env = {
    PATH: process.env.PATH,
    NODE_ENV: 'test',
    HOST: '127.0.0.1',
    INGEST_PORT: '0',
    INGEST_ROLE: 'recorder',
    MONGODB_URI: world.mongodbUri,
    RABBITMQ_URL: world.rabbitmqUrl,
    META_GRAPH_URL: simulator.url,
    TOKEN_ENCRYPTION_KEY: TOKEN_KEY,
  }
  const child = spawn(process.execPath, ['services/ingest/main.ts'], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk))
  await untilPasses(() => expect(output).toMatch(/"port":\d+.*ingest started/))
  const url = `http://127.0.0.1:${/"port":(\d+)/.exec(output)?.[1]}`
  await untilPasses(async () => expect(await (await fetch(`${url}/ready`)).json()).toMatchObject({ status: 'ready' }))

  const conversation = await gateway.store.raw.conversations.findOne({ phoneNumberId, 'contact.waId': { $ne: null } })
  simulator.inbound({ phoneNumberId, from: conversation?.contact.waId as string, message: 'Bonjour' })
  await gateway.call('POST', `/api/v1/contacts/${conversation?.contactId}/block`, { as: 'manager' })
  await untilPasses(() =>
    expect([...(simulator.sim.world.numbers.get(phoneNumberId)?.blocked ?? [])]).toEqual([conversation?.contact.waId]),
  )

  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  expect((await exited)[0]).toBe(0)
  expect(output).toContain('ingest stopping')
})
