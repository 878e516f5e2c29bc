import { expect, test } from 'vitest'
import { createMemoryWorld } from '#test/support/worlds/memory.ts'
import { itemsOf, orders, stamp, textFrom } from '#test/support/worlds/webhooks.ts'

const salma = { from: '212661000101', from_user_id: 'MA.1' }
const wrote = (keys: object, id: string, second: number) => itemsOf('messages', { messages: [textFrom(keys, id, second)] })
const system = (fields: object, keys: object = { from: '212661000101' }, second = 5) =>
  itemsOf('messages', {
    messages: [{ ...keys, id: `system.${second}`, timestamp: stamp(second), type: 'system', system: fields }],
  })
const peopleAfter = (...parts: ReturnType<typeof wrote>[]) => {
  const world = createMemoryWorld()
  for (const items of parts) world.record(items)
  return world.rows.contacts.filter(({ deletedAt }) => !deletedAt).map(({ waId, userId }) => ({ waId, userId }))
}

test.for([
  [{ type: 'user_changed_number', wa_id: '212661000101' }, 'the same number'],
  [{ type: 'user_changed_number', wa_id: '+212661000101' }, 'the same number in another form'],
  [{ type: 'user_changed_number', body: 'no number at all' }, 'no number'],
  [{ type: 'customer_identity_changed', wa_id: '212661000199', identity: 'x' }, 'another subject'],
  [{ type: 'user_changed_user_id', user_id: 'MA.1', previous_user_id: 'MA.1' }, 'the same user id'],
] as const)('a system message %j leaves everybody in place: it names %s', ([fields]) => {
  expect(peopleAfter(wrote(salma, 'one', 1), system(fields))).toEqual([{ waId: '212661000101', userId: 'MA.1' }])
})

test('a Brazilian number in its other form is the same number', () => {
  const ana = { from: '5511987654321', from_user_id: 'BR.1' }
  const moved = { type: 'user_changed_number', wa_id: '551187654321' }
  expect(peopleAfter(wrote(ana, 'one', 1), system(moved, { from: '5511987654321' }))).toEqual([
    { waId: '5511987654321', userId: 'BR.1' },
  ])
})

test('a new number takes the history along, with the user id that is known of it, in any order', () => {
  const moved = { type: 'user_changed_number', wa_id: '212661000199' }
  expect(peopleAfter(wrote(salma, 'one', 1), system(moved))).toEqual([{ waId: '212661000199', userId: null }])
  const later = wrote({ from: '212661000199', from_user_id: 'MA.2' }, 'two', 6)
  for (const order of orders([system(moved), later]))
    expect(peopleAfter(wrote(salma, 'one', 1), ...order)).toEqual([{ waId: '212661000199', userId: 'MA.2' }])
})

test('a new user id is the same person, by the system message or by the field of its own', () => {
  const nora = { from_user_id: 'MA.5' }
  const changed = { type: 'user_changed_user_id', user_id: 'MA.6', previous_user_id: 'MA.5' }
  expect(peopleAfter(wrote(nora, 'one', 1), system(changed, nora))).toEqual([{ waId: null, userId: 'MA.6' }])
  const update = itemsOf('user_id_update', {
    user_id_update: [{ user_id: { previous: 'MA.5', current: 'MA.6' }, timestamp: stamp(5) }],
  })
  expect(peopleAfter(wrote(nora, 'one', 1), update)).toEqual([{ waId: null, userId: 'MA.6' }])
  expect(peopleAfter(update)).toEqual([])
})
