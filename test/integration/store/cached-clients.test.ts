import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { ClientDoc } from '#shared/model/documents.ts'
import { newId } from '#shared/model/ids.ts'
import { connectStore, type Store } from '#shared/store/connect.ts'
import { migrate } from '#shared/store/migrate.ts'
import { findCachedPrimaryClient, getCachedClient, getCachedNamedClient } from '#shared/store/numbers/cached-clients.ts'
import { updateClientWithoutEvent } from '#shared/store/numbers/checks.ts'
import { editClient, pauseClient } from '#shared/store/numbers/clients.ts'
import { setNumberRate } from '#shared/store/numbers/limits.ts'
import { untilPasses } from '#test/support/until.ts'
import { createWorld } from '#test/support/world.ts'

const tenantId = newId()
const finds: string[] = []
const stack = new AsyncDisposableStack()
/** Two processes. */
let store: Store
let other: Store
let number: ClientDoc

beforeAll(async () => {
  const { mongodbUri } = stack.use(await createWorld())
  const onCommand = ({ collection }: { collection: string | null }) => collection === 'clients' && finds.push(collection)
  store = stack.use(await connectStore(mongodbUri, { onCommand }))
  other = stack.use(await connectStore(mongodbUri))
  await migrate(store)
})
afterAll(() => stack.disposeAsync())
beforeEach(async () => {
  number = await createClient({ isPrimary: true })
})

async function createClient(fields: Partial<ClientDoc> = {}): Promise<ClientDoc> {
  await store.models.clients.updateMany({ tenantId }, { $set: { deletedAt: new Date() } })
  const _id = newId()
  const client = { _id, tenantId, whatsappNumber: '212600111222', phoneNumberId: String(_id), wabaId: '1', ...fields }
  return (await store.models.clients.create(client)).toObject()
}

const readAll = (from: Store) =>
  Promise.all([
    getCachedClient(from, tenantId, number._id),
    getCachedNamedClient(from, tenantId, number.phoneNumberId),
    findCachedPrimaryClient(from, tenantId),
  ])

test('callers of one moment share a read', async () => {
  finds.length = 0
  const found = await Promise.all(Array.from({ length: 10 }, () => getCachedClient(store, tenantId, number._id)))
  expect(found.map(({ _id }) => String(_id))).toEqual(Array(10).fill(String(number._id)))
  expect(finds).toHaveLength(1)
})

test.for<[string, Partial<ClientDoc>, () => Promise<unknown>]>([
  ['pause', { status: 'paused' }, () => pauseClient(store, { tenantId, clientId: number._id, reason: 'manual', detail: 'a' })],
  ['new name', { companyName: 'b' }, () => editClient(store, number, { companyName: 'b' }, newId())],
  [
    'new rate',
    { maxPerSecond: 5 },
    () => setNumberRate(store, { tenantId, clientId: String(number._id), maxPerSecond: 5, by: newId() }),
  ],
  ['check', { throughput: 250 }, () => updateClientWithoutEvent(store, number, { throughput: 250 })],
])('a %s shows in this process at once, in others after a second', async ([, changed, change]) => {
  await Promise.all([readAll(store), readAll(other)])
  await change()
  for (const found of await readAll(store)) expect(found).toMatchObject(changed)
  await untilPasses(async () => {
    for (const found of await readAll(other)) expect(found).toMatchObject(changed)
  })
})

test('a first number is found as soon as it is there', async () => {
  const empty = newId()
  expect(await findCachedPrimaryClient(store, empty)).toBeNull()
  await expect(getCachedNamedClient(store, empty, '99')).rejects.toMatchObject({ status: 404 })
  const first = await createClient({ tenantId: empty, phoneNumberId: '99' })
  expect((await findCachedPrimaryClient(store, empty))?._id).toEqual(first._id)
  expect((await getCachedNamedClient(store, empty, '99'))._id).toEqual(first._id)
})
