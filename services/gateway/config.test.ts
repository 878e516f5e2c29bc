import { expect, test } from 'vitest'
import { readGatewayConfig } from './config.ts'

const env = {
  NODE_ENV: 'test',
  MONGODB_URI: 'mongodb://db',
  RABBITMQ_URL: 'amqp://mq',
  REDIS_URL: 'redis://r',
  JWT_SECRET: 'x'.repeat(32),
}

test('a variable that is not set has its documented default', () => {
  expect(readGatewayConfig(env)).toMatchObject({
    GATEWAY_PORT: 3000,
    JWT_ACCESS_TTL: 900_000,
    JWT_REFRESH_TTL: 30 * 86_400_000,
    RATE_LIMIT_API: { count: 100, windowMs: 900_000 },
    RATE_LIMIT_AUTH: { count: 10, windowMs: 900_000 },
    RATE_LIMIT_MESSAGES: { count: 60, windowMs: 60_000 },
    CORS_ORIGIN: [],
    TRUST_PROXY: 0,
  })
})

test('PORT stands in for GATEWAY_PORT', () => {
  expect(readGatewayConfig({ ...env, PORT: '8080' }).GATEWAY_PORT).toBe(8080)
  expect(readGatewayConfig({ ...env, PORT: '8080', GATEWAY_PORT: '9090' }).GATEWAY_PORT).toBe(9090)
})

test('origins are a list', () => {
  const { CORS_ORIGIN } = readGatewayConfig({ ...env, CORS_ORIGIN: 'https://a.example, https://b.example,' })
  expect(CORS_ORIGIN).toEqual(['https://a.example', 'https://b.example'])
})

test('all problems are named at once and no value is shown', () => {
  const wrong = { ...env, JWT_SECRET: 'short-secret', RATE_LIMIT_AUTH: 'ten', TRUST_PROXY: '-1', REDIS_URL: undefined }
  const read = () => readGatewayConfig(wrong)
  for (const name of ['JWT_SECRET', 'RATE_LIMIT_AUTH', 'TRUST_PROXY', 'REDIS_URL']) expect(read).toThrow(name)
  expect(read).toThrow(expect.objectContaining({ message: expect.not.stringContaining('short-secret') }))
})
