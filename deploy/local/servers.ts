import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type DockerServer, startComposed, startContainer } from './backing/docker.ts'
import { fetchMongod, findMongod, pingMongodb, startMongodb } from './backing/mongodb.ts'
import type { OwnServer, Place } from './backing/own.ts'
import { fetchRabbitmq, findRabbitmq, type OwnRabbitmq, pingRabbitmq, startRabbitmq } from './backing/rabbitmq.ts'
import { fetchRedis, findRedis, pingRedis, startRedis } from './backing/redis.ts'
import { dockerAnswers, firstLine, SERVER_NAMES, type ServerName } from './backing/ways.ts'
import { freePort } from './ports.ts'
import type { Registry, Supervised } from './processes.ts'

/** A backing server that answers, however it came to be. */
export interface BackingServer extends AsyncDisposable {
  name: ServerName
  url: string
  /** One line for people: which way was taken and why. */
  way: string
  /** Ours only: kill -9 of the process, which is started again on the same port with the same data. */
  supervised: Supervised | null
  /** RabbitMQ, not when it came by its address: an Erlang expression in the broker. */
  evaluate: ((expression: string) => Promise<string>) | null
}
export type BackingServers = Record<ServerName, BackingServer> & AsyncDisposable

export interface ServersOptions {
  /** Below `.linko/`: data and logs of the servers of ours. */
  dir: string
  registry: Registry
  /** `start` takes compose services, `test` throw-away containers. */
  docker: 'compose' | 'container'
  /** What a server needs before the others are awaited. */
  prepare?: Partial<Record<ServerName, (server: BackingServer) => Promise<void>>>
  say(line: string): void
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
    hint: 'apt-get install rabbitmq-server, or set RABBITMQ_URL',
  },
  redis: {
    variable: 'REDIS_URL',
    ping: pingRedis,
    find: findRedis,
    fetch: fetchRedis,
    start: startRedis,
    hint: 'apt-get install redis-server, or set REDIS_URL',
  },
} as const

/** Only one at a time: they share apt's lock. */
let fetching: Promise<unknown> = Promise.resolve()

/** MongoDB, RabbitMQ and Redis, each by the first way that works. @throws one error that names the server and what was tried */
export async function startServers(options: ServersOptions): Promise<BackingServers> {
  const servers: Partial<Record<ServerName, BackingServer>> = {}
  const stopAll = async () => void (await Promise.all(Object.values(servers).map(server => server[Symbol.asyncDispose]())))
  const start = async (name: ServerName) => {
    const server = await startServer(name, options)
    servers[name] = server
    await options.prepare?.[name]?.(server)
  }
  const failure = (await Promise.allSettled(SERVER_NAMES.map(start))).find(result => result.status === 'rejected')
  if (failure === undefined) return { ...(servers as Record<ServerName, BackingServer>), [Symbol.asyncDispose]: stopAll }
  await stopAll()
  throw failure.reason
}

/** A way that does not apply answers why; one that fails throws. */
type Way = (name: ServerName, options: ServersOptions) => Promise<BackingServer | string>

async function startServer(name: ServerName, options: ServersOptions): Promise<BackingServer> {
  const tried: string[] = []
  for (const way of [byAddress, byDocker, byBinary, byFetching]) {
    const result = await way(name, options).catch(firstLine)
    if (typeof result === 'string') tried.push(result)
    else {
      options.say(`${name}: ${result.way}${tried.length > 0 ? ` (${tried.join('; ')})` : ''}`)
      return result
    }
  }
  throw new Error(`${name} could not be started: ${tried.join('; ')}.\nWhat helps: ${KINDS[name].hint}`)
}

const byAddress: Way = async name => {
  const { variable, ping } = KINDS[name]
  const url = process.env[variable]
  if (!url) return `${variable} is not set`
  await ping(url).catch(error => {
    throw new Error(`${variable} is set, but of no use: ${firstLine(error)}`)
  })
  return { name, url, way: `the address in ${variable}`, supervised: null, evaluate: null, async [Symbol.asyncDispose]() {} }
}

const byDocker: Way = async (name, { docker, dir }) => {
  if (!(await dockerAnswers())) return 'no Docker engine answers'
  const server: DockerServer =
    docker === 'compose' ? await startComposed(name, await keptPort(dir, name)) : await startContainer(name)
  return {
    name,
    url: server.url,
    way: 'a container of the Docker engine',
    supervised: null,
    evaluate: server.evaluate ?? null,
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

const byBinary: Way = async (name, options) => {
  const binary = KINDS[name].find()
  return binary === null ? 'no binary on PATH' : own(name, binary, `${binary}, private`, options)
}

const byFetching: Way = async (name, options) => {
  options.say(`${name}: is being fetched …`)
  const turn = fetching.then(() => KINDS[name].fetch())
  fetching = turn.catch(() => undefined)
  const { binary, from } = await turn
  return own(name, binary, `fetched ${from}, private`, options)
}

async function own(name: ServerName, binary: string, way: string, options: ServersOptions): Promise<BackingServer> {
  const dir = path.join(options.dir, name)
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const place: Place = { dir, port: await keptPort(options.dir, name), registry: options.registry }
  const server: OwnServer | OwnRabbitmq = await KINDS[name].start(binary, place)
  const { supervised } = server
  return {
    name,
    url: server.url,
    way,
    supervised: supervised[supervised.length - 1] ?? null,
    evaluate: evaluatorOf(server),
    async [Symbol.asyncDispose]() {
      for (const process of [...supervised].reverse()) await process[Symbol.asyncDispose]()
    },
  }
}

/** The port of the last start if it is free, so that addresses stay. */
async function keptPort(dir: string, name: ServerName): Promise<number> {
  const file = path.join(dir, `${name}.port`)
  const last = existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined
  const port = await freePort(last)
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  writeFileSync(file, String(port))
  return port
}

const evaluatorOf = (server: OwnServer | OwnRabbitmq) => ('evaluate' in server ? (server as OwnRabbitmq).evaluate : null)
