import type { TestProject } from 'vitest/node'
import { startTestServers, type TestServers } from '#test/support/test-servers.ts'

declare module 'vitest' {
  interface ProvidedContext {
    servers: TestServers
  }
}

/** `LINKO_TEST_SERVERS` (JSON of TestServers) joins servers that already run; otherwise private ones are started. */
export default async function setup(project: TestProject) {
  const given = process.env.LINKO_TEST_SERVERS
  if (given) {
    project.provide('servers', JSON.parse(given) as TestServers)
    return
  }
  const running = await startTestServers()
  project.provide('servers', running.servers)
  return () => running[Symbol.asyncDispose]()
}
