import { expect, test } from 'vitest'
import type { SequencedEvent } from '#shared/contracts/socket-events.ts'
import { conversationsToRead, recipientsOf } from './recipients.ts'

const event = (name: SequencedEvent['name'], conversationId: string, payload: object) =>
  ({ name, conversationId, payload: { conversationId, ...payload } }) as unknown as SequencedEvent

const received = (conversationId: string, type = 'text') => event('message:received', conversationId, { message: { type } })
const assigned = (conversationId: string, id: string | null) =>
  event('conversation:assigned', conversationId, { assignedTo: id && { id, name: null } })
const note = (conversationId: string, createdBy: string, mentions: string[]) =>
  event('note:added', conversationId, { note: { createdBy, mentions } })

test('a message of a customer is told to the assignee alone', () => {
  const assignees = new Map([
    ['c1', 'ana'],
    ['c2', null],
  ])
  expect(recipientsOf([received('c1'), received('c2')], assignees)).toEqual([
    { userId: 'ana', kind: 'message', conversationId: 'c1' },
  ])
})

test('what WhatsApp says of a person is not told', () => {
  expect(recipientsOf([received('c1', 'system')], new Map([['c1', 'ana']]))).toEqual([])
})

test('an assignment is told to whom has the conversation now', () => {
  const events = [assigned('c1', 'ana'), assigned('c1', 'badr'), assigned('c2', null)]
  const assignees = new Map([
    ['c1', 'badr'],
    ['c2', null],
  ])
  expect(recipientsOf(events, assignees)).toEqual([{ userId: 'badr', kind: 'assigned', conversationId: 'c1' }])
})

test('a note is told to those whom it names, not to its author', () => {
  expect(recipientsOf([note('c1', 'ana', ['ana', 'badr'])], new Map([['c1', null]]))).toEqual([
    { userId: 'badr', kind: 'mentioned', conversationId: 'c1' },
  ])
})

test('somebody is told once of a conversation, by what happened last', () => {
  const events = [assigned('c1', 'ana'), received('c1'), received('c1')]
  expect(recipientsOf(events, new Map([['c1', 'ana']]))).toEqual([{ userId: 'ana', kind: 'message', conversationId: 'c1' }])
})

test('of a deleted conversation nobody is told', () => {
  expect(recipientsOf([note('gone', 'ana', ['badr'])], new Map())).toEqual([])
})

test('only the conversations of what is told are read', () => {
  const events = [received('c1'), received('c1'), note('c2', 'a', []), event('message:status', 'c3', {})]
  expect(conversationsToRead(events)).toEqual(['c1', 'c2'])
})
