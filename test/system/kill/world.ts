import type { Id } from '#shared/model/ids.ts'
import { connectQueue } from '#shared/queue/connect.ts'
import type { Queue } from '#shared/queue/types.ts'
import type { Store } from '#shared/store/connect.ts'
import { migrate } from '#shared/store/migrate.ts'
import { type Bed, log, openBed } from '#test/load/bed.ts'
import { waIdOf } from '#test/load/bodies.ts'
import { createSenderWorld } from '#test/load/sender-world.ts'
import { agentToken } from '#test/load/users.ts'

/** A customer, and the number that they write to. */
export interface Person {
  waId: string
  userId: string
  tenantId: Id
  phoneNumberId: string
  /** Of a user of their tenant. */
  token: string
}

export interface World {
  bed: Bed
  store: Store
  queue: Queue
  people: Person[]
}

const TENANTS = 2

/** Two tenants with a number each. Half of their customers are new; the others have an empty conversation with an open window. */
export async function openWorld(count: number): Promise<World & AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const bed = stack.use(await openBed())
  const store = await bed.openStore()
  await migrate(store)
  const queue = stack.use(await connectQueue(bed.rabbitmqUrl, { log, name: 'trial', youngQueueWaitMs: 0 }))
  const { numbers } = await createSenderWorld(store, queue, { tenants: TENANTS, numbers: 1, conversations: count >> 1 })
  await store.raw.conversations.updateMany({}, { $set: { messageCount: 0 } })
  const tokens = await Promise.all(numbers.map(({ tenantId }) => agentToken(store, tenantId)))
  const people = Array.from({ length: count }, (_, i) => {
    const { tenantId, phoneNumberId } = numbers[i % TENANTS] as (typeof numbers)[number]
    return { waId: waIdOf(i), userId: `MA.${i}`, tenantId, phoneNumberId, token: tokens[i % TENANTS] as string }
  })
  const opened = stack.move()
  return { bed, store, queue, people, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}
