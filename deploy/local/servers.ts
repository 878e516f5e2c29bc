import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type DockerServer, startComposed, startContainer } from './backing/docker.ts'
import { dockerAnswers, firstLine } from './backing/install.ts'
import { fetchMongod, findMongod, pingMongodb, startMongodb } from './backing/mongodb.ts'
import { type PrivateServer, SERVER_NAMES, type ServerLocation, type ServerName } from './backing/private-server.ts'
import {
  fetchRabbitmq,
  findRabbitmq,
  type PrivateRabbitmq,
  pingRabbitmq,
  rabbitmqUrl,
  startRabbitmq,
} from './backing/rabbitmq.ts'
import { fetchRedis, findRedis, pingRedis, startRedis } from './backing/redis.ts'
import { freePort } from './ports.ts'
import type { Supervised } from './processes.ts'
import type { Registry } from './registry.ts'

/** A running backing server. */
export interface BackingServer extends AsyncDisposable {
  name: ServerName
  url: string
  /** Where the server comes from, as a text for the user. */
  source: string
  /** The process of a private server, for tests that kill it: it is started again on the same port with the same data. */
  supervised: Supervised | null
  /** Evaluates an Erlang expression in the broker; null for other servers and for a broker given by its address. */
  evaluate: ((expression: string) => Promise<string>) | null
}
export type BackingServers = Record<ServerName, BackingServer> & AsyncDisposable

export interface ServersOptions {
  /** Folder for data and logs of private servers, below `.linko/`. */
  dir: string
  registry: Registry
  /** How a Docker engine is used: compose services for `npm start`, disposable containers for tests. */
  docker: 'compose' | 'container' | 'never'
  /** Runs as soon as a server is ready, while others still start. */
  prepare?: Partial<Record<ServerName, (server: BackingServer) => Promise<void>>>
  /** Hears where RabbitMQ will answer, as soon as that is known: it takes longest to start. */
  onBrokerAddress?(url: string): void
  /** Prints a line for the user. */
  report(line: string): void
}

const KINDS = {
  mongodb: {
    variable: 'MONGODB_URI',
    ping: pingMongodb,
    find: findMongod,
    fetch: fetchMongod,
    start: startMongodb,
    hint: 'install MongoDB 6 or newer, or set MONGODB_URI',
  },
  rabbitmq: {
    variable: 'RABBITMQ_URL',
    ping: pingRabbitmq,
    find: findRabbitmq,
    fetch: fetchRabbitmq,
    start: startRabbitmq,
    hint: 'install the package rabbitmq-server, or set RABBITMQ_URL',
  },
  redis: {
    variable: 'REDIS_URL',
    ping: pingRedis,
    find: findRedis,
    fetch: fetchRedis,
    start: startRedis,
    hint: 'install the package redis-server, or set REDIS_URL',
  },
} as const

/** Packages are fetched one after the other, because apt has a lock. */
let fetching: Promise<unknown> = Promise.resolve()

/** Starts MongoDB, RabbitMQ and Redis, each from the first source that works. @throws Error with the server and all attempts */
export async function startServers(options: ServersOptions): Promise<BackingServers> {
  const servers: Partial<Record<ServerName, BackingServer>> = {}
  const stopAll = async () => void (await Promise.all(Object.values(servers).map(server => server[Symbol.asyncDispose]())))
  const start = async (name: ServerName) => {
    const server = await startServer(name, options)
    servers[name] = server
    if (name === 'rabbitmq') options.onBrokerAddress?.(server.url)
    await options.prepare?.[name]?.(server)
  }
  const failure = (await Promise.allSettled(SERVER_NAMES.map(start))).find(result => result.status === 'rejected')
  if (failure === undefined) return { ...(servers as Record<ServerName, BackingServer>), [Symbol.asyncDispose]: stopAll }
  await stopAll()
  throw failure.reason
}

/** Tries one source. Returns a reason when the source does not apply, and throws when it fails. */
type Source = (name: ServerName, options: ServersOptions) => Promise<BackingServer | string>

async function startServer(name: ServerName, options: ServersOptions): Promise<BackingServer> {
  const tried: string[] = []
  for (const trySource of [byAddress, byDocker, byBinary, byFetching]) {
    const result = await trySource(name, options).catch(firstLine)
    if (typeof result === 'string') tried.push(result)
    else {
      options.report(`${name}: ${result.source}${tried.length > 0 ? ` (${tried.join('; ')})` : ''}`)
      return result
    }
  }
  throw new Error(`${name} could not be started: ${tried.join('; ')}.\nTo fix this, ${KINDS[name].hint}.`)
}

const byAddress: Source = async name => {
  const { variable, ping } = KINDS[name]
  const url = process.env[variable]
  if (!url) return `${variable} is not set`
  await ping(url).catch(error => {
    throw new Error(`${variable} is set, but the server cannot be used: ${firstLine(error)}`)
  })
  return { name, url, source: `the address in ${variable}`, supervised: null, evaluate: null, async [Symbol.asyncDispose]() {} }
}

const byDocker: Source = async (name, { docker, dir }) => {
  if (docker === 'never') return 'Docker is not asked'
  if (!(await dockerAnswers())) return 'no Docker engine answers'
  const server: DockerServer =
    docker === 'compose' ? await startComposed(name, await keptPort(dir, name)) : await startContainer(name)
  return {
    name,
    url: server.url,
    source: 'a container of the Docker engine',
    supervised: null,
    evaluate: server.evaluate ?? null,
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

const byBinary: Source = async (name, options) => {
  const binary = KINDS[name].find()
  return binary === null ? 'no binary on PATH' : startPrivate(name, binary, `${binary}, private`, options)
}

const byFetching: Source = async (name, options) => {
  options.report(`${name}: fetching …`)
  const result = fetching.then(() => KINDS[name].fetch())
  fetching = result.catch(() => undefined)
  const { binary, from } = await result
  return startPrivate(name, binary, `fetched ${from}, private`, options)
}

async function startPrivate(name: ServerName, binary: string, source: string, options: ServersOptions): Promise<BackingServer> {
  const dir = path.join(options.dir, name)
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const place: ServerLocation = { dir, port: await keptPort(options.dir, name), registry: options.registry }
  if (name === 'rabbitmq') options.onBrokerAddress?.(rabbitmqUrl(place.port))
  const server: PrivateServer | PrivateRabbitmq = await KINDS[name].start(binary, place)
  const { supervised } = server
  return {
    name,
    url: server.url,
    source,
    supervised: supervised[supervised.length - 1] ?? null,
    evaluate: evaluatorOf(server),
    async [Symbol.asyncDispose]() {
      for (const process of [...supervised].reverse()) await process[Symbol.asyncDispose]()
    },
  }
}

/** The port of the last start if it is free, so that addresses stay the same. */
async function keptPort(dir: string, name: ServerName): Promise<number> {
  const file = path.join(dir, `${name}.port`)
  const last = existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined
  const port = await freePort(last)
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  writeFileSync(file, String(port))
  return port
}

const evaluatorOf = (server: PrivateServer | PrivateRabbitmq) =>
  'evaluate' in server ? (server as PrivateRabbitmq).evaluate : null
