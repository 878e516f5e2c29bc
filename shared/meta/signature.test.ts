import { expect, test } from 'vitest'
import { isSignature, sign, signatureIsValid } from './signature.ts'

const body = Buffer.from('{"object":"whatsapp_business_account","entry":[]}')

test('[F41] a body signed with an empty secret is refused, whatever the list holds', () => {
  for (const secrets of [[''], ['', 'a-real-secret-of-meta'], ['a-real-secret-of-meta', ''], []])
    expect([secrets, signatureIsValid(body, sign(body, ''), secrets)]).toEqual([secrets, false])
})

test('each secret of the list signs', () => {
  const secrets = ['the-current-secret', 'the-older-secret-']
  for (const secret of secrets) expect(signatureIsValid(body, sign(body, secret), secrets)).toBe(true)
  expect(signatureIsValid(body, sign(body, 'another-secret-xx'), secrets)).toBe(false)
})

test.for<[string | undefined, boolean]>([
  [undefined, false],
  ['', false],
  [`sha256=${'0'.repeat(63)}`, false],
  [`sha256=${'0'.repeat(65)}`, false],
  [`sha256=${'A'.repeat(64)}`, false],
  [`sha1=${'0'.repeat(40)}`, false],
  [`sha256=${'0'.repeat(64)}`, true],
])('%s has the form of a signature: %s', ([header, expected]) => {
  expect(isSignature(header)).toBe(expected)
})
