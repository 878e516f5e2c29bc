import { expect, test } from 'vitest'
import { createMemoryWorld } from '#test/support/worlds/memory.ts'
import { itemsOf, orders, stamp, T0, textFrom } from '#test/support/worlds/webhooks.ts'

const salma = { from: '212661000101', from_user_id: 'MA.1' }
const karim = { from: '212661000102' }
const GROUP = 'Y2FwaV9ncm91cDoyMTI2'
const profile = { contacts: [{ wa_id: '212661000101', user_id: 'MA.1', profile: { name: 'Salma' } }] }
const inPrivate = itemsOf('messages', { ...profile, messages: [textFrom(salma, 'private', 1)] })
const inGroup = itemsOf('messages', {
  ...profile,
  messages: [textFrom(salma, 'one', 2, { group_id: GROUP }), textFrom(karim, 'two', 3, { group_id: GROUP })],
})

test('what is written to a group lies in a thread of the group, whoever writes, in any order', () => {
  for (const order of orders([...inPrivate, ...inGroup])) {
    const world = createMemoryWorld()
    for (const item of order) world.record([item])
    const { conversations, messages, contacts, leads } = world.rows
    expect(conversations.map(({ groupId, messageCount }) => [groupId ?? null, messageCount]).sort()).toEqual([
      [null, 1],
      [GROUP, 2],
    ])
    const group = conversations.find(({ groupId }) => groupId === GROUP)
    const own = messages.filter(({ conversationId }) => group?._id.equals(conversationId))
    expect(own.map(({ wamid, author }) => [wamid, author?.waId, author?.name]).sort()).toEqual([
      ['one', '212661000101', 'Salma'],
      ['two', '212661000102', null],
    ])
    expect(group).toMatchObject({ windowExpiresAt: null, contact: { waId: null, userId: null, phone: null } })
    expect(contacts).toHaveLength(2)
    expect(leads).toHaveLength(1)
  }
})

test('a stop word in a group opts nobody out, and a group’s system message moves nobody', () => {
  const world = createMemoryWorld()
  world.record(inPrivate)
  const moved = { type: 'system', system: { type: 'user_changed_number', wa_id: '212661000199', body: 'moved' } }
  world.record(
    itemsOf('messages', {
      messages: [
        textFrom(salma, 'stop', 2, { group_id: GROUP, text: { body: 'STOP' } }),
        { ...salma, id: 'moved', timestamp: stamp(3), group_id: GROUP, ...moved },
      ],
    }),
  )
  expect(world.rows.contacts.find(({ waId }) => waId === '212661000101')).toMatchObject({ optOut: false, userId: 'MA.1' })
})

test('a group is called as the newest change of its subject says, in any order', () => {
  const change = (second: number, subject: object) =>
    itemsOf('group_settings_update', {
      groups: [{ timestamp: T0 + second, group_id: GROUP, type: 'group_settings_update', group_subject: subject }],
    })
  const changes = [
    change(5, { text: 'Old', update_successful: true }),
    change(6, { text: 'New', update_successful: true }),
    change(7, { text: 'Refused', update_successful: false }),
  ]
  for (const order of orders(changes)) {
    const world = createMemoryWorld()
    world.record(inGroup)
    for (const items of order) world.record(items)
    expect(world.rows.conversations[0]?.contact.name).toBe('New')
  }
})

test('what members of a group report leaves a message to one person as it is', () => {
  const world = createMemoryWorld()
  const echo = itemsOf('smb_message_echoes', { message_echoes: [textFrom({ to: '212661000101' }, 'sent', 1)] })
  world.record(echo)
  const report = { id: 'sent', timestamp: stamp(4), recipient_id: GROUP, recipient_type: 'group' }
  world.record(itemsOf('messages', { statuses: [{ ...report, status: 'read', participant_recipient_id: '212661000102' }] }))
  world.record(itemsOf('messages', { statuses: [{ ...report, status: 'failed', recipient_participant_id: '212661000102' }] }))
  expect(world.rows.messages[0]).toMatchObject({ status: 'SENT', timeline: [] })
})
