import { describe, expect, test } from 'vitest'
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

describe('sign-in by an identity provider', () => {
  const provider = {
    OIDC_ISSUER: 'https://login.example.com',
    OIDC_CLIENT_ID: 'linko',
    OIDC_CLIENT_SECRET: 'between-two-servers-only',
  }
  test('is off, and passwords on, unless it is set up', () => {
    expect(readGatewayConfig(env)).toMatchObject({
      PASSWORD_SIGN_IN: true,
      OIDC_NAME: 'Single sign-on',
      OIDC_ROLE_MAP: new Map(),
    })
    const roles = { OIDC_ROLE_CLAIM: 'roles', OIDC_ROLE_MAP: 'admins=tenant_admin' }
    const config = readGatewayConfig({ ...env, ...provider, ...roles, PASSWORD_SIGN_IN: 'false' })
    expect([config.PASSWORD_SIGN_IN, config.OIDC_ROLE_MAP.get('admins')]).toEqual([false, 'tenant_admin'])
  })

  test.for<[Record<string, string>, string]>([
    [{ PASSWORD_SIGN_IN: 'false' }, 'PASSWORD_SIGN_IN: Nobody could sign in'],
    [{ OIDC_ISSUER: provider.OIDC_ISSUER }, 'OIDC_CLIENT_SECRET: Must be set'],
    [{ ...provider, OIDC_ROLE_CLAIM: 'roles' }, 'OIDC_ROLE_MAP: Must be set'],
    [{ ...provider, OIDC_ROLE_MAP: 'admins=root' }, 'OIDC_ROLE_MAP: root is no role'],
    [{ ...provider, OIDC_TENANT_ID: 'ours' }, 'OIDC_TENANT_ID: Must be the id'],
    [{ ...provider, OIDC_ISSUER: 'http://login.example.com', NODE_ENV: 'production' }, 'OIDC_ISSUER: Must be https'],
  ])('%j stops the start', ([settings, problem]) => {
    expect(() => readGatewayConfig({ ...env, ...settings })).toThrow(problem)
  })
})
