import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { EventDeliveryDoc } from '#shared/model/documents.ts'
import { newId } from '#shared/model/ids.ts'
import { OrderedDeliveries } from './ordered-deliveries.ts'

/** The collection, as far as the class asks it. */
function collection() {
  const rows: EventDeliveryDoc[] = []
  const pending = () => rows.filter(({ state }) => state === 'PENDING').toSorted((a, b) => a.seq - b.seq)
  let reads = 0
  return {
    rows,
    pending,
    reads: () => reads,
    add(orderingKey: string, seq: number): EventDeliveryDoc {
      const row = { _id: newId(), orderingKey, seq, state: 'PENDING', nextAttemptAt: new Date(0) } as EventDeliveryDoc
      rows.push(row)
      return row
    },
    async after(seq: number, limit: number) {
      reads++
      return pending()
        .filter(row => row.seq > seq)
        .slice(0, limit)
    },
    async of(key: string, limit: number) {
      reads++
      return pending()
        .filter(row => row.orderingKey === key)
        .slice(0, limit)
    },
  }
}
const dueAt = (row: EventDeliveryDoc) => row.nextAttemptAt?.getTime() ?? 0
const open = (db: ReturnType<typeof collection>) => new OrderedDeliveries(db, dueAt)

/** Delivers everything that is due. @returns seqs in the order in which they went */
async function drain(deliveries: OrderedDeliveries, nowMs: number): Promise<number[]> {
  const went: number[] = []
  deliveries.wakeDue(nowMs)
  for (;;) {
    await deliveries.fill(nowMs)
    const row = deliveries.take(nowMs)
    if (row === null) {
      if (deliveries.hasToRead()) continue
      return went
    }
    row.state = 'DELIVERED'
    went.push(row.seq)
    deliveries.settled(row, null)
  }
}

test('keys go beside each other, and one key one after the other', async () => {
  const db = collection()
  for (const [key, seq] of [
    ['a', 1],
    ['b', 2],
    ['a', 3],
    ['b', 4],
    ['c', 5],
  ] as const)
    db.add(key, seq)
  const deliveries = open(db)
  await deliveries.fill(0)
  const taken = [deliveries.take(0), deliveries.take(0), deliveries.take(0)]
  expect(taken.map(row => row?.seq)).toEqual([1, 2, 5])
  expect(deliveries.take(0)).toBeNull()
  deliveries.settled(taken[0] as EventDeliveryDoc, null)
  expect(deliveries.take(0)?.seq).toBe(3)
  expect(deliveries.take(0)).toBeNull()
})

test('a key that has to wait keeps its order and holds back no other key, however many it has', async () => {
  const db = collection()
  const first = db.add('stuck', 1)
  for (let seq = 2; seq <= 600; seq++) db.add('stuck', seq)
  for (let seq = 601; seq <= 605; seq++) db.add('fine', seq)
  const deliveries = open(db)
  await deliveries.fill(0)
  expect(deliveries.take(0)).toBe(first)
  first.nextAttemptAt = new Date(1000)
  deliveries.settled(first, 1000)
  expect(await drain(deliveries, 0)).toEqual([601, 602, 603, 604, 605])
  db.add('stuck', 606)
  deliveries.added()
  expect(await drain(deliveries, 999)).toEqual([])
  expect(await drain(deliveries, 1000)).toEqual([...Array.from({ length: 600 }, (_, i) => i + 1), 606])
  expect(deliveries.size).toBe(0)
})

test('what was ordered again goes in front of what waits, once what is under way has ended', async () => {
  const db = collection()
  const old = db.add('a', 1)
  old.state = 'DELIVERED'
  for (const seq of [2, 3, 4]) db.add('a', seq)
  const deliveries = open(db)
  await deliveries.fill(0)
  const busy = deliveries.take(0) as EventDeliveryDoc
  old.state = 'PENDING'
  deliveries.changed()
  await deliveries.fill(0)
  expect(deliveries.take(0)).toBeNull()
  busy.state = 'DELIVERED'
  deliveries.settled(busy, null)
  expect(await drain(deliveries, 0)).toEqual([1, 3, 4])
})

test('at rest nothing is read', async () => {
  const db = collection()
  db.add('a', 1)
  const deliveries = open(db)
  await drain(deliveries, 0)
  const before = db.reads()
  for (let i = 0; i < 10; i++) await drain(deliveries, i)
  expect(db.reads()).toBe(before)
})

/** What may happen, by chance. */
const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('add' as const), key: fc.constantFrom('a', 'b', 'c') }),
    fc.record({ kind: fc.constant('take' as const), outcome: fc.constantFrom('done', 'retry'), waitMs: fc.nat(5) }),
    fc.record({ kind: fc.constant('replay' as const), index: fc.nat(50) }),
    fc.record({ kind: fc.constant('time' as const) }),
  ),
  { maxLength: 120 },
)

test('whatever fails and is ordered again: everything is delivered, never twice at once, and a key in order', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async happened => {
      const db = collection()
      const deliveries = open(db)
      const underWay = new Map<string, EventDeliveryDoc>()
      let [nowMs, seq] = [0, 0]
      const refill = () => {
        deliveries.wakeDue(nowMs)
        return deliveries.fill(nowMs)
      }
      for (const step of happened) {
        if (step.kind === 'add') {
          db.add(step.key, ++seq)
          deliveries.added()
        } else if (step.kind === 'time') nowMs++
        else if (step.kind === 'replay') {
          const row = db.rows[step.index]
          if (row === undefined || underWay.has(row.orderingKey)) continue
          row.state = 'PENDING'
          row.nextAttemptAt = new Date(nowMs)
          deliveries.changed()
        } else {
          await refill()
          const row = deliveries.take(nowMs)
          if (row === null) continue
          expect(underWay.has(row.orderingKey)).toBe(false)
          const waiting = db.pending().filter(other => other.orderingKey === row.orderingKey)
          expect(row).toBe(waiting[0])
          underWay.set(row.orderingKey, row)
          const retryAt = nowMs + step.waitMs
          if (step.outcome === 'done') row.state = 'DELIVERED'
          else row.nextAttemptAt = new Date(retryAt)
          underWay.delete(row.orderingKey)
          deliveries.settled(row, step.outcome === 'done' ? null : retryAt)
        }
      }
      await drain(deliveries, nowMs + 100)
      expect(db.pending()).toEqual([])
    }),
  )
})
