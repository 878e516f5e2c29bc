import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { createKeyring } from '#shared/auth/encryption.ts'
import { ROOT } from '#shared/process/config.ts'
import { connectStore } from '#shared/store/connect.ts'
import { migrate } from '#shared/store/migrate.ts'
import { writeDemoEnv } from './demo-env.ts'
import { closeRegistry, openRegistry, type Supervised, supervise } from './processes.ts'
import { seedDemo } from './seed.ts'
import { type BackingServers, linkoDir, startServers } from './servers.ts'

export const SERVICES = ['simulator', 'ingest', 'sender', 'realtime', 'gateway'] as const
export type ServiceName = (typeof SERVICES)[number]

const ENTRY: Record<ServiceName, string> = {
  simulator: 'test/simulator/main.ts',
  ingest: 'services/ingest/main.ts',
  sender: 'services/sender/main.ts',
  realtime: 'services/realtime/main.ts',
  gateway: 'services/gateway/main.ts',
}

/** The whole of Linko on one machine: servers, the demo world, four services and the simulator. */
export interface Stack extends AsyncDisposable {
  env: Record<string, string>
  servers: BackingServers
  services: Record<ServiceName, Supervised>
}

export interface StackOptions {
  /** Data and logs lie in `.linko/<profile>`. */
  profile: string
  /** Where the addresses and secrets in force are written; `.linko/demo.env` for `npm start`. */
  envFile: string
  docker: 'compose' | 'container'
  /** Beside what the services get from the environment. */
  extraEnv?: Record<string, string>
  watch?: boolean
  say(line: string): void
}

/** Starts everything, or nothing: a part that fails ends the others. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const dir = linkoDir(options.profile)
  const registry = await openRegistry(dir)
  await using cleanup = new AsyncDisposableStack()
  cleanup.defer(() => closeRegistry(registry))
  const servers = cleanup.use(await startServers({ dir, registry, docker: options.docker, say: options.say }))
  const env = await writeDemoEnv(options.envFile, servers)
  await prepareStore(env)

  const logs = path.join(dir, 'logs')
  mkdirSync(logs, { recursive: true })
  const start = async (name: ServiceName) => {
    const args = [...(options.watch ? ['--watch-preserve-output', '--watch'] : []), ENTRY[name]]
    const supervised = await supervise(
      {
        name,
        command: process.execPath,
        args,
        cwd: ROOT,
        env: { ...process.env, ...env, ...options.extraEnv },
        logFile: path.join(logs, `${name}.log`),
        ready: () => answersReady(`http://127.0.0.1:${env[`${name.toUpperCase()}_PORT`]}/ready`),
      },
      registry,
    )
    return cleanup.use(supervised)
  }
  const started = await Promise.allSettled(SERVICES.map(start))
  for (const result of started) if (result.status === 'rejected') throw result.reason
  const services = Object.fromEntries(
    started.map((result, i) => [SERVICES[i], (result as PromiseFulfilledResult<Supervised>).value]),
  )
  const running = cleanup.move()
  return { env, servers, services: services as Stack['services'], [Symbol.asyncDispose]: () => running.disposeAsync() }
}

async function prepareStore(env: Record<string, string>): Promise<void> {
  await using store = await connectStore(env.MONGODB_URI as string)
  await migrate(store)
  await seedDemo(store, createKeyring(env))
}

async function answersReady(url: string): Promise<void> {
  const response = await fetch(url, { signal: AbortSignal.timeout(3000) })
  if (!response.ok) throw new Error(await response.text())
}
