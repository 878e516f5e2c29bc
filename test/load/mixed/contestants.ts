import type { Id } from '#shared/model/ids.ts'
import { connectQueue } from '#shared/queue/connect.ts'
import type { Queue } from '#shared/queue/types.ts'
import type { Store } from '#shared/store/connect.ts'
import { migrate } from '#shared/store/migrate.ts'
import { type Bed, log, openBed } from '../bed.ts'
import { type Child, startChild } from '../child.ts'
import { createSenderWorld } from '../sender-world.ts'
import { copyWorld } from '../skeletons/recorder.ts'
import { agentToken } from '../users.ts'
import type { MixedJob } from './load.ts'
import { ALL_QUEUES } from './skeleton/parts.ts'

/** The product or its skeleton: processes with a database, a Meta and queues of their own. */
export interface Contestant {
  store: Store
  tenantId: Id
  services: Record<string, Child>
  /** Where the load goes. */
  target: Pick<MixedJob, 'ingestUrl' | 'gatewayUrl' | 'token' | 'people'>
}

/** How many warnings its services have logged so far. */
export const warningsOf = ({ services }: Contestant) =>
  Object.values(services).reduce((sum, child) => sum + child.warnings.length, 0)

export function printWarnings({ services }: Contestant): void {
  const lines = Object.entries(services).flatMap(([name, child]) => child.warnings.map(line => `${name}: ${line}`))
  for (const [line, all] of Map.groupBy(lines, line => line)) console.log(`  ${all.length} × ${line}`)
}

/** A world of people with a conversation each, the load, and who is to bear it. */
export interface Mixed {
  bed: Bed
  queue: Queue
  load: Child
  startProduct(options?: { hasOwnRecorder?: boolean }): Promise<Contestant>
  /** Call it before anything is sent in the world, of which it gets a copy. */
  startSkeleton(): Promise<Contestant>
}

/** @param numbers of the one tenant, to which the people are given in turn */
export async function openMixed(people: number, numbers = 40): Promise<Mixed & AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const bed = stack.use(await openBed())
  const store = await bed.openStore()
  await migrate(store)
  const queue = stack.use(await connectQueue(bed.rabbitmqUrl, { log, name: 'bench', youngQueueWaitMs: 0 }))
  const { conversations } = await createSenderWorld(store, queue, { conversations: people, numbers })
  const tenantId = conversations[0]?.tenantId as Id
  const token = await agentToken(store, tenantId)
  const places = conversations.map(({ _id, phoneNumberId }) => ({ phoneNumberId, conversationId: String(_id) }))
  const load = stack.use(await startChild('test/load/mixed/load.ts', bed.env))
  const opened = stack.move()
  const start = async (file: string, env: NodeJS.ProcessEnv) => opened.use(await startChild(file, env))
  const contestant = async (own: Store, services: Record<string, Child>, meta: Child): Promise<Contestant> => {
    const at = (name: string) => `http://127.0.0.1:${services[name]?.port}`
    const ingestUrl = `${at('ingest')}/api/v1/webhook`
    await meta.ask({ ingestUrl })
    return { store: own, tenantId, services, target: { ingestUrl, gatewayUrl: at('gateway'), token, people: places } }
  }
  return {
    bed,
    queue,
    load,
    async startProduct({ hasOwnRecorder = false } = {}) {
      const meta = await start('test/load/mixed/meta.ts', bed.env)
      const env = { ...bed.env, ...PRODUCT_ENV, META_GRAPH_URL: `http://127.0.0.1:${meta.port}` }
      const service = (name: string, more = {}) => start(`services/${name}/main.ts`, { ...env, ...more })
      const services = {
        gateway: await service('gateway'),
        ingest: await service('ingest', { INGEST_ROLE: hasOwnRecorder ? 'receiver' : 'all' }),
        ...(hasOwnRecorder && { recorder: await service('ingest', { INGEST_ROLE: 'recorder', RABBITMQ_URL: patientUrl(bed) }) }),
        sender: await service('sender'),
        realtime: await service('realtime'),
      }
      return await contestant(store, services, meta)
    },
    async startSkeleton() {
      const own = await bed.openStore('new')
      await migrate(own)
      await copyWorld(store, own)
      await openQueues(bed, opened)
      const meta = await start('test/load/mixed/meta.ts', bed.env)
      const env = { ...bed.envOf(own), META_GRAPH_URL: `http://127.0.0.1:${meta.port}` }
      const services: Record<string, Child> = {}
      for (const name of ['gateway', 'ingest', 'sender', 'realtime'])
        services[name] = await start(`test/load/mixed/skeleton/${name}.ts`, env)
      return await contestant(own, services, meta)
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

const PRODUCT_ENV = {
  GATEWAY_PORT: '0',
  BASE_URL: 'https://linko.example',
  RATE_LIMIT_API: '1000000/min',
  RATE_LIMIT_MESSAGES: '1000000/min',
}

/** The broker waits longer for a recorder that is stopped on purpose. */
const patientUrl = ({ rabbitmqUrl }: Bed) => `${rabbitmqUrl}?heartbeat=0`

async function openQueues({ channel }: Bed, stack: AsyncDisposableStack): Promise<void> {
  for (const name of ALL_QUEUES) await channel.assertQueue(name, { arguments: { 'x-queue-type': 'quorum' } })
  stack.defer(async () => {
    for (const name of ALL_QUEUES) await channel.deleteQueue(name)
  })
}
