import { createCipheriv, randomBytes } from 'node:crypto'
import { Types } from 'mongoose'
import { expect } from 'vitest'
import { createApiKey, findApiKey, keyMay } from '#shared/auth/api-keys.ts'
import { openAccessToken, rewriteAccessTokens, sealAccessToken } from '#shared/auth/client-tokens.ts'
import { createKeyring } from '#shared/auth/encryption.ts'
import { issueRefreshToken, revokeRefreshToken, revokeUserTokens, rotateRefreshToken } from '#shared/auth/refresh-tokens.ts'
import { connectStore, type Store } from '#shared/store/connect.ts'
import { migrate } from '#shared/store/migrate.ts'
import { test as base } from '#test/support/world.ts'

const test = base.extend<{ store: Store }>({
  store: async ({ world }, use) => {
    await using store = await connectStore(world.mongodbUri)
    await migrate(store)
    await use(store)
  },
})

const newOwner = () => ({ userId: new Types.ObjectId(), tenantId: new Types.ObjectId() })
const start = new Date()
const at = (seconds: number) => new Date(start.getTime() + seconds * 1000)
const device = { ttlMs: 30 * 86_400_000, userAgent: 'phone' }

/** Rotates and gives the successor; fails the test when there is none. */
async function successor(store: Store, token: string, now: Date): Promise<string> {
  const rotation = await rotateRefreshToken(store, token, { ...device, now })
  if (rotation.kind !== 'rotated') throw new Error(`expected a successor, got ${rotation.kind}`)
  return rotation.token
}
const kindOf = async (store: Store, token: string, now: Date, userAgent = 'phone') =>
  (await rotateRefreshToken(store, token, { ...device, userAgent, now })).kind

test('a refresh token is exchanged for its successor, and is not stored itself', async ({ store }) => {
  const owner = newOwner()
  const first = await issueRefreshToken(store, owner, { ...device, now: at(0) })
  const rotation = await rotateRefreshToken(store, first.token, { ...device, now: at(900) })
  expect(rotation).toMatchObject({ kind: 'rotated', ...owner, expiresAt: new Date(at(900).getTime() + device.ttlMs) })
  expect(Buffer.from(first.token, 'base64url')).toHaveLength(32)
  expect(JSON.stringify(await store.raw.refreshTokens.find().toArray())).not.toContain(first.token)
})

test('the same device may repeat a token for ten seconds', async ({ store }) => {
  const first = await issueRefreshToken(store, newOwner(), { ...device, now: at(0) })
  const second = await successor(store, first.token, at(10))
  const twin = await successor(store, first.token, at(19))
  expect(await kindOf(store, second, at(20))).toBe('rotated')
  expect(await kindOf(store, twin, at(20))).toBe('rotated')
})

test('[F47] a second use after that, or by another device, ends the whole family', async ({ store }) => {
  for (const [seconds, userAgent] of [
    [21, 'phone'],
    [12, 'elsewhere'],
  ] as const) {
    const owner = newOwner()
    const first = await issueRefreshToken(store, owner, { ...device, now: at(0) })
    const second = await successor(store, first.token, at(10))
    expect(await rotateRefreshToken(store, first.token, { ...device, userAgent, now: at(seconds) })).toEqual({
      kind: 'reused',
      ...owner,
    })
    expect(await kindOf(store, second, at(seconds))).toBe('invalid')
    expect(await kindOf(store, first.token, at(seconds))).toBe('invalid')
  }
})

test('the grace time cannot be used to breed tokens', async ({ store }) => {
  const first = await issueRefreshToken(store, newOwner(), { ...device, now: at(0) })
  const kinds = []
  for (let i = 0; i < 8; i++) kinds.push(await kindOf(store, first.token, at(1)))
  expect(kinds).toEqual(['rotated', 'rotated', 'rotated', 'rotated', 'rotated', 'rotated', 'reused', 'invalid'])
})

test('[F47] two tabs at the same instant both go on', async ({ store }) => {
  const first = await issueRefreshToken(store, newOwner(), { ...device, now: at(0) })
  const kinds = await Promise.all([1, 2].map(() => kindOf(store, first.token, at(1))))
  expect(kinds).toEqual(['rotated', 'rotated'])
})

test('an unknown or expired token, and one after sign-out, gives nothing', async ({ store }) => {
  const owner = newOwner()
  const expired = await issueRefreshToken(store, owner, { ...device, ttlMs: 1000, now: at(0) })
  expect(await kindOf(store, expired.token, at(2))).toBe('invalid')
  expect(await kindOf(store, 'unknown', at(0))).toBe('invalid')
  const first = await issueRefreshToken(store, owner, { ...device, now: at(0) })
  const second = await successor(store, first.token, at(1))
  await revokeRefreshToken(store, first.token)
  expect(await kindOf(store, second, at(2))).toBe('invalid')
})

test('all sessions of one user end, no others', async ({ store }) => {
  const [owner, other] = [newOwner(), newOwner()]
  const mine = await issueRefreshToken(store, owner, device)
  const theirs = await issueRefreshToken(store, other, device)
  await revokeUserTokens(store, other.tenantId, owner.userId)
  expect(await kindOf(store, mine.token, at(1))).toBe('rotated')
  await revokeUserTokens(store, owner.tenantId, owner.userId)
  expect([await kindOf(store, mine.token, at(1)), await kindOf(store, theirs.token, at(1))]).toEqual(['invalid', 'rotated'])
})

test('an API key is known by its whole secret, until it ends', async ({ store }) => {
  const { tenantId } = newOwner()
  const { key, row } = await createApiKey(store, {
    tenantId,
    name: 'crm',
    role: 'agent',
    scopes: ['messages.*'],
    expiresAt: at(60),
  })
  expect(key).toMatch(/^lk_[0-9a-f]{12}_[0-9a-f]{64}$/)
  expect(JSON.stringify(await store.raw.apiKeys.find().toArray())).not.toContain(key.slice(-64))
  expect((await findApiKey(store, key, at(0)))?._id).toEqual(row._id)
  expect((await store.raw.apiKeys.findOne({}))?.lastUsedAt).toEqual(at(0))

  const changed = key.slice(0, -1) + (key.endsWith('0') ? '1' : '0')
  const others = [changed, `lk_${'0'.repeat(12)}_${key.slice(-64)}`, key.toUpperCase(), `${key} `, 'lk_', '']
  for (const other of others) expect(await findApiKey(store, other, at(0))).toBeNull()

  expect(await findApiKey(store, key, at(61))).toBeNull()
  await store.models.apiKeys.updateOne({ tenantId, _id: row._id }, { $set: { revokedAt: at(1) } })
  expect(await findApiKey(store, key, at(2))).toBeNull()
})

test('a key may what its role may, within its scopes', () => {
  const key = { role: 'agent' as const, scopes: ['messages.*', 'users.write', 'templates.list'] }
  expect([keyMay(key, 'messages.send'), keyMay(key, 'templates.list')]).toEqual([true, true])
  expect([keyMay(key, 'users.write'), keyMay(key, 'templates.preview'), keyMay({ ...key, scopes: [] }, 'messages.send')]).toEqual(
    [false, false, false],
  )
  expect(keyMay({ role: 'manager', scopes: ['*'] }, 'campaigns.write')).toBe(true)
})

test('tokens of numbers are stored anew under a new key, old layouts too, and what opens with none is counted', async ({
  store,
}) => {
  const [older, newer] = [randomBytes(32), randomBytes(32)].map(key => key.toString('hex')) as [string, string]
  const before = createKeyring({ TOKEN_ENCRYPTION_KEYS: `k1:${older}` })
  const after = createKeyring({ TOKEN_ENCRYPTION_KEYS: `k2:${newer},k1:${older}` })
  const iv = randomBytes(16)
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(older, 'hex'), iv)
  const data = cipher.update('EAAseed', 'utf8', 'hex') + cipher.final('hex')
  const ofLinkoJob = `${iv.toString('hex')}:${cipher.getAuthTag().toString('hex')}:${data}`

  const places = Array.from({ length: 4 }, () => ({ _id: new Types.ObjectId(), tenantId: new Types.ObjectId() }))
  const [old, seeded, stolen, none] = places as [Place, Place, Place, Place]
  const sealed = sealAccessToken(before, old, 'EAAold')
  const rows = [
    { ...old, accessToken: sealed },
    { ...seeded, accessToken: ofLinkoJob },
    { ...stolen, accessToken: sealed },
    { ...none, accessToken: null },
  ]
  for (const row of rows) {
    await store.models.clients.create({ ...row, phoneNumberId: String(row._id), whatsappNumber: '1', wabaId: '1' })
  }
  expect(await rewriteAccessTokens(store, after)).toEqual({ total: 3, rewritten: 2, unreadable: 1 })
  expect(await rewriteAccessTokens(store, after)).toEqual({ total: 3, rewritten: 0, unreadable: 1 })

  const onlyNew = createKeyring({ TOKEN_ENCRYPTION_KEYS: `k2:${newer}` })
  const read = async (place: Place) =>
    openAccessToken(onlyNew, (await store.models.clients.findOne(place).lean()) ?? { ...place, accessToken: null })
  expect([await read(old), await read(seeded), await read(none)]).toEqual(['EAAold', 'EAAseed', null])
  await expect(read(stolen)).rejects.toThrow('unknown_key')
})

type Place = { _id: Types.ObjectId; tenantId: Types.ObjectId }
