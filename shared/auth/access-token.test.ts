import { generateKeyPairSync } from 'node:crypto'
import { SignJWT, UnsecuredJWT } from 'jose'
import { expect, test } from 'vitest'
import { type AccessClaims, signAccessToken, verifyAccessToken } from './access-token.ts'

const secret = 'a secret of at least thirty-two bytes'
const ttlMs = 15 * 60_000
const claims: AccessClaims = {
  userId: '0123456789abcdef01234567',
  tenantId: 'abcdef0123456789abcdef01',
  role: 'agent',
  tokenVersion: 3,
  email: 'agent@example.com',
  name: 'Ana',
}
const header = { alg: 'HS256', typ: 'at+jwt' }
const payload = { tid: claims.tenantId, role: 'agent', ver: 3, email: claims.email, name: 'Ana' }
const keyOf = (text: string) => new TextEncoder().encode(text)

/** A token of ours but for what `change` does to it. */
function almost(
  change: (jwt: SignJWT) => SignJWT,
  key = keyOf(secret),
  protectedHeader: typeof header & { kid?: string } = header,
) {
  const jwt = new SignJWT(payload)
    .setProtectedHeader(protectedHeader)
    .setSubject(claims.userId)
    .setIssuer('linko')
    .setAudience('linko-api')
    .setIssuedAt()
    .setExpirationTime('15m')
  return change(jwt).sign(key)
}
const kidOf = async () => {
  const [head] = (await signAccessToken(claims, { secret, ttlMs })).split('.')
  return (JSON.parse(Buffer.from(head as string, 'base64url').toString()) as { kid: string }).kid
}

test('a token has the claims of its bearer and its expiry', async () => {
  const now = new Date('2026-05-01T10:00:00.700Z')
  const token = await signAccessToken(claims, { secret, ttlMs, now })
  expect(await verifyAccessToken(token, { secret, now })).toEqual({ ...claims, expiresAt: new Date('2026-05-01T10:15:00Z') })
})

test('the control token of the cases below is accepted', async () => {
  const token = await almost(jwt => jwt, keyOf(secret), { ...header, kid: await kidOf() })
  expect((await verifyAccessToken(token, { secret })).userId).toBe(claims.userId)
})

test.for<[string, (kid: string) => Promise<string> | string]>([
  [
    'alg none',
    () =>
      new UnsecuredJWT(payload)
        .setSubject(claims.userId)
        .setIssuer('linko')
        .setAudience('linko-api')
        .setExpirationTime('15m')
        .encode(),
  ],
  ['another secret', kid => almost(jwt => jwt, keyOf('another secret of thirty-two bytes!'), { ...header, kid })],
  ['another algorithm of the family', kid => almost(jwt => jwt, keyOf(secret.padEnd(64)), { ...header, alg: 'HS512', kid })],
  ['another audience', kid => almost(jwt => jwt.setAudience('linko-media'), keyOf(secret), { ...header, kid })],
  ['another issuer', kid => almost(jwt => jwt.setIssuer('someone'), keyOf(secret), { ...header, kid })],
  ['another type', kid => almost(jwt => jwt, keyOf(secret), { ...header, typ: 'JWT', kid })],
  ['another key id', () => almost(jwt => jwt, keyOf(secret), { ...header, kid: '00000000' })],
  ['no key id', () => almost(jwt => jwt)],
  ['a subject that is no id', kid => almost(jwt => jwt.setSubject('{"$ne":null}'), keyOf(secret), { ...header, kid })],
  ['nothing', () => ''],
  ['garbage', () => 'a.b.c'],
])('%s is refused', async ([, make]) => {
  const token = await make(await kidOf())
  await expect(verifyAccessToken(token, { secret })).rejects.toMatchObject({ name: 'InvalidAccessToken', reason: 'invalid' })
})

test('a role that does not exist is refused', async () => {
  const token = await signAccessToken({ ...claims, role: 'root' as never }, { secret, ttlMs })
  await expect(verifyAccessToken(token, { secret })).rejects.toMatchObject({ reason: 'invalid' })
})

test('an expired token says so', async () => {
  const token = await signAccessToken(claims, { secret, ttlMs, now: new Date(Date.now() - ttlMs - 10_000) })
  await expect(verifyAccessToken(token, { secret })).rejects.toMatchObject({ reason: 'expired' })
})

test('an edited payload is refused', async () => {
  const [head, body, signature] = (await signAccessToken(claims, { secret, ttlMs })).split('.') as [string, string, string]
  const edited = Buffer.from(Buffer.from(body, 'base64url').toString().replace('"agent"', '"platform_admin"')).toString(
    'base64url',
  )
  await expect(verifyAccessToken([head, edited, signature].join('.'), { secret })).rejects.toMatchObject({ reason: 'invalid' })
})

test('a token signed with a public key as the secret is refused', async () => {
  const pem = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' }) as string
  const token = await almost(jwt => jwt, keyOf(pem), { ...header, kid: await kidOf() })
  await expect(verifyAccessToken(token, { secret })).rejects.toMatchObject({ reason: 'invalid' })
})

test('a secret below 32 bytes neither signs nor verifies', async () => {
  await expect(signAccessToken(claims, { secret: 'short', ttlMs })).rejects.toThrow('32 bytes')
  await expect(verifyAccessToken('a.b.c', { secret: 'short' })).rejects.toThrow('32 bytes')
})
