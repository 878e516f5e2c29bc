import { once } from 'node:events'
import { expect } from 'vitest'
import { startGateway } from '#test/support/gateway-process.ts'
import { untilPasses } from '#test/support/until.ts'
import { test } from '#test/support/world.ts'
import { openStore } from '#test/support/worlds/ingest.ts'

test('[F40] a service whose log nobody reads any more goes on, and leaves with 0', async ({ world }) => {
  await openStore(world)
  const { child, output } = startGateway(world)
  await untilPasses(() => expect(output()).toMatch(/"port":\d+.*gateway started/))
  const url = `http://127.0.0.1:${/"port":(\d+)/.exec(output())?.[1]}`
  child.stdout.destroy()
  child.stderr.destroy()
  // Each is logged.
  for (let i = 0; i < 50; i++) expect((await fetch(`${url}/api/v1/conversations`)).status).toBe(401)
  expect((await fetch(`${url}/health`)).status).toBe(200)
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  expect((await exited)[0]).toBe(0)
})
