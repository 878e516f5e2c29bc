import { verify } from '@node-rs/argon2'
import bcrypt from 'bcryptjs'
import { Redis } from 'ioredis'
import { beforeEach, describe, expect, onTestFinished, vi } from 'vitest'
import { compareBcrypt } from '#shared/auth/bcrypt.ts'
import { accountLockedChannel } from '#shared/contracts/account-locked.ts'
import { untilPasses, untilTrue } from '#test/support/until.ts'
import { test, type World } from '#test/support/world.ts'
import { type Gateway, openGateway, PEOPLE, type Person, passwordOf } from '#test/support/worlds/gateway.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'

// Each test opens a gateway of its own.
vi.setConfig({ testTimeout: 120_000 })
vi.mock('@node-rs/argon2', { spy: true })
vi.mock('#shared/auth/bcrypt.ts', { spy: true })
const hashes = vi.mocked(verify)
beforeEach(() => {
  hashes.mockClear()
  vi.mocked(compareBcrypt).mockClear()
})

/** Behind one proxy, which says where a request comes from. */
async function open(world: World, env: Record<string, string> = {}): Promise<Gateway> {
  const gateway = await openGateway(world, { TRUST_PROXY: '1', ...env })
  onTestFinished(() => gateway[Symbol.asyncDispose]())
  return gateway
}

const signIn = (gateway: Gateway, email: string, password: string, from = '203.0.113.1') =>
  gateway.call('POST', '/api/v1/auth/login', {
    body: { email, password, client: 'api' },
    headers: { 'x-forwarded-for': from },
  })
const own = (person: Person) => [PEOPLE[person], passwordOf(person)] as const

/** How often each status was answered. */
const counted = (answers: { status: number }[]) =>
  Object.fromEntries([...Map.groupBy(answers, ({ status }) => status)].map(([status, of]) => [status, of.length]))

async function inTurn<T>(count: number, call: (i: number) => Promise<T>): Promise<T[]> {
  const answers: T[] = []
  for (let i = 0; i < count; i++) answers.push(await call(i))
  return answers
}

/** As if the time of all locks had passed. */
async function endLocks({ redis, store }: Gateway): Promise<void> {
  const keys = await redis.keys(`linko:${store.connection.name}:lock*`)
  if (keys.length > 0) await redis.del(keys)
}

describe('wrong passwords', () => {
  test('[F48] one address has a limit, whatever e-mails it names', async ({ world }) => {
    const gateway = await open(world, { RATE_LIMIT_AUTH: '10/15min' })
    const answers = await inTurn(40, i => signIn(gateway, `nobody${i}@example.com`, 'Wrong@1234567'))
    expect(counted(answers)).toEqual({ 401: 30, 429: 10 })
    expect(Number(answers.at(-1)?.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(hashes).toHaveBeenCalledTimes(30)
    expect((await signIn(gateway, ...own('agent'))).status).toBe(429)
    expect((await signIn(gateway, ...own('agent'), '203.0.113.2')).status).toBe(200)
  })

  test('[F48] all addresses of an IPv6 /64 are one', async ({ world }) => {
    const gateway = await open(world, { RATE_LIMIT_AUTH: '10/15min' })
    const answers = await inTurn(40, i => signIn(gateway, `nobody${i}@example.com`, 'x', `2001:db8:1:2:${i}::${i}`))
    expect(counted(answers)).toEqual({ 401: 30, 429: 10 })
    expect((await signIn(gateway, 'nobody@example.com', 'x', '2001:db8:1:3::1')).status).toBe(401)
  })

  test('right passwords do not count: an office behind one address signs in', async ({ world }) => {
    const gateway = await open(world, { RATE_LIMIT_AUTH: '10/15min' })
    const people = Object.keys(PEOPLE) as Person[]
    const answers = await inTurn(40, i => signIn(gateway, ...own(people[i % people.length] as Person)))
    expect(counted(answers)).toEqual({ 200: 40 })
  })

  test('[F48] the limits hold without Redis too', async ({ world }) => {
    const gateway = await open(world, { RATE_LIMIT_AUTH: '10/15min' })
    gateway.redis.disconnect()
    const answers = await inTurn(40, i => signIn(gateway, `nobody${i}@example.com`, 'x'))
    expect(counted(answers)).toEqual({ 401: 30, 429: 10 })
    const guesses = await inTurn(12, i => signIn(gateway, PEOPLE.agent, `wrong ${i}`, '203.0.113.2'))
    expect(counted(guesses)).toEqual({ 401: 10, 429: 2 })
    expect((await signIn(gateway, ...own('manager'), '203.0.113.3')).status).toBe(200)
  })
})

describe('an account', () => {
  test('[F48] 1,000 wrong passwords from 50 addresses lock it, and its owner is told', async ({ world }) => {
    const gateway = await open(world)
    const notices = await noticesOf(gateway, world)
    const flood = async (email: string) => {
      // At the same moment no more than may wait for a hash.
      const answers = await inTurn(40, round =>
        Promise.all(
          Array.from({ length: 25 }, (_, i) => signIn(gateway, email, `wrong ${round}`, `198.51.100.${(round % 2) * 25 + i}`)),
        ),
      )
      return counted(answers.flat())
    }
    const before = hashes.mock.calls.length
    expect(await flood(PEOPLE.agent)).toEqual({ 401: 50, 429: 950 })
    expect(await flood('nobody@example.com')).toEqual({ 401: 50, 429: 950 })
    expect(hashes.mock.calls.length - before).toBe(100)

    const locked = await signIn(gateway, ...own('agent'))
    expect([locked.status, locked.body.errorCode]).toEqual([429, 'LOGIN_LOCKED'])
    const { _id, tenantId } = await userByEmail(gateway.store, PEOPLE.agent)
    await untilPasses(async () => {
      const entries = await gateway.store.models.auditLog.find({ tenantId, action: 'users.locked' }).lean()
      expect(entries.map(({ actor, object, changes }) => [actor.kind, object, changes.lockScope?.after])).toEqual([
        ['system', { kind: 'user', id: String(_id) }, 'account'],
      ])
    })
    await untilPasses(() =>
      expect(notices).toEqual([expect.objectContaining({ tenantId: String(tenantId), userId: String(_id), scope: 'account' })]),
    )

    await endLocks(gateway)
    const [first, second] = await inTurn(2, () => signIn(gateway, ...own('agent')))
    expect([first?.status, new Date(first?.body.lastLockedAt).getTime()]).toEqual([200, Date.parse(notices[0]?.at as string)])
    expect([second?.status, second?.body.lastLockedAt]).toEqual([200, null])
  })

  test('[F48] guesses of a locked network do not lock the account for everybody', async ({ world }) => {
    const gateway = await open(world)
    expect(counted(await inTurn(80, i => signIn(gateway, PEOPLE.agent, `wrong ${i}`)))).toEqual({ 401: 10, 429: 70 })
    const { tenantId } = await userByEmail(gateway.store, PEOPLE.agent)
    await untilPasses(async () => {
      const entries = await gateway.store.models.auditLog.find({ tenantId, action: 'users.locked' }).lean()
      expect(entries.map(({ changes, ip }) => [changes.lockScope?.after, ip])).toEqual([['network', '203.0.113.1']])
    })
    expect((await signIn(gateway, ...own('agent'), '203.0.113.2')).status).toBe(200)
  })

  test('[F48] guesses of the current password count like those of a sign-in', async ({ world }) => {
    const gateway = await open(world)
    const change = (currentPassword: string) =>
      gateway.call('POST', '/api/v1/auth/password', {
        as: 'agent',
        body: { currentPassword, newPassword: 'a long enough secret' },
        headers: { 'x-forwarded-for': '203.0.113.1' },
      })
    expect(counted(await inTurn(10, i => change(`wrong ${i}`)))).toEqual({ 422: 10 })
    const locked = await change(passwordOf('agent'))
    expect([locked.status, locked.body.errorCode]).toEqual([429, 'LOGIN_LOCKED'])
    expect((await signIn(gateway, ...own('agent'))).status).toBe(429)
    expect((await signIn(gateway, ...own('agent'), '203.0.113.2')).status).toBe(200)
  })
})

describe('hashes', () => {
  test('[F48] too many at once are answered 503 and count as no guess; requests with a token go on', async ({ world }) => {
    const gateway = await open(world)
    const token = await gateway.tokenFor('agent')
    let release: () => void = () => undefined
    const released = new Promise<void>(resolve => {
      release = resolve
    })
    const { verify: compute } = await vi.importActual<typeof import('@node-rs/argon2')>('@node-rs/argon2')
    hashes.mockImplementation(async (...given) => {
      await released
      return await compute(...given)
    })
    onTestFinished(() => void hashes.mockReset())
    const answers: { status: number }[] = []
    const flood = Array.from({ length: 40 }, async (_, i) => {
      const answer = await signIn(gateway, `nobody${i}@example.com`, 'x', `198.51.100.${i}`)
      answers.push(answer)
      return answer
    })
    // Two are computed and 32 wait.
    await untilTrue(() => answers.length === 6)
    expect(counted(answers)).toEqual({ 503: 6 })
    const refused = await signIn(gateway, ...own('agent'))
    expect([refused.status, refused.body.errorCode, refused.headers.get('retry-after')]).toEqual([503, 'SIGN_IN_BUSY', '2'])
    expect((await gateway.call('GET', '/api/v1/conversations', { token })).status).toBe(200)
    for (let i = 0; i < 12; i++) expect((await signIn(gateway, PEOPLE.agent, 'wrong')).status).toBe(503)
    release()
    expect(counted(await Promise.all(flood))).toEqual({ 401: 34, 503: 6 })
    expect((await signIn(gateway, ...own('agent'))).status).toBe(200)
  })

  test('[F48] are the same for unknown addresses, users, and users of a former system', async ({ world }) => {
    const gateway = await open(world)
    const { _id } = await userByEmail(gateway.store, PEOPLE.manager)
    const passwordHash = await bcrypt.hash(passwordOf('manager'), 4)
    await gateway.store.raw.users.updateOne({ _id }, { $set: { passwordHash } })
    await signIn(gateway, 'warm-up@example.com', 'x')
    for (const email of ['nobody@example.com', PEOPLE.agent, PEOPLE.manager]) {
      hashes.mockClear()
      vi.mocked(compareBcrypt).mockClear()
      expect((await signIn(gateway, email, 'wrong')).status).toBe(401)
      expect([email, hashes.mock.calls.length, vi.mocked(compareBcrypt).mock.calls.length]).toEqual([email, 1, 1])
    }
    expect((await signIn(gateway, ...own('manager'))).status).toBe(200)
    expect((await userByEmail(gateway.store, PEOPLE.manager)).passwordHash).toMatch(/^\$argon2id\$/)
  })
})

describe('X-Forwarded-For', () => {
  test('[F49] without a proxy of ours it says nothing', async ({ world }) => {
    const gateway = await open(world, { TRUST_PROXY: '0' })
    const answers = await inTurn(12, i => signIn(gateway, PEOPLE.agent, `wrong ${i}`, `198.51.100.${i}`))
    expect(counted(answers)).toEqual({ 401: 10, 429: 2 })
    const { tenantId } = await userByEmail(gateway.store, PEOPLE.agent)
    await untilPasses(async () => {
      const entries = await gateway.store.models.auditLog.find({ tenantId, action: 'users.locked' }).lean()
      expect(entries.map(({ ip }) => ip)).toEqual([expect.stringMatching(/127\.0\.0\.1$/)])
    })
  })

  test('[F49] of a chain only what our proxy added counts', async ({ world }) => {
    const gateway = await open(world)
    const answers = await inTurn(12, i => signIn(gateway, PEOPLE.agent, `wrong ${i}`, `198.51.100.${i}, 203.0.113.9`))
    expect(counted(answers)).toEqual({ 401: 10, 429: 2 })
    expect((await signIn(gateway, ...own('agent'), '203.0.113.9, 203.0.113.10')).status).toBe(200)
  })

  test('[F49] invented texts in it are counted as one address', async ({ world }) => {
    const gateway = await open(world)
    const answers = await inTurn(12, i => signIn(gateway, PEOPLE.agent, `wrong ${i}`, `invented-${i}`))
    expect(counted(answers)).toEqual({ 401: 10, 429: 2 })
  })
})

/** What is published about locked accounts. */
async function noticesOf({ store }: Gateway, world: World): Promise<Record<string, unknown>[]> {
  const notices: Record<string, unknown>[] = []
  const redis = new Redis(world.redisUrl)
  onTestFinished(() => redis.disconnect())
  await redis.subscribe(accountLockedChannel(store.connection.name))
  redis.on('message', (_channel, text) => notices.push(JSON.parse(text)))
  return notices
}
