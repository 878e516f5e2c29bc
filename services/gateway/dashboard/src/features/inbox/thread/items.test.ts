import { expect, test } from 'vitest'
import type { MessageView, NoteView } from '#shared/contracts/views.ts'
import type { OutboxEntry } from '../../../lib/outbox/outbox.ts'
import { foldReactions, idOf, itemsOf, withScheduled } from './items.ts'

const message = (id: string, createdAt: string, more: Partial<MessageView> = {}) =>
  ({
    ...{ id, createdAt, direction: 'INBOUND', type: 'text', status: 'RECEIVED', externalMessageId: `wamid.${id}`, reactions: [] },
    content: { text: id, media: null, template: null, data: null },
    ...more,
  }) as unknown as MessageView
const note = (id: string, createdAt: string) => ({ id, createdAt, text: id }) as NoteView
const reaction = (id: string, createdAt: string, wamid: string, emoji: string, status = 'SENT') =>
  message(id, createdAt, {
    ...{ type: 'reaction', direction: 'OUTBOUND', status: status as 'SENT' },
    content: { text: emoji, media: null, template: null, data: { message_id: wamid, emoji } },
  })
const entry = (emoji: string, state: OutboxEntry['state'] = 'sending') =>
  ({
    preview: { type: 'reaction' },
    state,
    createdAt: '09',
    body: { reaction: { message_id: 'a', emoji } },
  }) as unknown as OutboxEntry

test('notes stand among the messages by their time', () => {
  const items = itemsOf([message('a', '02'), message('b', '04')], [note('n2', '05'), note('n1', '03'), note('n0', '01')], true)
  expect(items.map(idOf)).toEqual(['n0', 'a', 'n1', 'b', 'n2'])
})

test('notes from before the loaded messages come with their page', () => {
  expect(itemsOf([message('a', '02')], [note('n1', '03'), note('n0', '01')], false).map(idOf)).toEqual(['a', 'n1'])
})

test('what waits for its time stands at the end, the next one first, and once', () => {
  const later = (id: string, sendAt: string) =>
    message(id, '01', { direction: 'OUTBOUND', status: 'QUEUED', waiting: { reason: 'scheduled', until: null }, sendAt })
  const all = withScheduled([later('s2', '09'), message('a', '02')], [later('s1', '08'), later('s2', '09')])
  expect(itemsOf(all, [note('n', '03')], true).map(idOf)).toEqual(['a', 'n', 's1', 's2'])
})

test('our reaction stands on its message, and only the last one', () => {
  const given = [
    message('a', '01'),
    reaction('r1', '02', 'wamid.a', '👍'),
    message('b', '03'),
    reaction('r2', '04', 'wamid.a', '❤️'),
  ]
  const { messages } = foldReactions(given, [])
  expect(messages.map(({ id }) => id)).toEqual(['a', 'b'])
  expect(messages[0]?.reactions).toEqual([{ emoji: '❤️', at: '04', direction: 'OUTBOUND' }])
  // What is cached stays as it was.
  expect(given[0]?.reactions).toEqual([])
})

test('one that is on its way is shown at once, and can be taken back', () => {
  const given = [message('a', '01'), reaction('r1', '02', 'wamid.a', '👍')]
  expect(foldReactions(given, [entry('🙏')])).toMatchObject({ entries: [], messages: [{ reactions: [{ emoji: '🙏' }] }] })
  expect(foldReactions(given, [entry('')]).messages[0]?.reactions).toEqual([])
})

test('what failed, and what is about a message that is not loaded, is not hidden', () => {
  const given = [message('a', '01'), reaction('r1', '02', 'wamid.a', '👍', 'FAILED'), reaction('r2', '03', 'wamid.z', '👍')]
  expect(foldReactions(given, [entry('👍', 'refused')])).toMatchObject({ messages: given, entries: [{ state: 'refused' }] })
})

test('a newer one from our phone counts, and those of the customer stay', () => {
  const theirs = { emoji: '😂', direction: 'INBOUND' as const, at: '03' }
  const phone = { emoji: '👏', direction: 'OUTBOUND' as const, at: '05' }
  const given = [message('a', '01', { reactions: [theirs, phone] }), reaction('r1', '04', 'wamid.a', '👍')]
  expect(foldReactions(given, []).messages[0]?.reactions).toEqual([theirs, phone])
  const before = [message('a', '01', { reactions: [theirs] }), reaction('r1', '04', 'wamid.a', '👍')]
  expect(foldReactions(before, []).messages[0]?.reactions.map(({ emoji }) => emoji)).toEqual(['😂', '👍'])
})
