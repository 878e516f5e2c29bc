import { createCipheriv, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { openOldToken } from './old-tokens.ts'

const TOKEN = `EAA${randomBytes(12).toString('hex')}`
const key = randomBytes(32)

/** As LinkoJob writes it: `iv:tag:data`. */
function gcm(plain: string, secret = key): string {
  const iv = randomBytes(16)
  const cipher = createCipheriv('aes-256-gcm', secret, iv)
  const data = cipher.update(plain, 'utf8', 'hex') + cipher.final('hex')
  return `${iv.toString('hex')}:${cipher.getAuthTag().toString('hex')}:${data}`
}

/** As the SaaS platform writes it: `iv:data`. */
function cbc(plain: string): string {
  const iv = randomBytes(16)
  const cipher = createCipheriv('aes-256-cbc', key, iv)
  return `${iv.toString('hex')}:${cipher.update(plain, 'utf8', 'hex')}${cipher.final('hex')}`
}

const flipped = (stored: string) => stored.slice(0, -1) + (stored.endsWith('0') ? '1' : '0')

test.for<[string, string, Buffer | null, string | null]>([
  ["LinkoJob's token", gcm(TOKEN), key, TOKEN],
  ["the SaaS platform's token", cbc(TOKEN), key, TOKEN],
  ['a token that was never encrypted', TOKEN, null, TOKEN],
  ['a token without its key', gcm(TOKEN), null, null],
  ['a token under another key', gcm(TOKEN, randomBytes(32)), key, null],
  ['a changed token', flipped(gcm(TOKEN)), key, null],
  ['what is no token', 'hello', key, null],
])('[import] %s', ([, stored, secret, expected]) => {
  expect(openOldToken(stored, secret)).toBe(expected)
})
