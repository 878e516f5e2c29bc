import { expect, test } from 'vitest'
import { haveDifferentUserIds, joinUserIds, scopesOf, userIdIn, withoutUserId, withUserId } from './user-ids.ts'

const HOME = ['p1', 'waba1']
const AWAY = ['p2', 'waba2']
const of = (fields: object) => ({ userId: null, ...fields })

test('a number has the ids of its portfolio; its account stands for one that is not known', () => {
  expect(scopesOf({ portfolioId: 'p1', wabaId: 'waba1' })).toEqual(HOME)
  expect(scopesOf({ portfolioId: null, wabaId: 'waba1' })).toEqual(['waba1'])
})

test('a person has one id for each portfolio, and a number sees its own alone', () => {
  const first = { ...of({}), ...withUserId(of({}), HOME, 'MA.1') }
  expect(first).toEqual({ userId: 'MA.1', portfolio: 'p1' })
  expect(userIdIn(first, AWAY)).toBeNull()
  const both = { ...first, ...withUserId(first, AWAY, 'MA.2') }
  expect([userIdIn(both, HOME), userIdIn(both, AWAY)]).toEqual(['MA.1', 'MA.2'])
  const changed = { ...both, ...withUserId(both, AWAY, 'MA.3') }
  expect([userIdIn(changed, HOME), userIdIn(changed, AWAY)]).toEqual(['MA.1', 'MA.3'])
  const left = { ...changed, ...withoutUserId(changed, HOME) }
  expect([userIdIn(left, HOME), userIdIn(left, AWAY)]).toEqual([null, 'MA.3'])
})

test('an id of an unknown portfolio may be of any, and is of the one that it is met in', () => {
  const old = of({ userId: 'MA.1' })
  expect([userIdIn(old, HOME), userIdIn(old, AWAY)]).toEqual(['MA.1', 'MA.1'])
  expect(withUserId(old, HOME, 'MA.1')).toEqual({ userId: 'MA.1', portfolio: 'p1' })
})

test('an id that was stored under the account is found once the portfolio is known', () => {
  expect(userIdIn(of({ userId: 'MA.1', portfolio: 'waba1' }), HOME)).toBe('MA.1')
})

test('different ids make two people within a portfolio only', () => {
  const one = of({ userId: 'MA.1', portfolio: 'p1' })
  expect(haveDifferentUserIds(one, of({ userId: 'MA.2', portfolio: 'p1' }))).toBe(true)
  expect(haveDifferentUserIds(one, of({ userId: 'MA.2', portfolio: 'p2' }))).toBe(false)
  expect(haveDifferentUserIds(one, of({ userId: 'MA.2' }))).toBe(true)
})

test('who was known twice has the ids of both', () => {
  const kept = of({ userId: 'MA.1', portfolio: 'p1' })
  const gone = of({ userId: 'MA.2', portfolio: 'p2', otherUserIds: [{ portfolio: 'p1', userId: 'MA.9' }] })
  expect(joinUserIds(kept, gone)).toEqual({
    userId: 'MA.1',
    portfolio: 'p1',
    otherUserIds: [{ portfolio: 'p2', userId: 'MA.2' }],
  })
  expect(joinUserIds(of({}), kept)).toEqual({ userId: 'MA.1', portfolio: 'p1', otherUserIds: [] })
})
