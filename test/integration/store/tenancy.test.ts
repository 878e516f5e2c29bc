import { type Model, Types } from 'mongoose'
import { describe, expect } from 'vitest'
import type { NoteDoc } from '#shared/model/documents.ts'
import { connectStore, type Store, trusted } from '#shared/store/connect.ts'
import { TENANT_COLLECTIONS } from '#shared/store/models.ts'
import { acrossTenants, asTenant, UnscopedQuery } from '#shared/store/tenancy/tenancy.ts'
import { test as base } from '#test/support/world.ts'

const A = new Types.ObjectId('aaaaaaaaaaaaaaaaaaaaaaaa')
const B = new Types.ObjectId('bbbbbbbbbbbbbbbbbbbbbbbb')

/** Each test starts with two notes of each tenant, `1` and `2`, and one tenant document each. */
const test = base.extend<{ store: Store; notes: Model<NoteDoc> }>({
  store: async ({ world }, use) => {
    await using store = await connectStore(world.mongodbUri)
    await acrossTenants(() =>
      store.models.notes.insertMany([A, B].flatMap(tenantId => ['1', '2'].map(text => ({ tenantId, text })))),
    )
    await store.models.tenants.insertMany([
      { _id: A, name: 'A' },
      { _id: B, name: 'B' },
    ])
    await use(store)
  },
  notes: async ({ store }, use) => use(store.models.notes),
})

type Operation = (notes: Model<NoteDoc>, tenantId?: unknown) => PromiseLike<unknown>

/** The filter of an operation; with a tenant only when the case names one. */
const of = (tenantId: unknown, rest: object = {}) =>
  (tenantId === undefined ? rest : { tenantId, ...rest }) as Record<string, never>

async function readAll<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const row of rows) all.push(row)
  return all
}

/** Everything a model can do. `answer` is what tenant A sees of the two tenants' notes. */
const OPERATIONS: { name: string; run: Operation; answer: unknown }[] = [
  {
    name: 'find',
    run: async (notes, t) => (await notes.find(of(t)).lean()).map(note => String(note.tenantId)),
    answer: [String(A), String(A)],
  },
  {
    name: 'findOne',
    run: async (notes, t) => String((await notes.findOne(of(t)).sort({ tenantId: -1 }).lean())?.tenantId),
    answer: String(A),
  },
  { name: 'exists', run: async (notes, t) => (await notes.exists(of(t, { text: '1' }))) !== null, answer: true },
  { name: 'countDocuments', run: (notes, t) => notes.countDocuments(of(t)), answer: 2 },
  { name: 'distinct', run: async (notes, t) => (await notes.distinct('tenantId', of(t))).map(String), answer: [String(A)] },
  { name: 'cursor', run: async (notes, t) => (await readAll(notes.find(of(t)).cursor())).length, answer: 2 },
  {
    name: 'updateOne',
    run: async (notes, t) => (await notes.updateOne(of(t, { text: '1' }), { text: 'x' })).modifiedCount,
    answer: 1,
  },
  { name: 'updateMany', run: async (notes, t) => (await notes.updateMany(of(t), { text: 'x' })).modifiedCount, answer: 2 },
  {
    name: 'replaceOne',
    run: async (notes, t) => (await notes.replaceOne(of(t, { text: '1' }), { text: 'x' })).modifiedCount,
    answer: 1,
  },
  { name: 'deleteOne', run: async (notes, t) => (await notes.deleteOne(of(t))).deletedCount, answer: 1 },
  { name: 'deleteMany', run: async (notes, t) => (await notes.deleteMany(of(t))).deletedCount, answer: 2 },
  {
    name: 'findOneAndUpdate',
    run: async (notes, t) =>
      String(
        (
          await notes
            .findOneAndUpdate(of(t, { text: '1' }), { text: 'x' })
            .sort({ tenantId: -1 })
            .lean()
        )?.tenantId,
      ),
    answer: String(A),
  },
  {
    name: 'findOneAndReplace',
    run: async (notes, t) =>
      String(
        (
          await notes
            .findOneAndReplace(of(t, { text: '1' }), { text: 'x' })
            .sort({ tenantId: -1 })
            .lean()
        )?.tenantId,
      ),
    answer: String(A),
  },
  {
    name: 'findOneAndDelete',
    run: async (notes, t) => String((await notes.findOneAndDelete(of(t)).sort({ tenantId: -1 }).lean())?.tenantId),
    answer: String(A),
  },
  {
    name: 'aggregate',
    run: (notes, t) => notes.aggregate([{ $match: of(t) }, { $group: { _id: null, n: { $sum: 1 } } }]),
    answer: [{ _id: null, n: 2 }],
  },
  {
    name: 'bulkWrite updateMany',
    run: async (notes, t) => (await notes.bulkWrite([{ updateMany: { filter: of(t), update: { text: 'x' } } }])).modifiedCount,
    answer: 2,
  },
  {
    name: 'bulkWrite updateOne',
    run: async (notes, t) =>
      (await notes.bulkWrite([{ updateOne: { filter: of(t, { text: '1' }), update: { text: 'x' } } }])).modifiedCount,
    answer: 1,
  },
  {
    name: 'bulkWrite replaceOne',
    run: async (notes, t) =>
      (await notes.bulkWrite([{ replaceOne: { filter: of(t, { text: '1' }), replacement: { text: 'x' } as NoteDoc } }]))
        .modifiedCount,
    answer: 1,
  },
  {
    name: 'bulkWrite deleteMany',
    run: async (notes, t) => (await notes.bulkWrite([{ deleteMany: { filter: of(t) } }])).deletedCount,
    answer: 2,
  },
  {
    name: 'bulkWrite deleteOne',
    run: async (notes, t) => (await notes.bulkWrite([{ deleteOne: { filter: of(t) } }])).deletedCount,
    answer: 1,
  },
  {
    name: 'bulkWrite insertOne',
    run: async (notes, t) => (await notes.bulkWrite([{ insertOne: { document: of(t, { text: '3' }) } }])).insertedCount,
    answer: 1,
  },
  {
    name: 'insertMany',
    run: async (notes, t) => String((await notes.insertMany([of(t, { text: '3' })]))[0]?.tenantId),
    answer: String(A),
  },
  { name: 'create', run: async (notes, t) => String((await notes.create(of(t, { text: '3' }))).tenantId), answer: String(A) },
  {
    name: 'upsert',
    run: async (notes, t) => (await notes.updateOne(of(t, { text: '3' }), {}, { upsert: true })).upsertedCount,
    answer: 1,
  },
]

/** Tenant B's rows as they were; no operation of A touches them, and none appears. */
async function expectOthersUntouched(store: Store) {
  const others = await store.raw.notes.find({ tenantId: { $ne: A } }).toArray()
  expect(others.map(note => [String(note.tenantId), note.text])).toEqual([
    [String(B), '1'],
    [String(B), '2'],
  ])
}

describe('every operation', () => {
  for (const { name, run, answer } of OPERATIONS) {
    test(`${name} throws without a tenant, and sees its own tenant alone with one`, async ({ store, notes }) => {
      await expect(run(notes)).rejects.toThrow(UnscopedQuery)
      for (const operator of [{ $ne: null }, { $in: [A, B] }, trusted({ $exists: true }), [A, B], null, 'all', /./]) {
        await expect(run(notes, operator), JSON.stringify(operator)).rejects.toThrow(UnscopedQuery)
      }
      await expect(asTenant(A, () => run(notes, B))).rejects.toThrow(UnscopedQuery)
      expect(await store.raw.notes.countDocuments({ text: { $in: ['1', '2'] } })).toBe(4)

      expect(await asTenant(A, () => run(notes))).toEqual(answer)
      await expectOthersUntouched(store)
    })

    test(`${name} takes the tenant from its filter or document, as text too`, async ({ store, notes }) => {
      expect(await run(notes, String(A))).toEqual(answer)
      await expectOthersUntouched(store)
    })
  }
})

test('counting from metadata is refused: no filter can narrow it', async ({ notes }) => {
  await expect(asTenant(A, () => notes.estimatedDocumentCount())).rejects.toThrow(UnscopedQuery)
  expect(await acrossTenants(() => notes.estimatedDocumentCount())).toBe(4)
})

test('across tenants everything is seen, by name only', async ({ notes }) => {
  expect(await acrossTenants(() => notes.countDocuments({}))).toBe(4)
  expect(await acrossTenants(() => notes.countDocuments({ tenantId: trusted({ $in: [A, B] }) }))).toBe(4)
  expect(await acrossTenants(() => asTenant(A, () => notes.countDocuments({})))).toBe(2)
  expect(await acrossTenants(() => notes.aggregate([{ $count: 'n' }]))).toEqual([{ n: 4 }])
})

test('a query object made within a context is run within it', async ({ notes }) => {
  const found = await asTenant(B, () => notes.find().lean())
  expect(found.map(note => String(note.tenantId))).toEqual([String(B), String(B)])
})

test('contexts of work done at once do not mix', async ({ notes }) => {
  const turns = Array.from({ length: 20 }, (_, i) => (i % 2 ? A : B))
  const seen = await Promise.all(turns.map(tenantId => asTenant(tenantId, () => notes.distinct('tenantId'))))
  expect(seen.map(String)).toEqual(turns.map(String))
})

describe('documents', () => {
  test('are saved only under their own tenant', async ({ store, notes }) => {
    const note = await notes.findOne({ tenantId: A, text: '1' })
    if (note === null) throw new Error('no note')
    note.text = 'x'
    await expect(asTenant(B, () => note.save())).rejects.toThrow(UnscopedQuery)
    await asTenant(A, () => note.save())
    note.tenantId = B
    await expect(note.save()).rejects.toThrow(UnscopedQuery)
    await expectOthersUntouched(store)
    expect((await notes.findOne({ tenantId: A, text: 'x' }).lean())?._id).toEqual(note._id)
  })

  test('cannot be updated or deleted from another context', async ({ store, notes }) => {
    const note = await notes.findOne({ tenantId: B, text: '1' })
    if (note === null) throw new Error('no note')
    await asTenant(A, () => note.updateOne({ text: 'x' })).catch(() => undefined)
    await asTenant(A, () => note.deleteOne()).catch(() => undefined)
    await expectOthersUntouched(store)
  })

  test('saving a row that has moved to another tenant writes nothing', async ({ store, notes }) => {
    const note = await notes.findOne({ tenantId: A, text: '1' })
    if (note === null) throw new Error('no note')
    await store.raw.notes.updateOne({ _id: note._id }, { $set: { tenantId: B } })
    note.text = 'x'
    await expect(note.save()).rejects.toThrow()
    expect((await store.raw.notes.findOne({ _id: note._id }))?.text).toBe('1')
  })
})

describe('updates', () => {
  const moves: [string, object][] = [
    ['$set', { $set: { tenantId: B } }],
    ['a bare field', { tenantId: B }],
    ['$unset', { $unset: { tenantId: 1 } }],
    ['$rename', { $rename: { text: 'tenantId' } }],
    ['a pipeline', [{ $set: { tenantId: B } }]],
    ['a pipeline that unsets', [{ $unset: 'tenantId' }]],
    ['a pipeline that replaces', [{ $replaceWith: { tenantId: B } }]],
  ]
  for (const [how, update] of moves) {
    test(`cannot move a document to another tenant by ${how}`, async ({ store, notes }) => {
      const options = { updatePipeline: true }
      await expect(notes.updateMany({ tenantId: A }, update, options)).rejects.toThrow(UnscopedQuery)
      const bulk = [{ updateMany: { filter: { tenantId: A }, update } }]
      await expect(notes.bulkWrite(bulk as never)).rejects.toThrow(UnscopedQuery)
      await expectOthersUntouched(store)
    })
  }

  test('may name the tenant they are for', async ({ notes }) => {
    const result = await notes.updateOne({ tenantId: A, text: '3' }, { $setOnInsert: { tenantId: A } }, { upsert: true })
    expect(result.upsertedCount).toBe(1)
  })

  test('a replacement for another tenant is refused', async ({ notes }) => {
    await expect(notes.replaceOne({ tenantId: A }, { tenantId: B, text: 'x' })).rejects.toThrow(UnscopedQuery)
  })
})

describe('pipelines', () => {
  const run = (notes: Model<NoteDoc>, ...stages: object[]) => asTenant(A, () => notes.aggregate(stages as never[]))

  test('a $lookup joins the own rows only, with or without a pipeline of its own', async ({ notes }) => {
    const plain = { $lookup: { from: 'notes', localField: 'text', foreignField: 'text', as: 'same' } }
    const own = { $lookup: { from: 'notes', pipeline: [{ $match: { text: '1' } }], as: 'same' } }
    for (const lookup of [plain, own]) {
      const rows = await run(notes, { $match: { text: '1' } }, lookup)
      expect(rows.map(row => row.same.map((note: NoteDoc) => String(note.tenantId)))).toEqual([[String(A)]])
    }
  })

  test('a $lookup within $facet, $unionWith and another $lookup is the tenant’s own as well', async ({ notes }) => {
    const lookup = { $lookup: { from: 'notes', pipeline: [], as: 'all' } }
    const nested = { $lookup: { from: 'notes', pipeline: [{ $limit: 1 }, lookup], as: 'all' } }
    const union = { $unionWith: { coll: 'notes', pipeline: [lookup] } }
    const rows = await run(notes, { $facet: { a: [lookup], b: [nested], c: [union] } })
    expect(JSON.stringify(rows)).toContain(String(A))
    expect(JSON.stringify(rows)).not.toContain(String(B))
  })

  test('$unionWith and $graphLookup show own rows only', async ({ notes }) => {
    const graph = {
      $graphLookup: { from: 'notes', startWith: '$text', connectFromField: 'text', connectToField: 'text', as: 'same' },
    }
    expect(await run(notes, { $unionWith: 'notes' }, { $count: 'n' })).toEqual([{ n: 4 }])
    expect(JSON.stringify(await run(notes, graph))).not.toContain(String(B))
  })

  test('of the tenants themselves only the own one is seen', async ({ notes }) => {
    const rows = await run(notes, { $limit: 1 }, { $lookup: { from: 'tenants', pipeline: [], as: 'tenants' } })
    expect(rows[0].tenants.map((tenant: { name: string }) => tenant.name)).toEqual(['A'])
  })

  const refused: [string, object][] = [
    ['$out', { $out: 'stolen' }],
    ['$merge', { $merge: { into: 'notes' } }],
    ['$collStats', { $collStats: { count: {} } }],
    ['a platform collection', { $lookup: { from: 'leases', pipeline: [], as: 'leases' } }],
    ['$merge within $facet', { $facet: { a: [{ $merge: { into: 'notes' } }] } }],
    ['$documents in a $lookup without a collection', { $lookup: { pipeline: [{ $documents: [] }], as: 'x' } }],
  ]
  for (const [what, stage] of refused) {
    test(`${what} is refused`, async ({ notes }) => {
      await expect(run(notes, stage)).rejects.toThrow(UnscopedQuery)
    })
  }

  test('writing stages are refused across tenants too', async ({ notes }) => {
    await expect(acrossTenants(() => notes.aggregate([{ $out: 'stolen' }]))).rejects.toThrow(UnscopedQuery)
  })

  test('a $match that comes later cannot widen it', async ({ notes }) => {
    expect(await run(notes, { $match: { text: '1' } }, { $match: { tenantId: B } })).toEqual([])
  })
})

test('every collection of tenants throws without one', async ({ store }) => {
  for (const name of TENANT_COLLECTIONS) {
    const model = store.models[name] as Model<object>
    await expect(model.find({}), name).rejects.toThrow(UnscopedQuery)
  }
})

describe('filters', () => {
  test('[F45] an operator that did not come from our code is compared as a value', async ({ store }) => {
    const users = store.models.users
    await users.create({ tenantId: A, email: 'a@example.com', name: 'A', passwordHash: 'x', role: 'agent' })
    const injected = { $ne: 'x' } as unknown as string
    await expect(users.findOne({ tenantId: A, email: injected })).rejects.toThrow('Cast')
    await expect(users.findOne({ tenantId: A, $where: 'true' } as never)).rejects.toThrow('sanitizeFilter')
    await expect(users.findOne({ tenantId: A, $or: [{ email: injected }] })).rejects.toThrow('Cast')
    expect(await users.countDocuments({ tenantId: A, email: trusted({ $ne: 'x' }) })).toBe(1)
  })

  test('a field that does not exist is refused, in filters, updates and documents', async ({ notes }) => {
    await expect(notes.find({ tenantId: A, nope: 1 } as never)).rejects.toThrow('nope')
    await expect(notes.updateOne({ tenantId: A }, { nope: 1 } as never)).rejects.toThrow('nope')
    await expect(notes.create({ tenantId: A, text: '1', nope: 1 } as never)).rejects.toThrow('nope')
  })
})
