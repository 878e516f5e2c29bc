import { expect, test } from 'vitest'
import { createMemoryWorld } from '#test/support/worlds/memory.ts'
import { itemsOf, orders, stamp, T0, textFrom } from '#test/support/worlds/webhooks.ts'

const salma = { from: '212661000101', from_user_id: 'MA.1' }
const at = (second: number) => new Date((T0 + second) * 1000)
const copy = (id: string, second: number) => itemsOf('standby', { standby: { messages: [textFrom(salma, id, second)] } })
const own = (id: string, second: number) => itemsOf('messages', { messages: [textFrom(salma, id, second)] })
const handover = (type: string, second: number, details: object = {}) =>
  itemsOf('messaging_handovers', {
    metadata: undefined,
    recipient: { phone_number_id: '1054543651068213' },
    sender: { phone_number: '212661000101' },
    type,
    timestamp: stamp(second),
    [type]: details,
  })
const ownerAfter = (parts: ReturnType<typeof copy>[]) => {
  const world = createMemoryWorld()
  for (const items of parts) world.record(items)
  return world.rows.conversations[0]?.threadOwner
}

test('a copy for another app is shown as one, opens the window and waits for nobody here', () => {
  const world = createMemoryWorld()
  world.record(copy('hello', 1))
  const echo = { id: 'answer', timestamp: stamp(2), message: { to: '+212661000101', type: 'text', text: { body: 'Yes.' } } }
  world.record(itemsOf('standby', { standby: { message_echoes: [echo] } }))
  world.record(
    itemsOf('standby', {
      standby: { statuses: [{ id: 'answer', status: 'read', timestamp: stamp(3), recipient_id: '212661000101' }] },
    }),
  )
  expect(world.rows.messages).toMatchObject([
    { wamid: 'hello', direction: 'INBOUND', isOfOtherApp: true },
    { wamid: 'answer', direction: 'OUTBOUND', status: 'READ', sentBy: { kind: 'app' }, origin: 'app', content: { text: 'Yes.' } },
  ])
  expect(world.rows.conversations).toMatchObject([
    { unreadCount: 0, windowExpiresAt: at(1 + 24 * 3600), threadOwner: { owner: 'other', at: at(3) } },
  ])
})

test('the newest of copies, messages and handovers says who answers, in any order', () => {
  const first = own('first', 1)
  for (const order of orders([copy('copy', 2), own('mine', 4)]))
    expect(ownerAfter([first, ...order])).toMatchObject({ owner: 'platform', at: at(4) })
  const taken = handover('control_taken', 6, { new_owner_role: 'escalation' })
  for (const order of orders([taken, own('mine', 4)]))
    expect(ownerAfter([first, ...order])).toMatchObject({ owner: 'other', role: 'escalation', at: at(6) })
  const passed = handover('control_passed', 8, { previous_owner_app_role: 'meta_business_agent' })
  for (const order of orders([taken, passed]))
    expect(ownerAfter([first, ...order])).toMatchObject({ owner: 'platform', at: at(8) })
})

test('a handover is an entry of its thread, also before the first message of a customer who is not known', () => {
  const taken = handover('control_taken', 6, {
    previous_owner_role: 'customer_service',
    new_owner_role: 'escalation',
    metadata: 'Call back',
  })
  for (const parts of orders([taken, taken, own('first', 1)])) {
    const world = createMemoryWorld()
    for (const items of parts) world.record(items)
    expect(world.rows.messages.toSorted((a, b) => +a.at - +b.at)).toMatchObject([
      { wamid: 'first' },
      {
        type: 'handover',
        wamid: null,
        at: at(6),
        content: {
          text: null,
          data: { owner: 'other', previousRole: 'customer_service', newRole: 'escalation', note: 'Call back' },
        },
      },
    ])
    expect(world.rows.conversations).toMatchObject([
      {
        messageCount: 2,
        unreadCount: 1,
        lastMessage: { text: 'first' },
        lastActivityAt: at(1),
        threadOwner: { role: 'escalation' },
      },
    ])
  }
})

test('a handover of nobody is no entry', () => {
  const world = createMemoryWorld()
  const items = itemsOf('messaging_handovers', { type: 'control_taken', timestamp: stamp(1), control_taken: {} })
  expect(world.record(items).outcomes).toEqual(['ignored'])
  expect(world.rows.messages).toEqual([])
})

test('where nobody else was ever seen there is no owner to name', () => {
  expect(ownerAfter([own('one', 1), own('two', 2)])).toBeUndefined()
  expect(ownerAfter([own('one', 1), itemsOf('standby', { standby: {} })])).toBeUndefined()
})

test('a template of another app is shown with its text, and an echo of ours is no second message', () => {
  const world = createMemoryWorld()
  const template = { name: 'application_received', components: [{ type: 'body', parameters: [{ type: 'text', text: 'Salma' }] }] }
  const definition = { name: 'application_received', components: [{ type: 'BODY', text: 'Bonjour {{1}}.' }] }
  const message = { to: '+212661000101', type: 'template', template }
  world.record(
    itemsOf('message_echoes', { message_echoes: [{ id: 'echo', timestamp: stamp(1), message, template: definition }] }),
  )
  expect(world.rows.messages).toMatchObject([{ wamid: 'echo', direction: 'OUTBOUND', content: { text: 'Bonjour Salma.' } }])
})
