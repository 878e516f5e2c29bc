import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { openRegistry } from './processes.ts'
import { linkoDir, startServers } from './servers.ts'

/** What tests are told of their servers. `DATABASE` and `VHOST` in the addresses are replaced by each test's own. */
export interface TestServers {
  mongodbUri: string
  rabbitmqUrl: string
  redisUrl: string
  vhosts: string[]
}

/** Every test takes one; a pool that is too small is used again from the start. */
const VHOSTS = 200

/** Private servers on free ports with a pool of vhosts; disposing stops them and removes their data. */
export async function startTestServers(
  say: (line: string) => void = console.log,
): Promise<AsyncDisposable & { servers: TestServers }> {
  const dir = linkoDir(`test-${randomBytes(4).toString('hex')}`)
  const servers = await startServers({ dir, registry: await openRegistry(dir), docker: 'container', say })
  const names = Array.from({ length: VHOSTS }, (_, i) => `t${i}`)
  const isOurs = servers.rabbitmq.evaluate !== null
  if (servers.rabbitmq.evaluate !== null) await servers.rabbitmq.evaluate(addVhosts(names))
  const mongodb = new URL(servers.mongodb.url)
  mongodb.pathname = '/DATABASE'
  return {
    servers: {
      mongodbUri: mongodb.href,
      rabbitmqUrl: isOurs ? `${servers.rabbitmq.url}/VHOST` : servers.rabbitmq.url,
      redisUrl: servers.redis.url,
      // A broker that came by its address has one vhost: tests then share it, one after the other.
      vhosts: isOurs ? names : ['given'],
    },
    async [Symbol.asyncDispose]() {
      await servers[Symbol.asyncDispose]()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** One expression for all: each vhost costs a moment, starting rabbitmqctl costs seconds. */
function addVhosts(names: string[]): string {
  const list = names.map(name => `<<"${name}">>`).join(',')
  const all = '<<".*">>, <<".*">>, <<".*">>'
  return `[begin rabbit_vhost:add(V, <<"linko">>), rabbit_auth_backend_internal:set_permissions(<<"guest">>, V, ${all}, <<"linko">>) end || V <- [${list}]], ok.`
}
