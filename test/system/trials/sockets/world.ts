import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Types } from 'mongoose'
import { seedDemo } from '#deploy/demo/seed.ts'
import { freePort } from '#deploy/local/ports.ts'
import { type ProcessSpec, supervise } from '#deploy/local/processes.ts'
import { linkoDir, openProfile } from '#deploy/local/profiles.ts'
import { closeRegistry, type Registry } from '#deploy/local/registry.ts'
import { startServers } from '#deploy/local/servers.ts'
import type { AccessClaims } from '#shared/auth/access-token.ts'
import type { TenantDoc, UserDoc } from '#shared/model/documents.ts'
import { ROOT } from '#shared/process/config.ts'
import { connectQueue } from '#shared/queue/connect.ts'
import { connectStore, type Store } from '#shared/store/connect.ts'
import { migrate } from '#shared/store/migrate.ts'
import { keyring, log, serviceEnv } from '#test/load/bed.ts'
import { forward, openNamespace } from './namespace.ts'

const PROFILE = 'trial-sockets'

/** Three realtime nodes behind nginx, the last of them in a network of its own. */
export async function openSocketWorld() {
  const dir = linkoDir(PROFILE)
  for (const part of ['mongodb', 'rabbitmq', 'redis']) rmSync(path.join(dir, part), { recursive: true, force: true })
  await using stack = new AsyncDisposableStack()
  const registry = await openProfile(PROFILE)
  stack.defer(() => closeRegistry(registry))
  const servers = stack.use(await startServers({ dir: registry.dir, registry, docker: 'container', report: () => undefined }))
  const store = stack.use(await connectStore(servers.mongodb.url, { attempts: 100 }))
  await migrate(store)
  await seedDemo(store, keyring, { nodeEnv: 'test' })
  const queue = stack.use(await connectQueue(servers.rabbitmq.url, { log, name: 'trial', youngQueueWaitMs: 0 }))

  const network = stack.use(openNamespace('linko3'))
  const links = [
    [network.host, servers.mongodb.url],
    [network.host, servers.rabbitmq.url],
    [network.hostForRedis, servers.redis.url],
  ] as const
  for (const [host, url] of links) stack.use(await forward(host, Number(new URL(url).port)))

  const here = { mongodb: servers.mongodb.url, rabbitmq: servers.rabbitmq.url, redis: servers.redis.url, host: '127.0.0.1' }
  const there = {
    mongodb: `mongodb://${network.host}:${new URL(here.mongodb).port}/linko?directConnection=true`,
    rabbitmq: at(here.rabbitmq, network.host),
    redis: at(here.redis, network.hostForRedis),
    host: network.node,
  }
  const plain = (command: string, args: string[]) => ({ command, args })
  const start = async (name: string, place: typeof here, run: typeof plain) => {
    const port = await freePort()
    const node = stack.use(await supervise(nodeSpec({ registry, name, place, port, run }), registry))
    return { node, address: `${place.host}:${port}` }
  }
  const nodes = [
    await start('node-a', here, plain),
    await start('node-b', here, plain),
    await start('node-c', there, network.inside),
  ]
  const port = await freePort()
  const addresses = nodes.map(({ address }) => address)
  stack.use(await supervise(nginxSpec(registry, port, addresses), registry))
  const opened = stack.move()
  return {
    store,
    queue,
    servers,
    network,
    nodes: nodes.map(({ node }) => node),
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
export type SocketWorld = Awaited<ReturnType<typeof openSocketWorld>>

function at(url: string, host: string): string {
  const moved = new URL(url)
  moved.hostname = host
  return moved.href
}

interface NodePlan {
  registry: Registry
  name: string
  place: { mongodb: string; rabbitmq: string; redis: string; host: string }
  port: number
  run: (command: string, args: string[]) => { command: string; args: string[] }
}

function nodeSpec({ registry, name, place, port, run }: NodePlan): ProcessSpec {
  return {
    name,
    ...run(process.execPath, ['services/realtime/main.ts']),
    cwd: ROOT,
    env: {
      ...serviceEnv({ rabbitmqUrl: place.rabbitmq, redisUrl: place.redis, mongodbUri: place.mongodb }),
      LOG_LEVEL: 'warn',
      HOST: place.host,
      REALTIME_PORT: String(port),
      SOCKETS_PER_USER: '1000',
    },
    logFile: path.join(registry.dir, `${name}.log`),
    ready: async () => {
      const response = await fetch(`http://${place.host}:${port}/ready`, { signal: AbortSignal.timeout(3000) })
      if (!response.ok) throw new Error(await response.text())
    },
  }
}

/**
 * WebSockets by turns, without any stickiness. A node that refuses is passed over each time: nginx would call one that failed
 * once healthy again only after a whole request, and a WebSocket is a request that does not end (`max_fails=0`).
 */
function nginxSpec(registry: Registry, port: number, addresses: string[]): ProcessSpec {
  const dir = path.join(registry.dir, 'nginx')
  mkdirSync(dir, { recursive: true })
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${dir}/${name};`)
  const config = `
    daemon off; worker_processes 1; pid ${dir}/pid; error_log ${dir}/error.log; worker_rlimit_nofile 20000;
    events { worker_connections 9000; }
    http {
      access_log off; ${temporary.join(' ')}
      upstream nodes { ${addresses.map(address => `server ${address} max_fails=0;`).join(' ')} }
      server {
        listen 127.0.0.1:${port};
        location / {
          proxy_pass http://nodes; proxy_http_version 1.1; proxy_connect_timeout 2s; proxy_read_timeout 90s;
          proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; proxy_set_header Host $host;
        }
      }
    }`
  writeFileSync(path.join(dir, 'nginx.conf'), config)
  return {
    name: 'nginx',
    command: 'nginx',
    args: ['-c', path.join(dir, 'nginx.conf')],
    logFile: path.join(registry.dir, 'nginx.log'),
    ready: async () => {
      await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(2000) })
    },
  }
}

/** Tenants like those of the demo world, each with one agent. */
export async function addTenants(store: Store, count: number): Promise<AccessClaims[]> {
  const user = (await store.raw.users.findOne({ email: 'agent@whatsapp-saas.com' })) as UserDoc
  const tenant = (await store.raw.tenants.findOne({ _id: user.tenantId })) as TenantDoc
  const pairs = Array.from({ length: count }, (_, i) => {
    const tenantId = new Types.ObjectId()
    const email = `agent${i}@trial.test`
    return {
      tenant: { ...tenant, _id: tenantId, name: `Trial ${i}`, slug: `trial-${i}` } as TenantDoc,
      user: { ...user, _id: new Types.ObjectId(), tenantId, email } as UserDoc,
    }
  })
  await store.raw.tenants.insertMany(pairs.map(pair => pair.tenant))
  await store.raw.users.insertMany(pairs.map(pair => pair.user))
  return pairs.map(({ user: { _id, tenantId, role, tokenVersion } }) => ({
    userId: String(_id),
    tenantId: String(tenantId),
    role,
    tokenVersion,
  }))
}
