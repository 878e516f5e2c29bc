import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { createKeyring } from '#shared/auth/encryption.ts'
import { ROOT } from '#shared/process/config.ts'
import { connectMigrated } from '#shared/store/migrate.ts'
import { seedDemo } from '../demo/seed.ts'
import { DEMO_USERS } from '../demo/world.ts'
import { allowHotDashboard, buildDashboard, serveHotDashboard } from './dashboard.ts'
import { addressesOf, chooseSettings, reachable, writeDemoEnv } from './demo-env.ts'
import { createEarlyStart } from './early-start.ts'
import { type Supervised, supervise } from './processes.ts'
import { openProfile } from './profiles.ts'
import { closeRegistry, type Registry } from './registry.ts'
import { type BackingServers, startServers } from './servers.ts'

const SERVICE_NAMES = ['gateway', 'ingest', 'sender', 'realtime'] as const
export const PROCESS_NAMES = ['simulator', ...SERVICE_NAMES] as const
export type ProcessName = (typeof PROCESS_NAMES)[number]

const entryOf = (name: ProcessName) => (name === 'simulator' ? 'deploy/simulator/main.ts' : `services/${name}/main.ts`)

/**
 * Linko on one machine: backing servers, the demo world, the four services and the simulator. A process that ends is started
 * again, so a test can call `stack.processes.sender.kill('SIGKILL')` and then wait for `ready()`.
 */
export interface Stack extends AsyncDisposable {
  env: Record<string, string>
  servers: BackingServers
  processes: Record<ProcessName, Supervised>
}

export interface StackOptions {
  /** Data and logs are in `.linko/<profile>`. */
  profile: string
  /** File for the addresses and secrets in use; `.linko/demo.env` for `npm start`. */
  envFile: string
  docker: 'compose' | 'container' | 'never'
  /** Further variables of the services, which win over the environment. */
  extraEnv?: Record<string, string>
  /** No demo company and nobody in it, as in production. The simulator keeps its numbers. */
  isEmpty?: boolean
  /** Restarts a process when one of its source files changes. */
  watch?: boolean
  /** Prints a line for the user. */
  report(line: string): void
}

/** Starts the stack. When a part fails, the others are stopped. @throws Error of the part that failed */
export async function startStack(options: StackOptions): Promise<Stack> {
  const registry = await openProfile(options.profile, options.report)
  await using cleanup = new AsyncDisposableStack()
  cleanup.defer(() => closeRegistry(registry))
  const { docker, report, envFile } = options
  const settings = await chooseSettings(envFile)
  if (options.watch) await allowHotDashboard(settings)
  const start = (name: ProcessName, addresses: Record<string, string> = {}) =>
    startProcess(
      name,
      { ...settings, ...addresses, ...(!options.isEmpty && ownOf(name)), ...options.extraEnv },
      registry,
      options.watch === true,
    )

  const dashboard = options.watch ? serveHotDashboard(settings, registry) : buildDashboard(options.report)
  dashboard.catch(() => undefined)
  // RabbitMQ takes longest to start. Meanwhile the database is migrated and seeded, and the other processes load their code.
  const simulator = start('simulator')
  simulator.catch(() => undefined)
  const early = createEarlyStart(
    SERVICE_NAMES,
    (name, urls) => start(name, addressesOf(urls)),
    name => {
      if (!registry.isClosed()) report(`${name} did not start beside the servers and is started once more when they are ready`)
    },
  )
  const servers = await startServers({
    ...{ dir: registry.dir, registry, docker, report },
    prepare: {
      mongodb: async ({ url }) => {
        await prepareStore(url, settings, options.isEmpty === true)
        early.locate('mongodb', url)
      },
      redis: async ({ url }) => early.locate('redis', url),
    },
    onBrokerAddress: url => early.locate('rabbitmq', url),
  }).catch(error => {
    registry.killAll()
    throw error
  })
  cleanup.use(servers)
  const urls = urlsOf(servers)
  const env = writeDemoEnv(envFile, settings, urls)
  const [[first], services] = await Promise.all([Promise.allSettled([simulator]), early.settle(urls)])
  const all = [first, ...services]
  // Disposal runs in reverse order: the services together, then the simulator, which they call.
  const running = all.map(result => (result.status === 'fulfilled' ? result.value : null))
  if (running[0]) cleanup.use(running[0])
  cleanup.defer(async () => void (await Promise.all(running.slice(1).map(service => service?.[Symbol.asyncDispose]()))))
  for (const result of all) if (result.status === 'rejected') throw result.reason

  const hot = await dashboard
  const processes = Object.fromEntries(running.map((it, i) => [PROCESS_NAMES[i], it])) as Stack['processes']
  const opened = cleanup.move()
  if (hot) opened.use(hot)
  return { env, servers, processes, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

const urlsOf = ({ mongodb, rabbitmq, redis }: BackingServers) => ({
  mongodb: mongodb.url,
  rabbitmq: rabbitmq.url,
  redis: redis.url,
})

/** People whom the sign-in page offers as one click. */
const demoUsers = DEMO_USERS.map(({ name, email, password, role }) => ({ name, email, password, role }))

/** Variables of one process alone. */
const ownOf = (name: ProcessName): Record<string, string> => (name === 'gateway' ? { DEMO_USERS: JSON.stringify(demoUsers) } : {})

async function startProcess(
  name: ProcessName,
  env: Record<string, string>,
  registry: Registry,
  watch: boolean,
): Promise<Supervised> {
  const logs = path.join(registry.dir, 'logs')
  mkdirSync(logs, { recursive: true })
  const url = `http://${reachable(env.HOST)}:${env[`${name.toUpperCase()}_PORT`]}/ready`
  const args = [...(watch ? ['--watch-preserve-output', '--watch'] : []), entryOf(name)]
  return supervise(
    {
      name,
      command: process.execPath,
      args,
      cwd: ROOT,
      env: { ...process.env, ...env },
      logFile: path.join(logs, `${name}.log`),
      ready: () => answersReady(url),
    },
    registry,
  )
}

async function prepareStore(uri: string, settings: Record<string, string>, isEmpty: boolean): Promise<void> {
  await using store = await connectMigrated(uri)
  if (!isEmpty) await seedDemo(store, createKeyring(settings))
}

async function answersReady(url: string): Promise<void> {
  const response = await fetch(url, { signal: AbortSignal.timeout(3000) })
  if (!response.ok) throw new Error(await response.text())
}
