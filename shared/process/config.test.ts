import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { duration, flag, parseEnv, port, readEnvironment, secretList } from './config.ts'
import { ADDRESSES, SECRETS } from './secrets.ts'

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

test('production by .env never reads the demo file either', () => {
  writeFileSync(path.join(root, '.env'), 'NODE_ENV=production\n')
  expect(readEnvironment({}, root).JWT_SECRET).toBeUndefined()
})

test('the service of a test reads no file of the checkout', () => {
  const env = readEnvironment({ NODE_ENV: 'test', LOG_LEVEL: 'debug' }, root)
  expect([env.LOG_LEVEL, env.REDIS_URL, env.JWT_SECRET]).toEqual(['debug', undefined, undefined])
})

test('what is not set is no member: as one of process.env it would become the text undefined', () => {
  expect(readEnvironment({ NODE_ENV: 'test' }, root)).toEqual({ NODE_ENV: 'test' })
  expect(Object.keys(readEnvironment({ NODE_ENV: 'test' }, root))).toEqual(['NODE_ENV'])
})

test('an empty value counts as absent', () => {
  expect(readEnvironment({ JWT_SECRET: '' }, root).JWT_SECRET).toBe('demo')
})

test('a secret may come from a file, and by its old name', () => {
  writeFileSync(path.join(root, 'secret'), 'from-file\n')
  const env = readEnvironment({ META_APP_SECRET_FILE: path.join(root, 'secret'), WHATSAPP_VERIFY_TOKEN: 'alias' }, root)
  expect(env).toMatchObject({ META_APP_SECRET: 'from-file', META_WEBHOOK_VERIFY_TOKEN: 'alias' })
})

test.for([...Object.keys(SECRETS), ...ADDRESSES])('%s may come from a file', name => {
  writeFileSync(path.join(root, 'secret'), 'from-file\n')
  expect(readEnvironment({ NODE_ENV: 'production', [`${name}_FILE`]: path.join(root, 'secret') }, root)[name]).toBe('from-file')
})

test('a file or an old name in the process environment wins over a plain value of a later source', () => {
  writeFileSync(path.join(root, 'secret'), 'from-file\n')
  writeFileSync(path.join(root, '.linko/demo.env'), 'JWT_SECRET=demo\nMETA_APP_SECRET=demo\n')
  const env = readEnvironment({ JWT_SECRET_FILE: path.join(root, 'secret'), WHATSAPP_APP_SECRET: 'alias' }, root)
  expect(env).toMatchObject({ JWT_SECRET: 'from-file', META_APP_SECRET: 'alias' })
})

test('PORT is an alias of GATEWAY_PORT: what the platform sets goes before the demo file', () => {
  writeFileSync(path.join(root, '.linko/demo.env'), 'GATEWAY_PORT=3000\nPORT=3000\n')
  expect(readEnvironment({ PORT: '8080' }, root).GATEWAY_PORT).toBe('8080')
  expect(readEnvironment({ PORT: '8080', GATEWAY_PORT: '9090' }, root).GATEWAY_PORT).toBe('9090')
})

test('a secret from a file may have its old name too', () => {
  writeFileSync(path.join(root, 'secret'), 'from-file\n')
  const env = readEnvironment({ WHATSAPP_APP_SECRET_FILE: path.join(root, 'secret') }, root)
  expect(env.META_APP_SECRET).toBe('from-file')
})

test('a file of a secret that is missing or empty is an error, not an absent secret', () => {
  writeFileSync(path.join(root, 'empty'), '\n')
  expect(() => readEnvironment({ JWT_SECRET_FILE: path.join(root, 'empty') }, root)).toThrow(/JWT_SECRET_FILE: .* empty/)
  expect(() => readEnvironment({ JWT_SECRET_FILE: path.join(root, 'none') }, root)).toThrow(/JWT_SECRET_FILE: there is no file/)
})

test('one error lists every wrong variable and prints no value', () => {
  const schema = z.object({ A: port(1), B: z.url(), C: duration('5m'), D: flag(true) })
  const parse = () => parseEnv(schema, { A: 'secret-a', B: 'secret-b', C: 'secret-c' })
  expect(parse).toThrow(/A: [\s\S]*B: [\s\S]*C: /)
  expect(parse).not.toThrow(/secret-/)
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
