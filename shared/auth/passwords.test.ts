import { hash } from '@node-rs/argon2'
import bcrypt from 'bcryptjs'
import { expect, test } from 'vitest'
import { safeEqual } from './constant-time.ts'
import { passwordProblem } from './password-rules.ts'
import { hashPassword, verifyPassword, verifyUnknown } from './passwords.ts'

test('a password is stored as argon2id of 19 MiB, two passes, one lane, with its own salt', async () => {
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

test('a bcrypt hash of an older system is accepted, and marked for replacement', async () => {
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

test('verifyUnknown never succeeds', async () => {
  expect(await verifyUnknown('nobody has this password')).toBe(false)
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
  expect(passwordProblem(password, { email: 'Salma.Idrissi@example.com', name: 'Salma' })).toEqual(expect.any(String))
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
