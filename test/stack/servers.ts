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
  const started = await Promise.allSettled(SERVER_NAMES.map(name => startServer(name, options)))
  const servers = started.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []))
  const stopAll = async () => void (await Promise.all(servers.map(server => server[Symbol.asyncDispose]())))
  const failure = started.find(result => result.status === 'rejected')
  if (failure !== undefined) {
    await stopAll()
    throw failure.reason
  }
  const [mongodb, rabbitmq, redis] = servers as [BackingServer, BackingServer, BackingServer]
  return { mongodb, rabbitmq, redis, [Symbol.asyncDispose]: stopAll }
}

async function startServer(name: ServerName, options: ServersOptions): Promise<BackingServer> {
  const tried: string[] = []
  for (const way of [byAddress, byDocker, byBinary, byFetching]) {
    try {
      const server = await way(name, options)
      if (server === null) continue
      const because = tried.length > 0 ? ` (${tried.join('; ')})` : ''
      options.say(`${name}: ${server.way}${because}`)
      return server
    } catch (error) {
      tried.push(firstLine(error))
    }
  }
  throw new Error(
    `${name} could not be started. Tried: ${tried.join('; ') || 'nothing was found'}. What helps: ${KINDS[name].hint}`,
  )
}

async function byAddress(name: ServerName): Promise<BackingServer | null> {
  const { variable, ping } = KINDS[name]
  const url = process.env[variable]
  if (!url) return null
  await ping(url).catch(error => {
    throw new Error(`${variable} is set, but nothing answers there: ${firstLine(error)}`)
  })
  return { name, url, way: `the address in ${variable}`, supervised: null, evaluate: null, async [Symbol.asyncDispose]() {} }
}

async function byDocker(name: ServerName, { docker, dir }: ServersOptions): Promise<BackingServer | null> {
  if (!(await dockerAnswers())) return null
  const server: DockerServer =
    docker === 'compose' ? await startComposed(name, await keptPort(dir, name)) : await startContainer(name)
  return {
    name,
    url: server.url,
    way: 'a container of the Docker engine that answers',
    supervised: null,
    evaluate: server.evaluate ?? null,
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

async function byBinary(name: ServerName, options: ServersOptions): Promise<BackingServer | null> {
  const binary = KINDS[name].find()
  return binary === null ? null : own(name, binary, `private, from ${binary}`, options)
}

async function byFetching(name: ServerName, options: ServersOptions): Promise<BackingServer | null> {
  const turn = fetching.then(() => KINDS[name].fetch())
  fetching = turn.catch(() => undefined)
  const binary = await turn
  return own(name, binary, `private, fetched to ${binary}: no address, no Docker engine, nothing on PATH`, options)
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
