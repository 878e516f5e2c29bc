import { expect, test } from 'vitest'
import type { SequencedEvent } from '#shared/contracts/socket-events.ts'
import { OwnConversations } from './own-conversations.ts'

let seq = 0
const event = (name: string, conversationId: string | null, payload: object = {}): SequencedEvent =>
  ({ name, conversationId, tenantId: 't', seq: ++seq, payload }) as unknown as SequencedEvent
const user = (id: string | null) => (id === null ? null : { id, name: id })
const assigned = (to: string | null, from: string | null = null) =>
  event('conversation:assigned', 'c', { conversationId: 'c', assignedTo: user(to), previouslyAssignedTo: user(from) })
const updated = (to: string | null) => event('conversation:updated', 'c', { conversation: { id: 'c', assignedTo: user(to) } })
const received = () => event('message:received', 'c')

async function withUser(ids: string[] = []) {
  const own = new OwnConversations(async () => ids)
  await own.add('t', 'a')
  return own
}

test('[peers 56] events of the own conversations are seen, others are not', async () => {
  const own = await withUser(['c'])
  expect(own.sees('a', received())).toBe(true)
  expect(own.sees('a', event('message:received', 'd'))).toBe(false)
  expect(own.sees('a', event('client:status', null))).toBe(true)
  expect(own.sees('b', received())).toBe(false)
})

test('[peers 56] who loses a conversation hears of it and of nothing after it', async () => {
  const own = await withUser(['c'])
  expect(own.apply(updated('b'))).toEqual([{ userId: 'a', conversationId: 'c' }])
  expect(own.sees('a', updated('b'))).toBe(false)
  expect(own.sees('a', assigned('b', 'a'))).toBe(true)
  expect(own.sees('a', received())).toBe(false)
})

test('[peers 56] who gets a conversation sees it from then on', async () => {
  const own = await withUser()
  expect(own.sees('a', received())).toBe(false)
  own.apply(assigned('a'))
  expect([own.sees('a', assigned('a')), own.sees('a', updated('a')), own.sees('a', received())]).toEqual([true, true, true])
})

test('[peers 56] what events say while the conversations are read counts', async () => {
  const reading = Promise.withResolvers<string[]>()
  const own = new OwnConversations(() => reading.promise)
  const adding = own.add('t', 'a')
  own.apply(updated('b'))
  own.apply(event('conversation:assigned', 'new', { conversationId: 'new', assignedTo: user('a') }))
  reading.resolve(['c', 'old'])
  await adding
  expect(['c', 'old', 'new'].map(id => own.has('a', id))).toEqual([false, true, true])
})

test('[peers 56] a merged conversation is that of the one it went into', async () => {
  const own = await withUser(['from'])
  own.apply(event('conversation:updated', 'from', { conversation: { id: 'to', assignedTo: user('a') } }))
  expect([own.has('a', 'from'), own.has('a', 'to')]).toEqual([true, true])
})

test('a user is forgotten with the last socket, also when the read fails', async () => {
  const own = await withUser(['c'])
  await own.add('t', 'a')
  own.remove('a')
  expect(own.has('a', 'c')).toBe(true)
  own.remove('a')
  expect(own.has('a', 'c')).toBe(false)
  const failing = new OwnConversations(() => Promise.reject(new Error('away')))
  await expect(failing.add('t', 'a')).rejects.toThrow('away')
  expect(failing.has('a', 'c')).toBe(false)
})
