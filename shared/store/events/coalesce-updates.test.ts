import { expect, test } from 'vitest'
import type { EventName, RealtimeEvent } from '../../contracts/realtime-event.ts'
import { coalesceUpdates } from './coalesce-updates.ts'

const event = (eventId: string, name: EventName, conversationId: string | null, updates?: object): RealtimeEvent => ({
  v: 1,
  eventId,
  tenantId: 't',
  name,
  at: '2026-11-20T10:00:00.000Z',
  clientId: null,
  conversationId,
  userId: null,
  payload: updates ? { conversationId, updates } : {},
})
const ids = (events: RealtimeEvent[]) => events.map(({ eventId }) => eventId)

test('of several updates of a conversation the last is kept, with the fields of all', () => {
  const { kept, folded } = coalesceUpdates([
    event('1', 'conversation:updated', 'c', { unreadCount: 1, status: 'open' }),
    event('2', 'message:received', 'c'),
    event('3', 'conversation:updated', 'other', { unreadCount: 7 }),
    event('4', 'conversation:updated', 'c', { unreadCount: 2 }),
    event('5', 'conversation:updated', 'c', { labels: [] }),
  ])
  expect(ids(kept)).toEqual(['2', '3', '5'])
  expect(ids(folded)).toEqual(['1', '4'])
  expect(kept.at(-1)?.payload.updates).toEqual({ unreadCount: 2, status: 'open', labels: [] })
})

test('other events are never coalesced', () => {
  const facts = [event('1', 'message:received', 'c'), event('2', 'message:received', 'c'), event('3', 'message:status', 'c')]
  expect(coalesceUpdates(facts)).toEqual({ kept: facts, folded: [] })
})
