import { expect, test } from 'vitest'
import { keyMay } from './api-keys.ts'
import { ACTIONS, type Action, can, ROLES } from './policy.ts'
import { AREAS, actionsOf, covers, SCOPES } from './scopes.ts'

test('each scope is a set of actions of the policy table, none is empty, and every action is in one of its own', () => {
  for (const scope of SCOPES) expect([scope, ACTIONS.filter(action => covers(scope, action)).length > 0]).toEqual([scope, true])
  for (const action of ACTIONS) expect(SCOPES).toContain(action)
  expect(new Set(SCOPES).size).toBe(SCOPES.length)
  expect(AREAS).toContain('messages')
})

test('the scope of an area covers its actions, not those of an area whose name begins alike', () => {
  expect(covers('messages.*', 'messages.send')).toBe(true)
  expect(covers('mess.*', 'messages.send')).toBe(false)
  expect(covers('users.*', 'users.write')).toBe(true)
  expect(covers('users.read', 'users.write')).toBe(false)
})

test('a key may what its scopes and its role both allow, whichever way it is asked', () => {
  for (const role of ROLES)
    for (const scopes of [[], ['*'], ['users.*'], ['messages.send', 'users.write'], ['nonsense']]) {
      const allowed = actionsOf(role, scopes)
      expect(ACTIONS.filter(action => keyMay({ role, scopes }, action))).toEqual(allowed)
      expect(allowed.filter((action: Action) => !can(role, action))).toEqual([])
    }
  expect(actionsOf('agent', ['messages.send', 'users.write'])).toEqual(['messages.send'])
})
