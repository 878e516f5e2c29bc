import { Types } from 'mongoose'
import { expect, test } from 'vitest'
import { createMemoryWorld, PHONE_NUMBER_ID, TENANT_ID } from '#test/support/worlds/memory.ts'
import { itemsOf, orders, stamp, textFrom } from '#test/support/worlds/webhooks.ts'
import type { ClientDoc } from '../model/documents.ts'

/** Two numbers of one portfolio, and one of another, all of one tenant. */
const NUMBERS = { a: PHONE_NUMBER_ID, b: '1054543651069001', c: '2054543651068213' }
const PORTFOLIOS = { a: 'p1', b: 'p1', c: 'p2' }
type Name = keyof typeof NUMBERS

function openWorld() {
  const world = createMemoryWorld()
  for (const [name, phoneNumberId] of Object.entries(NUMBERS)) {
    const portfolioId = PORTFOLIOS[name as Name]
    const known = world.context.clients.get(phoneNumberId)
    const _id = known?._id ?? new Types.ObjectId()
    world.context.clients.set(phoneNumberId, {
      _id,
      tenantId: TENANT_ID,
      phoneNumberId,
      portfolioId,
      wabaId: `w-${name}`,
    } as ClientDoc)
  }
  return world
}
const wrote = (number: Name, keys: object, id: string, second = 1) =>
  itemsOf('messages', { messages: [textFrom(keys, id, second)] }, { phoneNumberId: NUMBERS[number] })

test('a user id means one person at all numbers of a portfolio, and somebody else in another', () => {
  const parts = [
    wrote('a', { from_user_id: 'MA.1' }, 'one'),
    wrote('b', { from_user_id: 'MA.1' }, 'two'),
    wrote('c', { from_user_id: 'MA.1' }, 'three'),
  ]
  for (const order of orders(parts)) {
    const world = openWorld()
    for (const items of order) world.record(items)
    const byWamid = new Map(world.rows.messages.map(({ wamid, contactId }) => [wamid, String(contactId)]))
    expect(byWamid.get('one')).toBe(byWamid.get('two'))
    expect(byWamid.get('three')).not.toBe(byWamid.get('one'))
    expect(world.rows.contacts).toHaveLength(2)
  }
})

test('who shows the number in both portfolios is one person with an id in each, and each thread has its own', () => {
  const home = wrote('a', { from: '212661000101', from_user_id: 'MA.1' }, 'one', 1)
  const away = wrote('c', { from: '212661000101', from_user_id: 'MA.2' }, 'two', 2)
  const alone = [wrote('b', { from_user_id: 'MA.1' }, 'three', 3), wrote('c', { from_user_id: 'MA.2' }, 'four', 4)]
  for (const order of orders([home, away])) {
    const world = openWorld()
    for (const items of [...order, ...alone, ...order]) world.record(items)
    expect(world.rows.contacts).toHaveLength(1)
    const shown = world.rows.conversations.map(({ phoneNumberId, contact, messageCount }) => [
      phoneNumberId,
      contact.userId,
      messageCount,
    ])
    expect(shown.sort()).toEqual([
      [NUMBERS.a, 'MA.1', 1],
      [NUMBERS.b, 'MA.1', 1],
      [NUMBERS.c, 'MA.2', 2],
    ])
  }
})

test('the user id in a status is of the portfolio of its number', () => {
  const world = openWorld()
  world.record(wrote('a', { from_user_id: 'MA.1' }, 'one'))
  const echo = { message_echoes: [textFrom({ to: '212661000101' }, 'sent', 2)] }
  world.record(itemsOf('smb_message_echoes', echo, { phoneNumberId: NUMBERS.c }))
  const report = { id: 'sent', status: 'delivered', timestamp: stamp(3), recipient_id: '212661000101', recipient_user_id: 'MA.1' }
  world.record(itemsOf('messages', { statuses: [report] }, { phoneNumberId: NUMBERS.c }))
  expect(
    world.rows.contacts.filter(({ deletedAt }) => !deletedAt).map(({ waId, userId, portfolio }) => [waId, userId, portfolio]),
  ).toEqual([
    [null, 'MA.1', 'p1'],
    ['212661000101', 'MA.1', 'p2'],
  ])
})

test('a contact from before is of the portfolio in which it is met first', () => {
  const world = openWorld()
  world.record(wrote('a', { from_user_id: 'MA.1' }, 'one'))
  for (const contact of world.rows.contacts) delete contact.portfolio
  for (const conversation of world.rows.conversations) delete conversation.portfolio
  world.record(wrote('a', { from_user_id: 'MA.1' }, 'two', 2))
  world.record(wrote('c', { from_user_id: 'MA.1' }, 'three', 3))
  expect(world.rows.contacts.map(({ portfolio }) => portfolio)).toEqual(['p1', 'p2'])
})
