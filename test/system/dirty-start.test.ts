import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { DEMO_TENANTS, DEMO_USERS } from '#deploy/demo/world.ts'
import { freePort } from '#deploy/local/ports.ts'
import { pidsOwnedBy } from '#deploy/local/process-table.ts'
import { linkoDir } from '#deploy/local/profiles.ts'
import { endLeftovers } from '#deploy/local/registry.ts'
import { createSimulator } from '#deploy/simulator/simulator.ts'
import { ROOT } from '#shared/process/config.ts'
import { untilTrue } from '#test/support/until.ts'
import { isClean, Oracle } from './chaos/oracle.ts'
import { runTraffic } from './chaos/traffic.ts'

/** For what hangs: two starts of everything. */
const LIMIT_MS = 900_000
const PER_SECOND = 20
const PROFILE = `dirty-start-${process.pid}`

/** Starts all of Linko in another process. @returns its settings once it is ready */
async function startAll(settings: object): Promise<{ launcher: ChildProcess; env: Record<string, string> }> {
  const { MONGODB_URI, RABBITMQ_URL, REDIS_URL, ...env } = process.env
  const launcher = fork('test/system/kill/stack-process.ts', [PROFILE, JSON.stringify(settings)], { cwd: ROOT, env })
  const ended = once(launcher, 'exit').then(([code]) => Promise.reject(new Error(`the start ended with ${code}`)))
  const [stack] = await Promise.race([once(launcher, 'message'), ended])
  return { launcher, env: stack }
}

/** As when the power fails: the launcher, the services and the servers are gone at once, and nobody tidies up. */
async function killAll(launcher: ChildProcess): Promise<void> {
  const pids = [launcher.pid as number, ...pidsOwnedBy(linkoDir(PROFILE))]
  // All stop at one moment: what is killed late must not see the others die.
  for (const signal of ['SIGSTOP', 'SIGKILL'] as const) for (const pid of pids) process.kill(pid, signal)
  await untilTrue(() => pidsOwnedBy(linkoDir(PROFILE)).length === 0)
}

/** Meta, which the failure does not reach: it remembers what it accepted, and repeats what nobody took. */
async function startMeta() {
  const ingest = await freePort()
  const app = {
    META_APP_ID: '4711',
    META_APP_SECRET: randomBytes(32).toString('hex'),
    META_WEBHOOK_VERIFY_TOKEN: randomBytes(32).toString('hex'),
  }
  const simulator = await createSimulator({
    appId: app.META_APP_ID,
    appSecret: app.META_APP_SECRET,
    verifyToken: app.META_WEBHOOK_VERIFY_TOKEN,
    webhookUrl: `http://127.0.0.1:${ingest}/api/v1/webhook`,
  })
  return { simulator, settings: { ...app, INGEST_PORT: String(ingest), META_GRAPH_URL: simulator.url } }
}

test('[F56] everything killed at once in the middle of its work settles after the next start, without help', {
  timeout: LIMIT_MS,
}, async () => {
  onTestFinished(async () => {
    await endLeftovers(linkoDir(PROFILE))
    rmSync(linkoDir(PROFILE), { recursive: true, force: true })
  }, LIMIT_MS)
  const { simulator, settings } = await startMeta()
  onTestFinished(() => simulator.close())
  const first = await startAll(settings)
  const user = DEMO_USERS.find(({ email }) => email === 'demo@whatsapp-saas.com')
  const number = {
    phoneNumberId: DEMO_TENANTS.demo.phoneNumberId,
    email: 'demo@whatsapp-saas.com',
    password: user?.password ?? '',
  }
  const addresses = { gateway: first.env.BASE_URL as string, simulator: simulator.url }
  const stop = new AbortController()
  // How long the second start takes is the machine's matter.
  const options = {
    ...{ inboundPerSecond: PER_SECOND, outboundPerSecond: PER_SECOND, contactsPerNumber: PER_SECOND },
    giveUpMs: LIMIT_MS / 3,
  }
  const traffic = runTraffic({ addresses, numbers: [number], ...options }, stop.signal)
  {
    await using oracle = new Oracle(first.env.MONGODB_URI as string, addresses)
    // Everybody has written and is being answered when the power fails.
    await untilTrue(async () => (await oracle.sentSoFar()) > 2 * PER_SECOND)
  }
  stop.abort()
  await killAll(first.launcher)

  const second = await startAll(settings)
  onTestFinished(() => void second.launcher.kill())
  expect(second.env.BASE_URL).toBe(first.env.BASE_URL)
  const ledger = await traffic
  await using oracle = new Oracle(second.env.MONGODB_URI as string, addresses)
  const unsettled = await oracle.settle(300_000, { wamids: ledger.inbound.map(({ wamid }) => wamid) })
  const verdict = await oracle.verdict(ledger, unsettled)
  expect(isClean(verdict), JSON.stringify(verdict)).toBe(true)
  expect(ledger.unanswered).toEqual([])
})
