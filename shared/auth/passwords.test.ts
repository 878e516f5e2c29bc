import { hash, verify } from '@node-rs/argon2'
import bcrypt from 'bcryptjs'
import { beforeEach, expect, test, vi } from 'vitest'
import { compareBcrypt } from './bcrypt.ts'
import { safeEqual } from './constant-time.ts'
import { passwordProblem } from './password-rules.ts'
import { checkSignIn, hashPassword, verifyPassword, warmUpPasswords } from './passwords.ts'

vi.mock('@node-rs/argon2', { spy: true })
vi.mock('./bcrypt.ts', { spy: true })
beforeEach(() => warmUpPasswords())

test('[AU-07] a password is stored as argon2id of 19 MiB, two passes, one lane, with its own salt', async () => {
  const stored = await hashPassword('Demo@123456')
  expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  expect(await hashPassword('Demo@123456')).not.toBe(stored)
  expect(await verifyPassword(stored, 'Demo@123456')).toEqual({ ok: true, needsRehash: false })
  expect(await verifyPassword(stored, 'demo@123456')).toEqual({ ok: false, needsRehash: false })
})

test('the same letters in another Unicode form are the same password', async () => {
  const stored = await hashPassword('caf\u00e9 cr\u00e8me')
  expect((await verifyPassword(stored, 'cafe\u0301 cre\u0300me')).ok).toBe(true)
})

test('[AU-07] a bcrypt hash of an older system is accepted, and marked for replacement', async () => {
  const stored = await bcrypt.hash('Demo@123456', 4)
  expect(await verifyPassword(stored, 'Demo@123456')).toEqual({ ok: true, needsRehash: true })
  expect(await verifyPassword(stored, 'wrong')).toEqual({ ok: false, needsRehash: false })
})

test('a weaker argon2 hash is accepted, and marked for replacement', async () => {
  const stored = await hash('Demo@123456', { memoryCost: 1024, timeCost: 1 })
  expect(await verifyPassword(stored, 'Demo@123456')).toEqual({ ok: true, needsRehash: true })
})

test.for(['', 'plain text', '$argon2id$broken', '$2b$10$short'])(
  'a hash that nobody can read (%j) is a wrong password',
  async stored => {
    expect(await verifyPassword(stored, stored)).toEqual({ ok: false, needsRehash: false })
  },
)

test('nobody signs in under an unknown address', async () => {
  for (const bcryptCost of [null, 4])
    for (const password of ['', 'nobody has this password'])
      expect(await checkSignIn(null, password, bcryptCost)).toEqual({ ok: false, needsRehash: false })
})

const PASSWORD = 'Demo@123456'
const ofArgon2 = await hash(PASSWORD, { memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 })
const ofBcrypt = await bcrypt.hash(PASSWORD, 4)

test.for<[string, string | null]>([
  ['an unknown address', null],
  ['a user', ofArgon2],
  ['a user of a former system', ofBcrypt],
  ['a hash that cannot be read', '$argon2id$broken'],
])('[F48] a wrong password costs the same hashes for %s', async ([, stored]) => {
  for (const bcryptCost of [null, 4]) {
    if (bcryptCost === null && stored === ofBcrypt) continue
    const argon2 = vi.mocked(verify)
    const own = vi.mocked(compareBcrypt)
    argon2.mockClear()
    own.mockClear()
    await checkSignIn(stored, 'wrong', bcryptCost)
    // A hash that cannot be read costs nothing itself.
    const computed = await Promise.allSettled(argon2.mock.results.map(({ value }) => value))
    expect(computed.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(argon2.mock.calls.at(-1)?.[0]).toMatch(/m=19456,t=2,p=1/)
    expect(own.mock.calls.map(([, hash]) => hash.slice(0, 7))).toEqual(bcryptCost === null ? [] : ['$2b$04$'])
  }
})

test.for<[string, string]>([
  ['a user', ofArgon2],
  ['a user of a former system', ofBcrypt],
])('the right password signs %s in', async ([, stored]) => {
  expect(await checkSignIn(stored, PASSWORD, 4)).toEqual({ ok: true, needsRehash: stored === ofBcrypt })
})

test('bcrypt is not computed on the main thread', async () => {
  const here = [vi.spyOn(bcrypt, 'compare'), vi.spyOn(bcrypt, 'compareSync')]
  const answers = await Promise.all([verifyPassword(ofBcrypt, PASSWORD), verifyPassword(ofBcrypt, 'wrong')])
  expect(answers.map(({ ok }) => ok)).toEqual([true, false])
  for (const spy of here) expect(spy).not.toHaveBeenCalled()
})

test.for([
  'Short@1234',
  'aaaaaaaaaaaaaa',
  '123456789012',
  'abcdefghijklmnop',
  'Password123456!',
  'passwordpassword',
  'Whatsapp2026!!',
  'salma.idrissi',
  'x'.repeat(201),
])('%s is refused as a new password', password => {
  expect(passwordProblem(password, { email: 'Salma.Idrissi@example.com', name: 'Salma' })).toMatchObject({
    text: expect.any(String),
    key: expect.stringMatching(/^password-/),
  })
})

test.for(['correct horse battery', 'Wc7!rq-Tt0#z', 'مفتاح طويل وجيد', 'ten thousand olive trees'])(
  '%s is a good password',
  password => {
    expect(passwordProblem(password, { email: 'salma@example.com' })).toBeNull()
  },
)

test('secrets are compared whole', () => {
  expect([safeEqual('abc', 'abc'), safeEqual('abc', 'abd'), safeEqual('abc', 'abcd'), safeEqual('', '')]).toEqual([
    true,
    false,
    false,
    true,
  ])
})
