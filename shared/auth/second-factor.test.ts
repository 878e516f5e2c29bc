import { Secret, TOTP } from 'otpauth'
import { expect, test } from 'vitest'
import { enrolment, lacksSecondFactor, newRecoveryCodes, newTotpSecret, recoveryHash, stepOf } from './second-factor.ts'

// RFC 6238, appendix B: the secret of its SHA-1 table, and the last six digits of its codes.
const RFC = Secret.fromLatin1('12345678901234567890').base32

test.for<[seconds: number, code: string]>([
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_234_567_890, '005924'],
  [20_000_000_000, '353130'],
])('at %i s the code is %s, as the standard says', ([seconds, code]) => {
  expect(stepOf(RFC, code, 0, new Date(seconds * 1000))).toBe(Math.floor(seconds / 30))
})

test('a code is accepted in the half minute before and after its own, and once', () => {
  const now = new Date(1_234_567_890_000)
  const step = Math.floor(now.getTime() / 30_000)
  const at = (steps: number) =>
    new TOTP({ secret: Secret.fromBase32(RFC) }).generate({ timestamp: now.getTime() + steps * 30_000 })
  expect([-2, -1, 0, 1, 2].map(steps => stepOf(RFC, at(steps), 0, now))).toEqual([null, step - 1, step, step + 1, null])
  expect(stepOf(RFC, at(0), step, now)).toBeNull()
  expect(stepOf(RFC, at(-1), step, now)).toBeNull()
})

test.for(['', '12345', '1234567', 'abcdef', '287 082', '２８７０８２'])('"%s" is no code', code => {
  expect(stepOf(RFC, code, 0, new Date(59_000))).toBeNull()
})

test('an app gets a secret of its own, by address and as a picture that holds no script', () => {
  const [secret, another] = [newTotpSecret(), newTotpSecret()]
  expect(secret).toMatch(/^[A-Z2-7]{32}$/)
  expect(another).not.toBe(secret)
  const { url, qrSvg } = enrolment(secret, { email: 'ana@example.com', issuer: 'Linko' })
  expect(new URL(url).searchParams.get('secret')).toBe(secret)
  expect(url).toContain('otpauth://totp/Linko:ana%40example.com?issuer=Linko')
  expect(qrSvg).toMatch(/^<svg [\s\S]*<\/svg>$/)
  expect(qrSvg).not.toMatch(/<script|on\w+=|href/)
})

test('recovery codes are ten, of 80 bits each, and read however they are written', () => {
  const { codes, hashes } = newRecoveryCodes()
  expect(new Set(codes).size).toBe(10)
  for (const code of codes) expect(code).toMatch(/^([0-9a-f]{5}-){3}[0-9a-f]{5}$/)
  expect(hashes).toEqual(codes.map(recoveryHash))
  expect(recoveryHash(` ${codes[0]?.toUpperCase().replaceAll('-', ' ')} `)).toBe(hashes[0])
})

test('who signs in with a password needs a second factor where the company asks for one', () => {
  const factor = { secret: 's', confirmedAt: new Date(), recoveryHashes: [], lastStep: 0 }
  const asks = { requireSecondFactor: true }
  expect(lacksSecondFactor({ passwordHash: 'x' }, {})).toBe(false)
  expect(lacksSecondFactor({ passwordHash: 'x' }, asks)).toBe(true)
  expect(lacksSecondFactor({ passwordHash: 'x', secondFactor: { ...factor, confirmedAt: null } }, asks)).toBe(true)
  expect(lacksSecondFactor({ passwordHash: 'x', secondFactor: factor }, asks)).toBe(false)
  expect(lacksSecondFactor({ passwordHash: null }, asks)).toBe(false)
})
