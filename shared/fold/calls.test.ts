import { expect, test } from 'vitest'
import { createMemoryWorld } from '#test/support/worlds/memory.ts'
import { itemsOf, orders, stamp, T0 } from '#test/support/worlds/webhooks.ts'

const DAY_S = 24 * 3600
const at = (second: number) => new Date((T0 + second) * 1000)
const contacts = [{ wa_id: '212661000101', user_id: 'MA.1', profile: { name: 'Salma' } }]
const call = (event: string, second: number, more: object = {}) =>
  itemsOf('calls', {
    contacts,
    calls: [{ id: 'wacid.1', event, timestamp: stamp(second), direction: 'USER_INITIATED', from: '212661000101', ...more }],
  })
const ours = (second: number, status: string) =>
  itemsOf('calls', {
    contacts,
    statuses: [{ id: 'wacid.2', type: 'call', status, timestamp: stamp(second), recipient_id: '212661000101' }],
  })

test('a call that was taken is one entry of the thread and opens the window, in any order of its events', () => {
  const taken = { status: 'COMPLETED', start_time: stamp(5), end_time: stamp(65), duration: 60 }
  for (const order of orders([call('connect', 1), call('terminate', 65, taken), call('connect', 1)])) {
    const world = createMemoryWorld()
    for (const items of order) world.record(items)
    const { conversations, messages } = world.rows
    expect(messages).toMatchObject([
      {
        type: 'call',
        direction: 'INBOUND',
        status: 'RECEIVED',
        at: at(1),
        content: { data: { state: 'completed', durationS: 60, startedAt: at(5).toISOString() } },
      },
    ])
    // No read receipt can go to a call.
    expect(conversations).toMatchObject([
      { windowExpiresAt: at(65 + DAY_S), unreadCount: 1, messageCount: 1, lastInboundWamid: null, contact: { name: 'Salma' } },
    ])
  }
})

test('a call that nobody took was missed, and opens the window too', () => {
  const world = createMemoryWorld()
  world.record(call('terminate', 30, { status: 'FAILED', from: undefined, from_user_id: 'MA.1' }))
  expect(world.rows.messages).toMatchObject([{ content: { data: { state: 'missed', isFailed: true } } }])
  expect(world.rows.conversations).toMatchObject([{ windowExpiresAt: at(30 + DAY_S) }])
})

test('a call of ours opens the window once it is accepted', () => {
  const world = createMemoryWorld()
  world.record(ours(1, 'RINGING'))
  expect(world.rows.conversations).toMatchObject([{ windowExpiresAt: null, unreadCount: 0 }])
  world.record(ours(9, 'ACCEPTED'))
  expect(world.rows.conversations).toMatchObject([{ windowExpiresAt: at(9 + DAY_S) }])
  world.record(
    itemsOf('calls', {
      contacts,
      calls: [
        {
          id: 'wacid.2',
          event: 'terminate',
          timestamp: stamp(69),
          direction: 'BUSINESS_INITIATED',
          to: '212661000101',
          duration: 60,
        },
      ],
    }),
  )
  expect(world.rows.messages).toMatchObject([
    { direction: 'OUTBOUND', origin: 'app', content: { data: { state: 'completed', durationS: 60 } } },
  ])
  expect(world.rows.conversations).toMatchObject([{ windowExpiresAt: at(9 + DAY_S) }])
})

test('a rejected call opens no window, and recordings add nothing', () => {
  const world = createMemoryWorld()
  world.record(ours(1, 'REJECTED'))
  world.record(itemsOf('calls', { calls: [{ id: 'wacid.2', event: 'call_recording_available', timestamp: stamp(9) }] }))
  expect(world.rows.messages).toMatchObject([{ content: { data: { state: 'rejected' } } }])
  expect(world.rows.conversations).toMatchObject([{ windowExpiresAt: null }])
})
