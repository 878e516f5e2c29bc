import { expect, test } from 'vitest'
import { createMemoryWorld, PHONE_NUMBER_ID } from '#test/support/worlds/memory.ts'
import { parseWebhook, type WebhookItem } from '../meta/webhook.ts'

const T0 = 1_795_165_200
const WA_ID = '212661000101'
const USER_ID = 'MA.41982200731550066712'

function items(value: object, field = 'messages'): WebhookItem[] {
  const whole = { metadata: { phone_number_id: PHONE_NUMBER_ID }, ...value }
  return parseWebhook({ entry: [{ id: '1', changes: [{ field, value: whole }] }] }, new Date((T0 + 60) * 1000))
}
const stamp = String(T0)
const echo = (to: string, id = 'wamid.A') =>
  items({ message_echoes: [{ id, to, timestamp: stamp, type: 'text', text: { body: 'hello' } }] })
const status = (report: object, contacts: object[] = []) =>
  items({ contacts, statuses: [{ id: 'wamid.A', status: 'delivered', timestamp: stamp, recipient_id: WA_ID, ...report }] })
const answer = (id: string, more: object = {}) =>
  items({ messages: [{ id, from_user_id: USER_ID, timestamp: stamp, type: 'text', text: { body: 'hi' }, ...more }] })
const salma = { wa_id: WA_ID, user_id: USER_ID, profile: { name: 'Salma', username: '@salma' } }

const people = ({ rows }: ReturnType<typeof createMemoryWorld>) =>
  rows.contacts
    .filter(({ deletedAt }) => !deletedAt)
    .map(({ waId, userId, username, parentUserId }) => ({ waId, userId, username, parentUserId }))

test('a contact known by phone gets the user id from a status, and a reply by user id alone joins the same conversation', () => {
  const world = createMemoryWorld()
  const recipientKeys = status({ recipient_user_id: USER_ID, parent_recipient_user_id: 'MA.ENT.1' }, [salma])
  for (const step of [echo(WA_ID), recipientKeys, answer('wamid.B')]) world.record(step)
  expect(people(world)).toEqual([{ waId: WA_ID, userId: USER_ID, username: 'salma', parentUserId: 'MA.ENT.1' }])
  expect(world.rows.conversations).toMatchObject([
    { messageCount: 2, contact: { waId: WA_ID, userId: USER_ID, username: 'salma' } },
  ])
})

test('the contact of a reply that came before the status is merged with the recipient', () => {
  const world = createMemoryWorld()
  for (const step of [echo(WA_ID), answer('wamid.B'), status({ recipient_user_id: USER_ID })]) world.record(step)
  expect(people(world)).toMatchObject([{ waId: WA_ID, userId: USER_ID }])
  expect(world.rows.conversations.filter(({ deletedAt }) => !deletedAt)).toMatchObject([{ messageCount: 2 }])
})

test('a contact known by user id gets the phone', () => {
  const world = createMemoryWorld()
  for (const step of [echo(USER_ID), status({ recipient_user_id: USER_ID })]) world.record(step)
  expect(people(world)).toMatchObject([{ waId: WA_ID, userId: USER_ID }])
})

test.for<[string, object]>([
  ['another number', { recipient_id: '212661000102', recipient_user_id: 'MA.73300118542200917461' }],
  ['a member of a group', { recipient_id: 'group', recipient_type: 'group', recipient_participant_id: WA_ID }],
  ['nothing new', {}],
])('a status with %s adds no keys', ([, report]) => {
  const world = createMemoryWorld()
  world.record(echo(WA_ID))
  const { plan } = world.record(status(report))
  expect(plan.contacts).toEqual({ inserts: [], updates: [] })
  expect(people(world)).toMatchObject([{ waId: WA_ID, userId: null }])
})

test('a repeated status writes nothing and loads no contacts', () => {
  const world = createMemoryWorld()
  for (const step of [echo(WA_ID), status({ recipient_user_id: USER_ID }, [salma])]) world.record(step)
  const { plan } = world.record(status({ recipient_user_id: USER_ID, status: 'read' }, [salma]))
  expect(plan.contacts).toEqual({ inserts: [], updates: [] })
})

test('a late status for a former number does not restore its user id', () => {
  const world = createMemoryWorld()
  world.record(echo(WA_ID))
  const [contact] = world.rows.contacts
  Object.assign(contact ?? {}, { waId: '212661000199', userId: null })
  Object.assign(world.rows.conversations[0]?.contact ?? {}, { waId: '212661000199', userId: null })
  world.record(status({ recipient_id: undefined, recipient_user_id: USER_ID }))
  expect(people(world)).toMatchObject([{ waId: '212661000199', userId: null }])
})
