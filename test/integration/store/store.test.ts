import { once } from 'node:events'
import { connect as connectSocket, createServer, type Server, type Socket } from 'node:net'
import { type ClientSession, Types } from 'mongoose'
import { test as base, describe, expect } from 'vitest'
import { ApiError, Outage } from '#shared/domain/errors.ts'
import type { ContactDoc } from '#shared/model/documents.ts'
import { connectStore, type Store } from '#shared/store/connect.ts'
import { connectMigrated, migrate } from '#shared/store/migrate.ts'
import { COLLECTIONS } from '#shared/store/models.ts'
import { acrossTenants } from '#shared/store/tenancy/tenancy.ts'
import { createWorld, type World } from '#test/support/world.ts'

const test = base.extend<{ world: World; store: Store }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the parameter to see which fixtures are used
  world: async ({}, use) => {
    await using world = await createWorld({ isFresh: true })
    await use(world)
  },
  store: async ({ world }, use) => {
    await using store = await connectStore(world.mongodbUri)
    await use(store)
  },
})

const tenantId = new Types.ObjectId()
const newNote = (text: string) => ({ tenantId, text })

/** Names of the indexes of every collection. */
async function indexNames(store: Store): Promise<Record<string, string[]>> {
  const entries = COLLECTIONS.map(async name => [name, (await store.raw[name].indexes()).map(index => index.name ?? '').sort()])
  return Object.fromEntries(await Promise.all(entries))
}

/** The store, with something to be done after each change of one collection's indexes. @param reads also after reading them */
function afterEachChange(store: Store, name: string, work: () => Promise<void>, reads = false): Store {
  const watched = new Set(['createIndexes', 'dropIndex', ...(reads ? ['indexes'] : [])])
  const collection = (real: object) =>
    new Proxy(real, {
      get(target, method) {
        const member = Reflect.get(target, method)
        if (typeof member !== 'function') return member
        if (!watched.has(String(method))) return member.bind(target)
        return async (...args: unknown[]) => {
          const answer = await member.apply(target, args)
          await work()
          return answer
        }
      },
    })
  const db = new Proxy(store.connection.db as object, {
    get(target, method) {
      const member = Reflect.get(target, method)
      if (typeof member !== 'function') return member
      return (...args: unknown[]) => {
        const answer = member.apply(target, args)
        return method === 'collection' && args[0] === name ? collection(answer) : answer
      }
    },
  })
  return {
    ...store,
    connection: new Proxy(store.connection, { get: (target, key) => (key === 'db' ? db : Reflect.get(target, key)) }),
  }
}

describe('migrate', () => {
  test('creates every collection with its indexes, and changes nothing the second time', async ({ store }) => {
    await migrate(store)
    const first = await indexNames(store)
    expect(Object.keys(first).sort()).toEqual([...COLLECTIONS].sort())
    expect(first.messages).toContain('tenant_wamid')
    expect(first.events).toEqual(['_id_', 'outbox', 'tenant_seq', 'ttl'])
    await migrate(store)
    expect(await indexNames(store)).toEqual(first)
  })

  test('may be run by several processes at once', async ({ store, world }) => {
    await using other = await connectStore(world.mongodbUri)
    await Promise.all([migrate(store), migrate(other), migrate(store)])
    const names = store.models.clients.schema.indexes().map(([, { name }]) => name)
    expect(new Set((await indexNames(store)).clients)).toEqual(new Set(['_id_', ...names]))
  })

  test('builds a changed index anew and leaves foreign ones alone', async ({ store }) => {
    await store.raw.events.createIndex({ createdAt: 1 }, { name: 'ttl', expireAfterSeconds: 60 })
    await store.raw.leases.createIndex({ owner: 1 }, { name: 'operators_own' })
    await migrate(store)
    const ttl = (await store.raw.events.indexes()).find(index => index.name === 'ttl')
    expect(ttl?.expireAfterSeconds).toBe(86_400)
    expect((await indexNames(store)).leases).toContain('operators_own')
  })

  test('changes the lifetime of rows in place, without building the index again', async ({ world, store }) => {
    await migrate(store)
    await store.connection.db?.command({ collMod: 'webhookEvents', index: { name: 'ttl', expireAfterSeconds: 60 } })
    const commands: string[] = []
    await using watched = await connectStore(world.mongodbUri, {
      onCommand: ({ name, collection }) => commands.push(`${name} ${collection}`),
    })
    await migrate(watched)
    expect(commands.filter(command => /createIndexes|dropIndexes|collMod/.test(command))).toEqual(['collMod webhookEvents'])
    const ttl = (await store.raw.webhookEvents.indexes()).find(index => index.name === 'ttl')
    expect(ttl?.expireAfterSeconds).toBe(30 * 86_400)
  })

  test('lets no duplicate in while a changed unique index is replaced', async ({ store }) => {
    await migrate(store)
    const { contacts } = store.raw
    const wanted = (await contacts.indexes()).find(({ name }) => name === 'tenant_wa')
    await contacts.dropIndex('tenant_wa')
    await contacts.createIndex({ tenantId: 1, waId: 1, createdAt: 1 }, { name: 'tenant_wa', unique: true })
    const contact = () => ({ _id: new Types.ObjectId(), tenantId, waId: '212661000101', createdAt: new Date(0) })
    await contacts.insertOne(contact() as ContactDoc)
    const answers: string[] = []
    const tryDuplicate = async () => {
      const answer = await contacts.insertOne(contact() as ContactDoc).then(
        () => 'stored',
        error => String(error.code),
      )
      answers.push(answer)
    }
    await migrate(afterEachChange(store, 'contacts', tryDuplicate))
    expect(answers.length).toBeGreaterThanOrEqual(4)
    expect(new Set(answers)).toEqual(new Set(['11000']))
    expect((await contacts.indexes()).find(({ name }) => name === 'tenant_wa')).toEqual(wanted)
    expect((await indexNames(store)).contacts?.filter(name => name.includes('stand-in'))).toEqual([])
  })

  test('finishes the replacement that another process left in the middle', async ({ store }) => {
    await migrate(store)
    const first = await indexNames(store)
    await store.raw.contacts.dropIndex('tenant_wa')
    await store.raw.contacts.createIndex({ tenantId: 1, waId: 1, createdAt: 1 }, { name: 'tenant_wa', unique: true })
    const dies = async () => {
      throw new Error('the process died')
    }
    await expect(migrate(afterEachChange(store, 'contacts', dies))).rejects.toThrow('the process died')
    expect((await indexNames(store)).contacts).toContain('tenant_wa.stand-in')
    await migrate(store)
    expect(await indexNames(store)).toEqual(first)
  })

  test('waits for a connection as long as for the building of an index', async ({ world }) => {
    await using migrated = await connectMigrated(world.mongodbUri, { maxPoolSize: 1 })
    const { socketTimeoutMS, waitQueueTimeoutMS } = migrated.connection.getClient().options
    expect(waitQueueTimeoutMS).toBe(socketTimeoutMS)
    expect(waitQueueTimeoutMS).toBeGreaterThan(3_600_000)
  })

  test('works in one process at a time', async ({ store, world }) => {
    await migrate(store)
    let working = 0
    let most = 0
    const slowly = async () => {
      most = Math.max(most, ++working)
      await new Promise(resolve => setTimeout(resolve, 20))
      working--
    }
    await using other = await connectStore(world.mongodbUri)
    for (const name of ['tenant_wa', 'tenant_user']) await store.raw.contacts.dropIndex(name).catch(() => undefined)
    await Promise.all([store, other].map(one => migrate(afterEachChange(one, 'contacts', slowly, true))))
    expect(most).toBe(1)
  })

  test('gives each tenant one default pipeline', async ({ store }) => {
    await migrate(store)
    const tenants = await store.models.tenants.create([{ name: 'A' }, { name: 'B' }])
    await Promise.all([migrate(store), migrate(store)])
    const pipelines = await acrossTenants(() => store.models.pipelines.find({ isDefault: true }).lean())
    expect(pipelines.map(pipeline => String(pipeline.tenantId)).sort()).toEqual(tenants.map(tenant => String(tenant._id)).sort())
    expect(pipelines.every(pipeline => pipeline.stages.length > 0)).toBe(true)
  })

  test('keeps what expires for its time', async ({ store }) => {
    await migrate(store)
    const lifetimes = await Promise.all(
      (['webhookEvents', 'events', 'parkedItems', 'idempotencyKeys', 'refreshTokens'] as const).map(async name => [
        name,
        (await store.raw[name].indexes()).find(index => index.name === 'ttl')?.expireAfterSeconds,
      ]),
    )
    expect(Object.fromEntries(lifetimes)).toEqual({
      webhookEvents: 30 * 86_400,
      events: 86_400,
      parkedItems: 2 * 86_400,
      idempotencyKeys: 86_400,
      refreshTokens: 0,
    })
  })
})

describe('a transaction', () => {
  test('writes all or nothing', async ({ store }) => {
    await migrate(store)
    const notes = store.models.notes
    await expect(
      store.transaction(async session => {
        await notes.create([newNote('1')], { session })
        throw new ApiError(422, 'NO', 'no')
      }),
    ).rejects.toMatchObject({ errorCode: 'NO' })
    expect(await notes.countDocuments({ tenantId })).toBe(0)
    const answer = await store.transaction(async session => {
      await notes.create([newNote('1')], { session })
      await notes.create([newNote('2')], { session })
      return 'done'
    })
    expect([answer, await notes.countDocuments({ tenantId })]).toEqual(['done', 2])
  })

  test('sees one moment, whatever others write meanwhile', async ({ store }) => {
    await migrate(store)
    const notes = store.models.notes
    const counts = await store.transaction(async session => {
      const before = await notes.countDocuments({ tenantId }, { session })
      await notes.create([newNote('from outside')])
      return [before, await notes.countDocuments({ tenantId }, { session })]
    })
    expect(counts).toEqual([0, 0])
  })

  test('is repeated when another writer was first, until every one of them got its turn', async ({ store }) => {
    await migrate(store)
    await store.models.counters.create({ _id: 'hot', value: 0 })
    let attempts = 0
    const raise = (session: ClientSession) => {
      attempts++
      return store.models.counters.updateOne({ _id: 'hot' }, { $inc: { value: 1 } }, { session })
    }
    await Promise.all(Array.from({ length: 8 }, () => store.transaction(raise)))
    expect((await store.models.counters.findOne({ _id: 'hot' }))?.value).toBe(8)
    expect(attempts).toBeGreaterThanOrEqual(8)
  })

  test('gives up when another writer is always first, and calls it an outage', async ({ store }) => {
    await migrate(store)
    await store.models.counters.create({ _id: 'hot', value: 0 })
    let attempts = 0
    const losing = store.transaction(async session => {
      attempts++
      await store.models.counters.findOne({ _id: 'hot' }, null, { session })
      await store.models.counters.updateOne({ _id: 'hot' }, { $inc: { value: 1 } })
      await store.models.counters.updateOne({ _id: 'hot' }, { $inc: { value: 100 } }, { session })
    })
    await expect(losing).rejects.toMatchObject({ name: 'Outage', cause: { code: WRITE_CONFLICT } })
    expect(attempts).toBeGreaterThan(10)
    expect((await store.models.counters.findOne({ _id: 'hot' }))?.value).toBe(attempts)
  }, 240_000)

  test('lets a duplicate key out at once', async ({ store }) => {
    await migrate(store)
    await store.models.counters.create({ _id: 'taken', value: 0 })
    let attempts = 0
    const duplicate = store.transaction(async session => {
      attempts++
      await store.models.counters.create([{ _id: 'taken', value: 1 }], { session })
    })
    await expect(duplicate).rejects.toMatchObject({ code: 11_000 })
    expect(attempts).toBe(1)
  })

  test('leaves no session behind', async ({ store }) => {
    await migrate(store)
    await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        store.transaction(session => store.models.notes.create([newNote(`${i}`)], { session })),
      ),
    )
    expect(await store.models.notes.countDocuments({ tenantId })).toBe(50)
  })
})

const WRITE_CONFLICT = 112

/** Stands between the store and MongoDB, to be cut. */
class Wire implements AsyncDisposable {
  readonly #target: { host: string; port: number }
  readonly #sockets = new Set<Socket>()
  readonly #server: Server
  #frozen = false
  #port = 0

  constructor(uri: string) {
    const { hostname, port } = new URL(uri.replace('mongodb:', 'http:'))
    this.#target = { host: hostname, port: Number(port) }
    this.#server = createServer(socket => this.#join(socket))
  }

  async open(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as { port: number }).port
  }

  uri(uri: string): string {
    const url = new URL(uri.replace('mongodb:', 'http:'))
    return `mongodb://127.0.0.1:${this.#port}${url.pathname}?directConnection=true`
  }

  async cut(): Promise<void> {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await once(this.#server, 'close')
  }

  /** Connections stay, but nothing goes through them any more. */
  freeze(): void {
    this.#frozen = true
  }

  thaw(): void {
    this.#frozen = false
    for (const socket of this.#sockets) socket.destroy()
  }

  #join(near: Socket): void {
    const far = connectSocket(this.#target)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from)
      from.on('error', () => undefined)
      from.on('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
      from.on('data', data => this.#frozen || to.write(data))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.cut()
  }
}

describe('while MongoDB is away', () => {
  const timeouts = { selectionTimeoutMs: 500, answerTimeoutMs: 2000 }
  /** For what hangs: on a busy machine many short selections fail before one is quick enough. */
  const PATIENT = { timeout: 60_000 }
  /** Building indexes may take longer than these tests let an answer take. */
  const migrateAt = async (uri: string) => {
    await using store = await connectStore(uri)
    await migrate(store)
  }

  test('every call ends in an outage, and works again by itself afterwards', async ({ world }) => {
    await using wire = new Wire(world.mongodbUri)
    await wire.open()
    await migrateAt(world.mongodbUri)
    await using store = await connectStore(wire.uri(world.mongodbUri), timeouts)
    await wire.cut()
    await expect.poll(() => store.isReady(), PATIENT).toBe(false)
    expect(await store.takesWrites()).toBe(false)
    const write = store.transaction(session => store.models.notes.create([newNote('1')], { session }))
    await expect(write).rejects.toBeInstanceOf(Outage)

    await wire.open()
    await expect.poll(() => store.takesWrites(), PATIENT).toBe(true)
    await store.transaction(session => store.models.notes.create([newNote('2')], { session }))
    expect(store.isReady()).toBe(true)
    expect((await store.models.notes.find({ tenantId }).lean()).map(note => note.text)).toEqual(['2'])
  })

  test('a server that does not answer is an outage as well, soon', async ({ world }) => {
    await using wire = new Wire(world.mongodbUri)
    await wire.open()
    await migrateAt(world.mongodbUri)
    await using store = await connectStore(wire.uri(world.mongodbUri), timeouts)
    wire.freeze()
    const started = performance.now()
    const write = store.transaction(session => store.models.notes.create([newNote('1')], { session }))
    await expect(write).rejects.toBeInstanceOf(Outage)
    expect(performance.now() - started).toBeLessThan(25_000)
    wire.thaw()
    await expect.poll(() => store.takesWrites(), PATIENT).toBe(true)
  }, 240_000)

  test('connecting waits for a server that is late, and ends when it does not come', async ({ world }) => {
    const wire = new Wire(world.mongodbUri)
    await wire.open()
    const uri = wire.uri(world.mongodbUri)
    await wire.cut()
    await expect(connectStore(uri, { ...timeouts, attempts: 2 })).rejects.toThrow(/ECONNREFUSED|Server selection/)
    const connecting = connectStore(uri, timeouts)
    await wire.open()
    await using store = await connecting
    expect(await store.takesWrites()).toBe(true)
    await wire[Symbol.asyncDispose]()
  })
})
