import { expect, test } from 'vitest'
import type { MessageView, NoteView } from '#shared/contracts/views.ts'
import { idOf, itemsOf } from './items.ts'
import { partsOf, rowsOf } from './rows.tsx'

const message = (id: string, createdAt: string, more: Partial<MessageView> = {}) =>
  ({ id, createdAt, direction: 'INBOUND', type: 'text', status: 'RECEIVED', reactions: [], ...more }) as unknown as MessageView
const note = (id: string, createdAt: string) => ({ id, createdAt, text: id }) as NoteView

const MESSAGES = [
  message('a', '2026-11-27T10:00:00Z'),
  message('b', '2026-11-28T10:00:00Z'),
  message('c', '2026-11-28T10:01:00Z', { replyTo: { messageId: 'a' } as MessageView['replyTo'] }),
  message('d', '2026-11-28T10:02:00Z', { replyTo: { messageId: 'gone' } as MessageView['replyTo'] }),
]
const items = itemsOf(MESSAGES, [note('n', '2026-11-28T10:00:30Z')], true)

test('a row knows whether it begins a day or a group, and what it quotes', () => {
  const rows = rowsOf(items)
  expect(rows.map(({ item }) => idOf(item))).toEqual(['a', 'b', 'n', 'c', 'd'])
  expect(rows.map(({ beginsDay }) => beginsDay)).toEqual([true, true, false, false, false])
  expect(rows.map(({ isFirst }) => isFirst)).toEqual([true, true, false, true, false])
  expect(rows.map(({ quoted }) => quoted?.id ?? null)).toEqual([null, null, null, 'a', null])
})

test('a part begins where a loaded page begins, so that an older page leaves the others as they are', () => {
  const idsOf = (begins: string[], rows = rowsOf(items)) =>
    partsOf(rows, new Set(begins)).map(part => part.map(({ item }) => idOf(item)))
  expect(idsOf(['c', 'b'], rowsOf(items.slice(1)))).toEqual([
    ['b', 'n'],
    ['c', 'd'],
  ])
  expect(idsOf(['c', 'b', 'a'])).toEqual([['a'], ['b', 'n'], ['c', 'd']])
  expect(partsOf([], new Set())).toEqual([])
})
