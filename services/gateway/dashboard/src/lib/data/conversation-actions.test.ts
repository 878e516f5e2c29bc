import { expect, test } from 'vitest'
import type { ConversationView } from '#shared/contracts/views.ts'
import { type ConversationEdit, edited, undone } from './conversation-actions.ts'

const before = {
  id: 'c1',
  status: 'open',
  assignedTo: { id: 'sara', name: 'Sara' },
  labels: ['Interview'],
  unreadCount: 3,
  snoozedUntil: null,
} as unknown as ConversationView

test.for<[name: string, edit: ConversationEdit, after: Partial<ConversationView>]>([
  ['closed', { status: 'closed' }, { status: 'closed' }],
  ['given to somebody', { assignedTo: { id: 'me', name: 'Me' } }, { assignedTo: { id: 'me', name: 'Me' } }],
  ['snoozed', { snoozedUntil: '2026-12-01T09:00:00.000Z' }, { snoozedUntil: '2026-12-01T09:00:00.000Z' }],
  ['labelled', { labels: { add: ['VIP'], remove: ['Interview'] } }, { labels: ['VIP'] }],
])('a conversation that is %s is shown so, and undone as it was', ([, edit, after]) => {
  const changed = edited(before, edit)
  expect(changed).toEqual({ ...before, ...after })
  expect(edited(changed, undone(before, edit) as ConversationEdit)).toEqual(before)
})

test('undoing a label that it had already leaves it', () => {
  expect(undone(before, { labels: { add: ['Interview', 'VIP'], remove: ['Old'] } })).toEqual({
    labels: { add: [], remove: ['VIP'] },
  })
})

test('a closed conversation does not sleep, and what was read cannot be unread', () => {
  expect(edited({ ...before, snoozedUntil: '2026-12-01T09:00:00.000Z' }, { status: 'closed' }).snoozedUntil).toBeNull()
  expect(edited(before, { isRead: true }).unreadCount).toBe(0)
  expect(undone(before, { isRead: true })).toBeNull()
})
