import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { brokerDefinitions } from '#deploy/broker-users.ts'
import { openProfile } from '#deploy/local/profiles.ts'
import { closeRegistry } from '#deploy/local/registry.ts'
import { startServers } from '#deploy/local/servers.ts'
import { BROKER_USERS, type BrokerUser } from '#shared/queue/rights.ts'
import { databaseNames, dropDatabases } from '#test/support/pools/databases.ts'
import { refuseUsedVhost } from '#test/support/pools/vhosts.ts'

/** Addresses of the test servers. `DATABASE` and `VHOST` in the addresses are replaced by each test's own. */
export interface TestServers {
  mongodbUri: string
  rabbitmqUrl: string
  redisUrl: string
  vhosts: string[]
  databases: string[]
  /** A virtual host whose only users are those of `deploy/broker-users.ts`; null where the broker came by its address. */
  restricted: RestrictedVhost | null
}

export interface RestrictedVhost {
  /** `USER` and `PASSWORD` are replaced. */
  url: string
  passwords: Record<BrokerUser, string>
}

/** Every test takes one, in turn; one that comes round again is emptied first. To declare the queues of a new one takes more than a second. */
const VHOSTS = 16

/** Private servers on free ports with a pool of vhosts; disposing stops them and removes their data. */
export async function startTestServers(
  say: (line: string) => void = console.log,
): Promise<AsyncDisposable & { servers: TestServers }> {
  const registry = await openProfile(`test-${randomBytes(4).toString('hex')}`)
  const close = () => {
    closeRegistry(registry)
    rmSync(registry.dir, { recursive: true, force: true })
  }
  try {
    const servers = await startServers({ dir: registry.dir, registry, docker: 'container', report: say })
    const vhosts = Array.from({ length: VHOSTS }, (_, i) => `t${i}`)
    const isOurs = servers.rabbitmq.evaluate !== null
    if (!isOurs) await refuseUsedVhost(servers.rabbitmq.url)
    const passwords = newPasswords()
    await servers.rabbitmq.evaluate?.(importDefinitions(brokerDefinitions(passwords, RESTRICTED)))
    await servers.rabbitmq.evaluate?.(addVhosts(vhosts, decodeURIComponent(new URL(servers.rabbitmq.url).username)))
    const mongodb = new URL(servers.mongodb.url)
    mongodb.pathname = '/DATABASE'
    const databases = databaseNames()
    return {
      servers: {
        mongodbUri: mongodb.href,
        rabbitmqUrl: isOurs ? `${servers.rabbitmq.url}/VHOST` : servers.rabbitmq.url,
        redisUrl: servers.redis.url,
        // A broker that came by its address has one vhost for all: vitest then runs one file at a time.
        vhosts: isOurs ? vhosts : ['given'],
        databases,
        restricted: isOurs ? { url: restrictedUrl(servers.rabbitmq.url), passwords } : null,
      },
      async [Symbol.asyncDispose]() {
        // A server that came by its address keeps nothing of the tests.
        if (process.env.MONGODB_URI) await dropDatabases(mongodb.href, databases)
        await servers[Symbol.asyncDispose]()
        close()
      },
    }
  } catch (error) {
    registry.killAll()
    close()
    throw error
  }
}

/** One expression for all: each vhost costs a moment, starting rabbitmqctl costs seconds. */
function addVhosts(names: string[], user: string): string {
  const list = names.map(name => `<<"${name}">>`).join(',')
  const all = '<<".*">>, <<".*">>, <<".*">>'
  return `[begin rabbit_vhost:add(V, <<"linko">>), rabbit_auth_backend_internal:set_permissions(<<"${user}">>, V, ${all}, <<"linko">>) end || V <- [${list}]], ok.`
}

const RESTRICTED = 'restricted'

const newPasswords = () =>
  Object.fromEntries(BROKER_USERS.map(user => [user, randomBytes(12).toString('hex')])) as Record<BrokerUser, string>

/** As RabbitMQ does with a file of definitions. */
const importDefinitions = (definitions: object) =>
  `ok = rabbit_definitions:import_raw(base64:decode(<<"${Buffer.from(JSON.stringify(definitions)).toString('base64')}">>)).`

const restrictedUrl = (url: string) => `amqp://USER:PASSWORD@${new URL(url).host}/${RESTRICTED}`
