import { expect, test } from 'vitest'
import type { MessageView } from '#shared/contracts/views.ts'
import type { Pages } from './conversation-list.ts'
import { inOrder, newerMessage, patchMessages } from './message-list.ts'

const at = (minute: number) => `2026-11-20T10:${String(minute).padStart(2, '0')}:00.000Z`
const message = (id: string, minute: number, status: MessageView['status'] = 'SENT', changed = minute): MessageView =>
  ({ id, status, statusUpdatedAt: at(changed), createdAt: at(minute), direction: 'OUTBOUND' }) as MessageView
const listOf = (pages: MessageView[][], hasMore = false): Pages<MessageView> => ({
  pages: pages.map((data, i) => ({
    ...{ data, total: 0, totalIsExact: true, page: i + 1, limit: 2, nextCursor: null },
    hasMore: i < pages.length - 1 || hasMore,
  })),
  pageParams: pages.map(() => null),
})
const ids = (list: Pages<MessageView>) =>
  inOrder(list)
    .map(({ id }) => id)
    .join('')

test('a state never goes back, in whatever order it is told', () => {
  const read = message('a', 1, 'READ', 5)
  expect(newerMessage(read, message('a', 1, 'DELIVERED', 4))).toBe(read)
  expect(newerMessage(message('a', 1, 'SENT', 2), read)).toBe(read)
  // Meta tells both with the same second.
  expect(newerMessage(read, message('a', 1, 'SENT', 5))).toBe(read)
})

test('a failed message that goes out again is waiting once more', () => {
  const again = message('a', 1, 'QUEUED', 9)
  expect(newerMessage(message('a', 1, 'FAILED', 5), again)).toBe(again)
})

test('a view with the same state and another content is taken: a reaction, a cost, a file', () => {
  const known = message('a', 1, 'READ', 5)
  const changed = { ...known, editedAt: at(6) }
  expect(newerMessage(known, changed)).toBe(changed)
})

test('messages are put in by their time, and each once', () => {
  const list = listOf([[message('d', 4), message('b', 2)], [message('a', 1)]])
  const grown = patchMessages(patchMessages(list, message('c', 3)), message('e', 5))
  expect(ids(grown)).toBe('abcde')
  expect(ids(patchMessages(grown, message('c', 3, 'READ', 8)))).toBe('abcde')
  const read = patchMessages(grown, message('c', 3, 'READ', 8))
  expect(patchMessages(read, message('c', 3))).toBe(read)
})

test('two messages of the same millisecond stand in the order of their ids', () => {
  expect(ids(patchMessages(listOf([[message('c', 3), message('a', 3)]]), message('b', 3)))).toBe('abc')
})

test('what is older than all that is loaded comes with its page', () => {
  expect(ids(patchMessages(listOf([[message('d', 4)]], true), message('a', 1)))).toBe('d')
  expect(ids(patchMessages(listOf([[message('d', 4)]]), message('a', 1)))).toBe('ad')
  expect(ids(patchMessages(listOf([[]]), message('a', 1)))).toBe('a')
})
