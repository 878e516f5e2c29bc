import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect } from 'vitest'
import { ROOT } from '#shared/process/config.ts'
import { untilPasses } from '#test/support/until.ts'
import { test } from '#test/support/world.ts'
import { openStore } from '#test/support/worlds/ingest.ts'
import { JWT_SECRET } from '#test/support/worlds/realtime.ts'

test('[F40] a service whose log nobody reads any more goes on, and leaves with 0', async ({ world }) => {
  await openStore(world)
  const env = {
    PATH: process.env.PATH,
    NODE_ENV: 'test',
    HOST: '127.0.0.1',
    GATEWAY_PORT: '0',
    MONGODB_URI: world.mongodbUri,
    RABBITMQ_URL: world.rabbitmqUrl,
    REDIS_URL: world.redisUrl,
    JWT_SECRET,
  }
  const child = spawn(process.execPath, ['services/gateway/main.ts'], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', chunk => (output += chunk))
  await untilPasses(() => expect(output).toMatch(/"port":\d+.*gateway started/))
  const url = `http://127.0.0.1:${/"port":(\d+)/.exec(output)?.[1]}`
  child.stdout.destroy()
  child.stderr.destroy()
  // Each is logged.
  for (let i = 0; i < 50; i++) expect((await fetch(`${url}/api/v1/conversations`)).status).toBe(401)
  expect((await fetch(`${url}/health`)).status).toBe(200)
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  expect((await exited)[0]).toBe(0)
})
