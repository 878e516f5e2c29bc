import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { duration, flag, parseEnv, port, readEnvironment, secretList } from './config.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'linko-config-'))
  mkdirSync(path.join(root, '.linko'))
  writeFileSync(path.join(root, '.env'), 'LOG_LEVEL=warn\nREDIS_URL=redis://from-dotenv\n')
  writeFileSync(path.join(root, '.linko/demo.env'), 'REDIS_URL=redis://from-demo\nJWT_SECRET=demo\n')
})
afterEach(() => rmSync(root, { recursive: true }))

test('the process environment wins over .env, and .env over the demo file', () => {
  const env = readEnvironment({ LOG_LEVEL: 'debug' }, root)
  expect(env).toMatchObject({ LOG_LEVEL: 'debug', REDIS_URL: 'redis://from-dotenv', JWT_SECRET: 'demo' })
})

test('production never reads the demo file', () => {
  expect(readEnvironment({ NODE_ENV: 'production' }, root).JWT_SECRET).toBeUndefined()
})

test('an empty value counts as absent', () => {
  expect(readEnvironment({ JWT_SECRET: '' }, root).JWT_SECRET).toBe('demo')
})

test('a secret may come from a file, and by its old name', () => {
  writeFileSync(path.join(root, 'secret'), 'from-file\n')
  const env = readEnvironment({ META_APP_SECRET_FILE: path.join(root, 'secret'), WHATSAPP_VERIFY_TOKEN: 'alias' }, root)
  expect(env).toMatchObject({ META_APP_SECRET: 'from-file', META_WEBHOOK_VERIFY_TOKEN: 'alias' })
})

test('one error lists every wrong variable and prints no value', () => {
  const schema = z.object({ A: port(1), B: z.url(), C: duration('5m'), D: flag(true) })
  const parse = () => parseEnv(schema, { A: 'secret-a', B: 'secret-b', C: 'secret-c' })
  expect(parse).toThrow(/A: [\s\S]*B: [\s\S]*C: /)
  expect(parse).not.toThrow(/secret-/)
})

test('production refuses a plain http address and a missing app secret', () => {
  const parse = () => parseEnv(z.object({}), { NODE_ENV: 'production', BASE_URL: 'http://linko.example' })
  expect(parse).toThrow(/META_APP_SECRET[\s\S]*BASE_URL/)
})

test.for<[string, number]>([
  ['1500', 1500],
  ['15s', 15_000],
  ['5m', 300_000],
  ['30d', 2_592_000_000],
])('%s are %d ms', ([text, ms]) => {
  expect(duration('1s').parse(text)).toBe(ms)
})

const real = 'a-real-secret-of-meta'
test.for([
  `${real},`,
  `,${real}`,
  'a,,b',
  ' , ',
  ',',
  '   ',
  `${real},short`,
  `${real}, ,${real}-2`,
  `${real},${real}`,
  `${real}, ${real}`,
])('[F41] the list of secrets "%s" stops the start in every environment, and is not printed', value => {
  for (const NODE_ENV of ['development', 'test', 'production']) {
    const parse = () => parseEnv(z.object({ META_APP_SECRET: secretList.optional() }), { NODE_ENV, META_APP_SECRET: value })
    expect(parse).toThrow('META_APP_SECRET: ')
    expect(parse).not.toThrow(real)
  }
})

test('secrets of 16 characters and more are a list, the current one first', () => {
  expect(secretList.parse(` ${real} ,the-older-secret`)).toEqual([real, 'the-older-secret'])
})
