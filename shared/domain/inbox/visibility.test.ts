import { expect, test } from 'vitest'
import { type InboxSettings, type InboxUser, keepsNewConversation, replyRefusal, seesOwnOnly } from './visibility.ts'

const NONE: InboxSettings = {}
const OWN: InboxSettings = { agentsSeeOwnOnly: true }
const ASSIGNEE: InboxSettings = { onlyAssigneeReplies: true }
const agent: InboxUser = { kind: 'user', id: 'a', role: 'agent' }
const manager: InboxUser = { kind: 'user', id: 'm', role: 'manager' }
const key: InboxUser = { kind: 'apiKey', id: 'k', role: 'agent' }
const of = (id: string | null) => ({ assignedTo: id === null ? null : { id } })

test.for<[string, InboxSettings, InboxUser, string | null | undefined, string | null]>([
  ['without settings everybody', NONE, agent, 'b', null],
  ['an agent the own one', OWN, agent, 'a', null],
  ['an agent no colleague’s', OWN, agent, 'b', 'hidden'],
  ['an agent nobody’s', OWN, agent, null, 'hidden'],
  ['an agent a new one', OWN, agent, undefined, null],
  ['a manager any', OWN, manager, 'a', null],
  ['a system any', OWN, key, 'a', null],
  ['the assignee', ASSIGNEE, agent, 'a', null],
  ['no colleague of the assignee', ASSIGNEE, agent, 'b', 'not-assignee'],
  ['no manager either', ASSIGNEE, manager, 'a', 'not-assignee'],
  ['nobody before somebody takes it', ASSIGNEE, agent, null, 'not-assignee'],
  ['a system', ASSIGNEE, key, 'a', null],
  ['a new one anybody', ASSIGNEE, manager, undefined, null],
  ['hidden counts before unassigned', { ...OWN, ...ASSIGNEE }, agent, null, 'hidden'],
])('[peers 56] [beyond 21] may answer: %s', ([, settings, user, assignee, expected]) => {
  expect(replyRefusal(settings, user, assignee === undefined ? null : of(assignee))).toBe(expected)
})

test('[peers 56] users of one role alone see less, and keep what they begin', () => {
  expect([agent, manager, key].map(user => seesOwnOnly(OWN, user))).toEqual([true, false, false])
  expect([agent, manager, key].map(user => seesOwnOnly(NONE, user))).toEqual([false, false, false])
  expect([agent, manager, key].map(user => keepsNewConversation(OWN, user))).toEqual([true, false, false])
  expect([agent, manager, key].map(user => keepsNewConversation(ASSIGNEE, user))).toEqual([true, true, false])
})
