import { expect, test } from 'vitest'
import { openMemo, safePath, sealMemo } from './memo.ts'

const secret = 'a secret of at least thirty-two bytes'
const now = new Date('2026-11-29T12:00:00Z')
const memo = { state: 's', nonce: 'n', verifier: 'v', returnTo: '/inbox', until: now.getTime() + 1000 }

test('a memo comes back as it was, for its time', () => {
  const value = sealMemo(memo, secret)
  expect(openMemo(value, secret, now)).toEqual(memo)
  expect(openMemo(value, secret, new Date(memo.until))).toBeNull()
})

test.for<[string, (value: string) => string]>([
  [
    'edited',
    value => Buffer.from(JSON.stringify({ ...memo, returnTo: '/x' })).toString('base64url') + value.slice(value.indexOf('.')),
  ],
  ['of another secret', () => sealMemo(memo, `${secret}!`)],
  ['cut short', value => value.slice(0, -1)],
  ['without a signature', value => value.split('.')[0] as string],
  ['nothing', () => ''],
])('a memo is refused: %s', ([, change]) => {
  expect(openMemo(change(sealMemo(memo, secret)), secret, now)).toBeNull()
})

test.for<[string | undefined, string]>([
  ['/inbox?status=open', '/inbox?status=open'],
  ['//evil.example', '/'],
  ['/\\evil.example', '/'],
  ['https://evil.example', '/'],
  ['javascript:alert(1)', '/'],
  ['/a\nb', '/'],
  [undefined, '/'],
])('a sign-in that asks to end at %s ends at %s', ([asked, path]) => {
  expect(safePath(asked)).toBe(path)
})
