import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, vi } from 'vitest'
import { ROOT } from '#shared/process/config.ts'
import { connectStore } from '#shared/store/connect.ts'
import { acrossTenants } from '#shared/store/tenancy/tenancy.ts'
import { test } from '#test/support/world.ts'
import { openGateway } from '#test/support/worlds/gateway.ts'

// Starts processes.
vi.setConfig({ testTimeout: 240_000 })

interface Outcome {
  code: number
  stdout: string
  stderr: string
}

/** `npm run admin` as an operator of production runs it. */
async function admin(mongodbUri: string, ...args: string[]): Promise<Outcome> {
  const env = {
    PATH: process.env.PATH,
    NODE_ENV: 'production',
    MONGODB_URI: mongodbUri,
    DASHBOARD_URL: 'https://linko.example.com',
  }
  const command = [path.join(ROOT, 'deploy/admin.ts'), ...args]
  return await promisify(execFile)(process.execPath, command, { env, cwd: path.join(ROOT, 'deploy') }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  )
}
const linkIn = (text: string) => /https:\/\/linko\.example\.com\/welcome#token=([\w-]{43})/.exec(text)?.[1] as string

test('[AU-08] an empty installation gets its first platform admin by a command that prints a link and no password', async ({
  world,
}) => {
  const made = await admin(world.mongodbUri, 'create', 'Root@Example.com', '--name', 'Root', '--company', 'Operator')
  expect([made.code, made.stderr]).toEqual([0, ''])
  const token = linkIn(made.stdout)
  await using store = await connectStore(world.mongodbUri)
  const [user] = await acrossTenants(() => store.models.users.find().lean())
  expect(user).toMatchObject({ email: 'root@example.com', role: 'platform_admin', status: 'invited', passwordHash: null })
  expect((await store.models.tenants.findOne().lean())?.name).toBe('Operator')
  const audited = await acrossTenants(() => store.models.auditLog.find().lean())
  expect(audited.map(({ action, actor }) => [action, actor.kind])).toEqual([['users.create', 'system']])

  expect((await admin(world.mongodbUri, 'create', 'root@example.com')).stderr).toContain('exists already')
  const second = await admin(world.mongodbUri, 'create', 'second@example.com')
  expect(second.code).toBe(0)
  expect(await store.models.tenants.countDocuments()).toBe(1)
  expect((await admin(world.mongodbUri, 'list')).stdout).toContain('root@example.com\tinvited\tRoot')
  const newer = linkIn((await admin(world.mongodbUri, 'reset', 'root@example.com')).stdout)
  expect((await admin(world.mongodbUri, 'reset', 'nobody@example.com')).code).toBe(1)
  expect((await admin(world.mongodbUri, 'create')).stderr).toContain('usage:')

  await using gateway = await openGateway(world)
  const password = 'correct horse battery staple'
  const accept = (link: string) => gateway.call('POST', '/api/v1/auth/links/accept', { body: { token: link, password } })
  expect([(await accept(token)).status, (await accept(newer)).status]).toEqual([410, 204])
  const { body } = await gateway.call('POST', '/api/v1/auth/login', { body: { email: 'root@example.com', password } })
  expect(body.user.role).toBe('platform_admin')
  expect((await gateway.call('GET', '/api/v1/tenants', { token: body.accessToken })).status).toBe(200)
})
