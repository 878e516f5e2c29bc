import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { expect } from 'vitest'
import { seedDemo } from '#deploy/demo/seed.ts'
import { refuseDemoUsers } from '#services/gateway/accounts/demo-users.ts'
import { createKeyring } from '#shared/auth/encryption.ts'
import { connectStore } from '#shared/store/connect.ts'
import { migrate } from '#shared/store/migrate.ts'
import { acrossTenants } from '#shared/store/tenancy/tenancy.ts'
import { startGateway } from '#test/support/gateway-process.ts'
import { untilPasses } from '#test/support/until.ts'
import { test } from '#test/support/world.ts'
import { openGateway, PEOPLE, passwordOf } from '#test/support/worlds/gateway.ts'
import { openStore } from '#test/support/worlds/ingest.ts'
import { JWT_SECRET } from '#test/support/worlds/realtime.ts'

test('[F8] [F53] the service starts, answers, logs no secret, and leaves with 0 on SIGTERM', async ({ world }) => {
  await openStore(world)
  const { child, output } = startGateway(world)
  await untilPasses(() => expect(output()).toMatch(/"port":\d+.*gateway started/))
  const url = `http://127.0.0.1:${/"port":(\d+)/.exec(output())?.[1]}`
  expect(await (await fetch(`${url}/health`)).json()).toEqual({ status: 'ok' })
  expect(await (await fetch(`${url}/ready`)).json()).toEqual({
    status: 'ready',
    required: { mongodb: true },
    informational: { rabbitmq: true, redis: true },
  })
  const credentials = { email: PEOPLE.agent, password: passwordOf('agent') }
  const login = await fetch(`${url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(credentials),
  })
  const { accessToken } = (await login.json()) as { accessToken: string }
  const headers = { authorization: `Bearer ${accessToken}` }
  expect((await fetch(`${url}/api/v1/conversations`, { headers })).status).toBe(200)
  const metrics = await (await fetch(`${url}/metrics`)).text()
  expect(metrics).toContain('linko_http_request_seconds_count{route="/api/v1/conversations",method="GET",status="200"} 1')
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  expect((await exited)[0]).toBe(0)
  for (const secret of [accessToken, credentials.password, credentials.email, JWT_SECRET]) expect(output()).not.toContain(secret)
})

test('a bad configuration is reported in one message, without values', async ({ world }) => {
  const { child, output } = startGateway(world, { JWT_SECRET: 'too short', RATE_LIMIT_API: 'many' })
  expect((await once(child, 'exit'))[0]).not.toBe(0)
  expect(output()).toMatch(/JWT_SECRET[\s\S]*RATE_LIMIT_API/)
  expect(output()).not.toContain('too short')
})

test('in production the service refuses a database with users of the demo', { timeout: 180_000 }, async ({ world }) => {
  await using store = await connectStore(world.mongodbUri)
  await migrate(store)
  await expect(refuseDemoUsers(store, 'production')).resolves.toBeUndefined()
  await seedDemo(store, createKeyring({ TOKEN_ENCRYPTION_KEY: randomBytes(32).toString('hex') }))
  await expect(refuseDemoUsers(store, 'development')).resolves.toBeUndefined()
  const { child, output } = startGateway(world, {
    NODE_ENV: 'production',
    BASE_URL: 'https://linko.example',
    RABBITMQ_URL: `amqp://linko-gateway:${randomBytes(16).toString('hex')}@127.0.0.1:1`,
    JWT_SECRET: randomBytes(32).toString('hex'),
  })
  expect((await once(child, 'exit'))[0]).not.toBe(0)
  expect(output()).toContain('This database holds users of the demo')
  await acrossTenants(() => store.models.users.updateMany({}, { $set: { status: 'disabled' } }))
  await expect(refuseDemoUsers(store, 'production')).resolves.toBeUndefined()
})

test('[F20] while MongoDB is away everything is answered 503 with a time to try again', async ({ world }) => {
  await using gateway = await openGateway(world)
  const token = await gateway.tokenFor('agent')
  const body = { to: '+212661000101', text: 'a' }
  await gateway.store.connection.getClient().close(true)
  for (const answer of [
    await gateway.call('GET', '/api/v1/conversations', { token }),
    await gateway.call('POST', '/api/v1/messages/send', { token, body }),
    await gateway.call('POST', '/api/v1/auth/login', { body: { email: PEOPLE.agent, password: 'x' } }),
  ]) {
    expect([answer.status, answer.body.errorCode]).toEqual([503, 'UNAVAILABLE'])
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  }
  await gateway.store.connection.getClient().connect()
})
