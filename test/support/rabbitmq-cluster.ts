import path from 'node:path'
import { findRabbitmq, type RabbitmqNode, startEpmd, startNode } from '#deploy/local/backing/rabbitmq.ts'
import { freePort } from '#deploy/local/ports.ts'
import { openProfile } from '#deploy/local/profiles.ts'
import { closeRegistry } from '#deploy/local/registry.ts'
import { startProxy } from './tcp-proxy.ts'

export interface Cluster extends AsyncDisposable {
  nodes: readonly RabbitmqNode[]
  /** Leads to the first node that answers, as a load balancer does. */
  url: string
  /** The node that leads a quorum queue now, as any living node tells. */
  leaderOf(queue: string): Promise<RabbitmqNode>
}

/** Starts a RabbitMQ cluster of three nodes on this machine. @throws Error when RabbitMQ is not installed or no cluster forms */
export async function startCluster(profile: string): Promise<Cluster> {
  const binary = findRabbitmq()
  if (binary === null) throw new Error('rabbitmq-server is not installed')
  await using opening = new AsyncDisposableStack()
  const registry = await openProfile(profile, () => undefined)
  opening.defer(() => closeRegistry(registry))
  const dirOf = (name: string) => path.join(registry.dir, name)
  const epmd = await startEpmd(dirOf('epmd'), registry)
  opening.use(epmd.supervised)
  const names = ['one@localhost', 'two@localhost', 'three@localhost'] as const
  const nodes = new Map<string, RabbitmqNode>()
  // One after the other: the first writes the cookie, and each joins it.
  for (const name of names) {
    const place = { dir: dirOf(name), port: await freePort(), registry, name, home: dirOf('home'), epmdPort: epmd.port }
    const node = await startNode(binary, place)
    opening.use(node.supervised)
    if (nodes.size > 0) for (const step of joining(names[0])) await node.control(...step)
    nodes.set(name, node)
  }
  const [first, ...others] = [...nodes.values()].map(({ url }) => url) as [string, ...string[]]
  const proxy = opening.use(await startProxy(first, ...others))
  const opened = opening.move()
  return {
    nodes: [...nodes.values()],
    url: proxy.url,
    async leaderOf(queue) {
      const rows = await Promise.any([...nodes.values()].map(node => node.control('list_queues', 'name', 'leader')))
      const leader = rows
        .split('\n')
        .find(row => row.startsWith(`${queue}\t`))
        ?.split('\t')[1]
        ?.trim()
      const node = nodes.get(leader ?? '')
      if (node === undefined) throw new Error(`nobody leads ${queue}:\n${rows}`)
      return node
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

const joining = (first: string) => [['stop_app'], ['reset'], ['join_cluster', first], ['start_app']]
