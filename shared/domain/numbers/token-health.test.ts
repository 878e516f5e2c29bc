import { expect, test } from 'vitest'
import {
  endsWithValidToken,
  expiryOf,
  expiryToWarnOf,
  mayRenew,
  missingScopes,
  problemSentence,
  type TokenFacts,
} from './token-health.ts'

const now = new Date('2026-11-21T07:00:00Z')
const inDays = (days: number) => new Date(now.getTime() + days * 86_400_000)
const token = (facts: Partial<TokenFacts>): TokenFacts => ({
  isValid: true,
  expiresAt: null,
  dataAccessExpiresAt: null,
  scopes: [],
  problem: null,
  ...facts,
})

test('the earlier of two ends counts; without any there is none', () => {
  expect(expiryOf(token({}))).toBeNull()
  expect(expiryOf(token({ expiresAt: inDays(3) }))).toEqual(inDays(3))
  expect(expiryOf(token({ expiresAt: inDays(30), dataAccessExpiresAt: inDays(5) }))).toEqual(inDays(5))
})

test.for<[string, Partial<TokenFacts>, boolean]>([
  ['never ends', { expiresAt: null }, false],
  ['ends in 11 days', { expiresAt: inDays(11) }, false],
  ['ends in 10 days', { expiresAt: inDays(10) }, true],
  ['ends now', { expiresAt: now }, false],
  ['has ended', { expiresAt: inDays(-1) }, false],
  ['is revoked', { expiresAt: inDays(3), isValid: false }, false],
  ['loses its data access only', { dataAccessExpiresAt: inDays(3) }, false],
])('a token that %s', ([, facts, renews]) => {
  expect(mayRenew(token(facts), now)).toBe(renews)
})

test.for<[Partial<TokenFacts>, Date | null]>([
  [{}, null],
  [{ expiresAt: inDays(8) }, null],
  [{ expiresAt: inDays(7) }, inDays(7)],
  [{ dataAccessExpiresAt: inDays(2) }, inDays(2)],
])('people are warned seven days ahead: %j', ([facts, expected]) => {
  expect(expiryToWarnOf(token(facts), now)).toEqual(expected)
})

test('missing permissions are named', () => {
  expect(missingScopes({ scopes: ['whatsapp_business_messaging'] })).toEqual(['whatsapp_business_management'])
})

test("the banner names Meta's cause", () => {
  expect(problemSentence({ code: 190, subcode: 463, text: null })).toContain('expired')
  expect(problemSentence(null)).toContain('Connect the number again')
})

test('a pause ends automatically only where a valid token resolves it', () => {
  expect(endsWithValidToken('token', 190)).toBe(true)
  expect(endsWithValidToken('token', null)).toBe(true)
  expect(endsWithValidToken('token', 10)).toBe(false)
  expect(endsWithValidToken('manual', null)).toBe(false)
})
