import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { readGatewayConfig } from '#services/gateway/config.ts'
import { readIngestConfig } from '#services/ingest/config.ts'
import { readRealtimeConfig } from '#services/realtime/config.ts'
import { readSenderConfig } from '#services/sender/config.ts'
import { parseEnv } from './config.ts'
import { productionProblems } from './production.ts'

const secret = (bytes = 32) => randomBytes(bytes).toString('hex')

/** What an operator gives to all services; each takes what it reads. */
const good = {
  NODE_ENV: 'production',
  BASE_URL: 'https://linko.example',
  MONGODB_URI: 'mongodb://mongodb:27017/linko?replicaSet=linko',
  RABBITMQ_URL: `amqp://linko-gateway:${secret(16)}@rabbitmq:5672`,
  REDIS_URL: 'redis://redis:6379',
  META_APP_ID: '100200300400500',
  META_APP_SECRET: secret(16),
  META_WEBHOOK_VERIFY_TOKEN: secret(16),
  TOKEN_ENCRYPTION_KEY: secret(),
  JWT_SECRET: secret(),
}
const without = (...names: string[]) => Object.fromEntries(Object.entries(good).filter(([name]) => !names.includes(name)))
const problems = (changes: NodeJS.ProcessEnv) => {
  const env = { ...good, ...changes }
  return productionProblems(env, Object.keys(env))
}

const READERS = { gateway: readGatewayConfig, ingest: readIngestConfig, sender: readSenderConfig, realtime: readRealtimeConfig }
const SERVICES = Object.entries(READERS)

test.for(SERVICES)('%s starts in production with secrets of its own', ([, read]) => {
  expect(() => read(good)).not.toThrow()
})

/** The values that docker-compose.yml had for a laptop. */
const LAPTOP = {
  META_APP_ID: '918273645500112',
  META_APP_SECRET: 'laptop-only-app-secret',
  META_WEBHOOK_VERIFY_TOKEN: 'laptop-only-verify-token',
  META_GRAPH_URL: 'http://simulator:4000',
  META_MEDIA_HOSTS: 'simulator:4000',
  TOKEN_ENCRYPTION_KEY: `${'0'.repeat(63)}1`,
  JWT_SECRET: 'laptop-only-secret-of-at-least-thirty-two-bytes',
  RABBITMQ_URL: 'amqp://linko:linko-laptop@rabbitmq:5672',
}

test.for(SERVICES)("%s refuses the laptop's values in production, each by its name", ([, read]) => {
  for (const [name, value] of Object.entries(LAPTOP)) {
    if (!reads(read, name)) continue
    expect(() => read({ ...good, [name]: value }), name).toThrow(`${name}: `)
  }
})

/** Whether a service reads a setting: then a value that no schema accepts is an error. */
const reads = (read: (env: NodeJS.ProcessEnv) => unknown, name: string) => {
  const env = { ...good, [name]: name.endsWith('_URL') ? 'amqp://guest:guest@x' : 'a'.repeat(64) }
  try {
    read(env)
    return false
  } catch {
    return true
  }
}

test.for<[service: string, asked: string[]]>([
  ['sender', ['META_APP_ID', 'META_APP_SECRET', 'META_WEBHOOK_VERIFY_TOKEN', 'JWT_SECRET', 'BASE_URL']],
  ['realtime', ['META_APP_ID', 'META_APP_SECRET', 'META_WEBHOOK_VERIFY_TOKEN', 'TOKEN_ENCRYPTION_KEY', 'BASE_URL']],
  ['ingest', ['META_APP_ID', 'JWT_SECRET', 'BASE_URL']],
])('%s starts without the secrets that it does not use: %j', ([service, unused]) => {
  const read = READERS[service as keyof typeof READERS] as (env: NodeJS.ProcessEnv) => unknown
  expect(() => read(without(...unused))).not.toThrow()
  const weak = Object.fromEntries(unused.map(name => [name, 'http://weak']))
  expect(() => read({ ...good, ...weak })).not.toThrow()
})

test('the gateway starts without the verify token, with which it tries the public address of the webhooks', () => {
  expect(() => READERS.gateway(without('META_WEBHOOK_VERIFY_TOKEN'))).not.toThrow()
})

test('the receiver needs no database and no key of tokens, the recorder no secret of the app', () => {
  const receiver = without('MONGODB_URI', 'TOKEN_ENCRYPTION_KEY', 'REDIS_URL')
  expect(() => readIngestConfig({ ...receiver, INGEST_ROLE: 'receiver' })).not.toThrow()
  const recorder = without('META_APP_SECRET', 'META_WEBHOOK_VERIFY_TOKEN')
  expect(() => readIngestConfig({ ...recorder, INGEST_ROLE: 'recorder' })).not.toThrow()
  expect(() => readIngestConfig(without('META_APP_SECRET'))).toThrow('META_APP_SECRET')
})

test.for<[what: string, value: string]>([
  ['short', secret(8)],
  ['one character', 'a'.repeat(64)],
  ['few characters', 'abcab'.repeat(13)],
  ['a part again and again', secret(8).repeat(4)],
  ['a part again and again, the last cut short', secret(12).repeat(3).slice(0, 64)],
  ['counted up', '0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ'],
])('a JWT_SECRET that is %s is refused', ([, value]) => {
  expect(problems({ JWT_SECRET: value })).toEqual([expect.stringMatching(/^ {2}JWT_SECRET: /)])
})

test('every part of several secrets is looked at', () => {
  expect(problems({ META_APP_SECRET: `${secret(16)},${'a'.repeat(32)}` })).toEqual([expect.stringContaining('META_APP_SECRET')])
  expect(problems({ META_APP_SECRET: `${secret(16)},` })).toEqual([expect.stringContaining('META_APP_SECRET')])
  const keys = `k1:${secret()},k2:${'11'.repeat(32)}`
  expect(problems({ TOKEN_ENCRYPTION_KEYS: keys })).toEqual([expect.stringContaining('TOKEN_ENCRYPTION_KEYS')])
})

test('a value that serves for two secrets is refused', () => {
  expect(problems({ TRUSTED_GATEWAY_SECRET: good.JWT_SECRET })).toEqual([
    '  TRUSTED_GATEWAY_SECRET: has the same value as JWT_SECRET',
  ])
})

test.for([
  ['RABBITMQ_URL', 'amqp://rabbitmq:5672'],
  ['RABBITMQ_URL', 'amqp://guest:guest@rabbitmq:5672'],
  ['RABBITMQ_URL', `amqp://guest:${secret()}@rabbitmq:5672`],
  ['RABBITMQ_URL', 'amqp://linko:linko-laptop@rabbitmq:5672'],
  ['RABBITMQ_URL', 'amqp://linko:short@rabbitmq:5672'],
  ['MONGODB_URI', 'mongodb://linko:aaaaaaaaaaaaaaaa@a:1,b:2/linko?replicaSet=r'],
  ['REDIS_URL', 'redis://:short@redis:6379'],
])('the credentials of %s %s are refused', ([name, value]) => {
  expect(problems({ [name as string]: value }).length).toBeGreaterThan(0)
  expect(problems({ [name as string]: value }).every(line => line.startsWith(`  ${name}: `))).toBe(true)
})

test.for([
  ['BASE_URL', 'http://linko.example'],
  ['DASHBOARD_URL', 'http://linko.example'],
  ['SOCKET_URL', 'ws://linko.example'],
  ['META_GRAPH_URL', 'http://graph.facebook.com'],
  ['META_GRAPH_URL', 'https://localhost:4000'],
  ['META_GRAPH_URL', 'https://simulator:4000'],
  ['META_GRAPH_URL', 'https://127.0.0.1:4000'],
  ['META_GRAPH_URL', 'https://meta-simulator.example.com'],
  ['META_MEDIA_HOSTS', 'lookaside.fbsbx.com,127.0.0.1:4000'],
])('[SE-06] production refuses %s=%s', ([name, value]) => {
  expect(problems({ [name as string]: value }).map(line => line.split(':')[0]?.trim())).toContain(name)
})

test('[SE-06] the gateway needs a BASE_URL in production, for without one the refresh cookie is not Secure', () => {
  expect(() => readGatewayConfig(without('BASE_URL'))).toThrow('BASE_URL: required in production')
})

test("Meta's own addresses are accepted", () => {
  const hosts = { META_GRAPH_URL: 'https://graph.facebook.com', META_MEDIA_HOSTS: 'lookaside.fbsbx.com,*.fbcdn.net' }
  expect(problems(hosts)).toEqual([])
  expect(problems({ SOCKET_URL: 'wss://linko.example', DASHBOARD_URL: 'https://linko.example' })).toEqual([])
})

test('no line shows a value', () => {
  const env = { ...LAPTOP, NODE_ENV: 'production', BASE_URL: 'http://host.example' }
  const lines = productionProblems(env, Object.keys(env)).join('\n')
  for (const value of Object.values(LAPTOP)) expect(lines).not.toContain(value)
})

test('outside production nothing is refused', () => {
  expect(() => parseEnv(z.object({ JWT_SECRET: z.string() }), { JWT_SECRET: 'demo' })).not.toThrow()
})
