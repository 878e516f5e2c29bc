import { createHash } from 'node:crypto'
import path from 'node:path'
import { ROOT } from '#shared/process/config.ts'
import { run } from './install.ts'
import { pingMongodb, SHORT_TRANSACTIONS } from './mongodb.ts'
import type { ServerName } from './private-server.ts'

export interface DockerServer {
  url: string
  stop(): Promise<void>
  /** RabbitMQ only: evaluates an Erlang expression in the broker. */
  evaluate?(expression: string): Promise<string>
}

/** The servers alone: docker-compose.yml is for production and publishes none of them. */
const COMPOSE_FILE = path.join(ROOT, 'deploy/local/compose.yml')
/** The variables by which it takes the published ports. */
const COMPOSE_PORT = { mongodb: 'LINKO_MONGODB_PORT', rabbitmq: 'LINKO_RABBITMQ_PORT', redis: 'LINKO_REDIS_PORT' } as const
/** One compose project per checkout. */
const PROJECT = `linko-${createHash('sha256').update(ROOT).digest('hex').slice(0, 8)}`
/** As in that file: RabbitMQ's own user `guest` can only connect inside its container. */
const RABBITMQ_USER = 'linko'
const rabbitmqPassword = () => process.env.RABBITMQ_PASSWORD ?? 'linko-laptop'

/** `docker compose up` calls run one after the other: at the same time each would create the project's network. */
let composing: Promise<unknown> = Promise.resolve()

/** Starts a service of the compose file, for `npm start`. Its data is in a named volume. */
export async function startComposed(name: ServerName, port: number): Promise<DockerServer> {
  const env = { ...process.env, [COMPOSE_PORT[name]]: String(port) }
  const compose = (...args: string[]) =>
    run('docker', ['compose', '-p', PROJECT, '-f', COMPOSE_FILE, ...args], { cwd: ROOT, env })
  const result = composing.then(() => compose('up', '-d', '--wait', '--no-deps', name))
  composing = result.catch(() => undefined)
  await result
  return { url: addressOf(name, port), stop: async () => void (await compose('stop', name)) }
}

/** Starts a container for tests, which is removed after the run, even a killed one. */
export async function startContainer(name: ServerName): Promise<DockerServer> {
  const { GenericContainer, Wait } = await import('testcontainers')
  const { image, port, log, command, environment } = IMAGES[name]()
  const container = await new GenericContainer(image)
    .withExposedPorts(port)
    .withEnvironment(environment)
    .withCommand(command)
    .withWaitStrategy(Wait.forLogMessage(log))
    .start()
  const url = addressOf(name, container.getMappedPort(port))
  if (name === 'mongodb') {
    await container.exec(['mongosh', '--quiet', '--eval', 'rs.initiate({_id:"linko",members:[{_id:0,host:"127.0.0.1:27017"}]})'])
    await untilPrimary(url)
  }
  return {
    url,
    stop: async () => void (await container.stop()),
    evaluate: async expression => (await container.exec(['rabbitmqctl', '--quiet', 'eval', expression])).output,
  }
}

const IMAGES: Record<
  ServerName,
  () => { image: string; port: number; log: RegExp; command: string[]; environment: Record<string, string> }
> = {
  mongodb: () => ({
    image: 'mongo:7.0.14',
    port: 27017,
    log: /Waiting for connections/,
    command: ['mongod', '--replSet', 'linko', '--bind_ip_all', '--setParameter', SHORT_TRANSACTIONS],
    environment: {},
  }),
  rabbitmq: () => ({
    image: 'rabbitmq:4.0.5',
    port: 5672,
    log: /Server startup complete/,
    command: ['rabbitmq-server'],
    environment: { RABBITMQ_DEFAULT_USER: RABBITMQ_USER, RABBITMQ_DEFAULT_PASS: rabbitmqPassword() },
  }),
  redis: () => ({
    image: 'redis:7.4.1',
    port: 6379,
    log: /Ready to accept connections/,
    command: ['redis-server', '--save', ''],
    environment: {},
  }),
}

/** The address of a server. MongoDB's is direct, because the member's host name is known inside the container only. */
function addressOf(name: ServerName, port: number): string {
  if (name === 'mongodb') return `mongodb://127.0.0.1:${port}/linko?directConnection=true`
  if (name === 'redis') return `redis://127.0.0.1:${port}`
  return `amqp://${RABBITMQ_USER}:${encodeURIComponent(rabbitmqPassword())}@127.0.0.1:${port}`
}

async function untilPrimary(url: string): Promise<void> {
  for (let i = 0; ; i++) {
    try {
      return await pingMongodb(url)
    } catch (error) {
      if (i === 50) throw error
      await new Promise(resolve => setTimeout(resolve, 200))
    }
  }
}
