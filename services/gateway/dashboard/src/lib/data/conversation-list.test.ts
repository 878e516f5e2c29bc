import { expect, test } from 'vitest'
import type { ConversationView } from '#shared/contracts/views.ts'
import { belongs, type Pages, patchList } from './conversation-list.ts'

const ME = 'me'
const row = (id: string, minute: number, more: Partial<ConversationView> = {}): ConversationView =>
  ({
    id,
    clientId: 'n1',
    status: 'open',
    assignedTo: { id: ME, name: 'Me' },
    labels: [],
    unreadCount: 0,
    snoozedUntil: null,
    waitingSince: null,
    lastMessage: { text: id, type: 'text', direction: 'INBOUND', status: 'RECEIVED', at: at(minute) },
    createdAt: at(0),
    updatedAt: at(minute),
    ...more,
  }) as ConversationView
const at = (minute: number) => `2026-11-20T10:${String(minute).padStart(2, '0')}:00.000Z`

function listOf(pages: ConversationView[][], hasMore = false): Pages<ConversationView> {
  return {
    pages: pages.map((data, i) => ({
      ...{ data, total: 10, totalIsExact: true, page: i + 1, limit: 2, nextCursor: null },
      hasMore: i < pages.length - 1 || hasMore,
    })),
    pageParams: pages.map(() => null),
  }
}
const ids = (list: Pages<ConversationView>) => list.pages.map(page => page.data.map(({ id }) => id).join(''))

test('new activity moves a conversation to the top, over the border of pages', () => {
  const list = listOf([
    [row('a', 9), row('b', 8)],
    [row('c', 7), row('d', 6)],
  ])
  expect(ids(patchList(list, row('d', 10), { mine: true }, ME))).toEqual(['da', 'bc'])
})

test('a change without activity stays in its place, and is shown', () => {
  const list = listOf([[row('a', 9), row('b', 8)]])
  const next = patchList(list, row('b', 8, { unreadCount: 3, updatedAt: at(20) }), {}, ME)
  expect(ids(next)).toEqual(['ab'])
  expect(next.pages[0]?.data[1]?.unreadCount).toBe(3)
})

test('what no longer belongs goes, what begins to belong comes, and the total follows', () => {
  const list = listOf([[row('a', 9), row('b', 8)]])
  const gone = patchList(list, row('a', 10, { assignedTo: null }), { mine: true }, ME)
  expect([ids(gone), gone.pages[0]?.total]).toEqual([['b'], 9])
  const come = patchList(list, row('x', 10), { mine: true }, ME)
  expect([ids(come), come.pages[0]?.total]).toEqual([['xab'], 11])
  const other = patchList(list, row('x', 10, { assignedTo: { id: 'other', name: null } }), { mine: true }, ME)
  expect(other).toBe(list)
})

test('an older view changes nothing', () => {
  const list = listOf([[row('a', 9), row('b', 8)]])
  expect(patchList(list, row('a', 7, { unreadCount: 5 }), {}, ME)).toBe(list)
})

test('a row behind the last loaded one is left to the next page', () => {
  const list = listOf([[row('a', 9), row('b', 8)]], true)
  expect(ids(patchList(list, row('x', 3), {}, ME))).toEqual(['ab'])
  expect(ids(patchList(listOf([[row('a', 9), row('b', 8)]]), row('x', 3), {}, ME))).toEqual(['abx'])
})

test('a search keeps what it found up to date, and leaves what is new to the server', () => {
  const list = listOf([[row('a', 9), row('b', 8)]])
  expect(belongs({ q: 'a' }, row('a', 9), ME)).toBeNull()
  expect(ids(patchList(list, row('b', 10), { q: 'x' }, ME))).toEqual(['ba'])
  expect(patchList(list, row('x', 10), { q: 'x' }, ME)).toBe(list)
})

test('a snoozed conversation leaves the open ones, and is among the snoozed ones', () => {
  const asleep = row('a', 9, { snoozedUntil: at(59) })
  expect(belongs({ status: 'open' }, asleep, ME)).toBe(false)
  expect(belongs({ status: 'snoozed' }, asleep, ME)).toBe(true)
  expect(belongs({ status: 'snoozed' }, row('b', 9), ME)).toBe(false)
  expect(ids(patchList(listOf([[row('a', 8), row('b', 7)]]), asleep, { status: 'open' }, ME))).toEqual(['b'])
})

test('by wait, who waits longest is first, and who has an answer is gone', () => {
  const list = listOf([[row('a', 9, { waitingSince: at(1) }), row('b', 8, { waitingSince: at(3) })]])
  const filters = { sort: 'waiting' } as const
  expect(ids(patchList(list, row('c', 10, { waitingSince: at(2) }), filters, ME))).toEqual(['acb'])
  expect(ids(patchList(list, row('a', 10), filters, ME))).toEqual(['b'])
})

test('who has got an answer is not unattended; whether it is the first one that is awaited knows only the server', () => {
  expect(belongs({ unattended: true }, row('a', 1), ME)).toBe(false)
  expect(belongs({ unattended: true }, row('a', 1, { waitingSince: at(1), snoozedUntil: at(59) }), ME)).toBe(false)
  expect(belongs({ unattended: true }, row('a', 1, { waitingSince: at(1) }), ME)).toBeNull()
})

test('conversations of one colleague', () => {
  expect(belongs({ assigneeId: ME }, row('a', 1), 'other')).toBe(true)
  expect(belongs({ assigneeId: 'other' }, row('a', 1), ME)).toBe(false)
})
