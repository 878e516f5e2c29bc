import { generateKeyPairSync } from 'node:crypto'
import { jwtVerify, SignJWT, UnsecuredJWT } from 'jose'
import { expect, test } from 'vitest'
import { type AccessClaims, signAccessToken, verifyAccessToken } from './access-token.ts'

const secret = 'a secret of at least thirty-two bytes'
const ttlMs = 15 * 60_000
const claims: AccessClaims = {
  userId: '0123456789abcdef01234567',
  tenantId: 'abcdef0123456789abcdef01',
  role: 'agent',
  tokenVersion: 3,
}
const header = { alg: 'HS256', typ: 'at+jwt' }
const payload = { tid: claims.tenantId, role: 'agent', ver: 3, email: 'agent@example.com', name: 'Ana' }
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
const partOf = (token: string, index: 0 | 1) =>
  JSON.parse(Buffer.from(token.split('.')[index] as string, 'base64url').toString()) as Record<string, unknown>
const kid = partOf(signAccessToken(claims, { secret, ttlMs }), 0).kid as string
const refusal = (reason: 'invalid' | 'expired') => expect.objectContaining({ name: 'InvalidAccessToken', reason })

test('a token has the claims of its bearer and its expiry', () => {
  const now = new Date('2026-05-01T10:00:00.700Z')
  const token = signAccessToken(claims, { secret, ttlMs, now })
  expect(verifyAccessToken(token, { secret, now })).toEqual({ ...claims, expiresAt: new Date('2026-05-01T10:15:00Z') })
})

test('a token holds ids and the role, and nothing else about its bearer', () => {
  const names = Object.keys(partOf(signAccessToken(claims, { secret, ttlMs }), 1))
  expect(names.toSorted()).toEqual(['aud', 'exp', 'iat', 'iss', 'role', 'sub', 'tid', 'ver'])
})

test('another implementation reads our tokens', async () => {
  const options = { algorithms: ['HS256'], issuer: 'linko', audience: 'linko-api', typ: 'at+jwt' }
  const { payload: read } = await jwtVerify(signAccessToken(claims, { secret, ttlMs }), keyOf(secret), options)
  expect(read).toMatchObject({ sub: claims.userId, tid: claims.tenantId })
})

test('the control token of the cases below is accepted, also with claims that older ones had', async () => {
  const token = await almost(jwt => jwt, keyOf(secret), { ...header, kid })
  expect(verifyAccessToken(token, { secret }).userId).toBe(claims.userId)
})

test.for<[string, () => Promise<string> | string]>([
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
  ['another secret', () => almost(jwt => jwt, keyOf('another secret of thirty-two bytes!'), { ...header, kid })],
  ['another algorithm of the family', () => almost(jwt => jwt, keyOf(secret.padEnd(64)), { ...header, alg: 'HS512', kid })],
  ['another audience', () => almost(jwt => jwt.setAudience('linko-media'), keyOf(secret), { ...header, kid })],
  ['another issuer', () => almost(jwt => jwt.setIssuer('someone'), keyOf(secret), { ...header, kid })],
  ['another type', () => almost(jwt => jwt, keyOf(secret), { ...header, typ: 'JWT', kid })],
  ['another key id', () => almost(jwt => jwt, keyOf(secret), { ...header, kid: '00000000' })],
  ['no key id', () => almost(jwt => jwt)],
  ['a subject that is no id', () => almost(jwt => jwt.setSubject('{"$ne":null}'), keyOf(secret), { ...header, kid })],
  ['a time before which it does not count', () => almost(jwt => jwt.setNotBefore('10m'), keyOf(secret), { ...header, kid })],
  ['a critical extension', () => almost(jwt => jwt, keyOf(secret), { ...header, kid, crit: ['b64'], b64: true } as never)],
  ['a part too many', async () => `${await almost(jwt => jwt, keyOf(secret), { ...header, kid })}.x`],
  ['a signature written otherwise', async () => `${await almost(jwt => jwt, keyOf(secret), { ...header, kid })}=`],
  ['nothing', () => ''],
  ['garbage', () => 'a.b.c'],
])('[F46] %s is refused', async ([, make]) => {
  const token = await make()
  expect(() => verifyAccessToken(token, { secret })).toThrow(refusal('invalid'))
})

test('a role that does not exist is refused', () => {
  const token = signAccessToken({ ...claims, role: 'root' as never }, { secret, ttlMs })
  expect(() => verifyAccessToken(token, { secret })).toThrow(refusal('invalid'))
})

test('[F46] an expired token says so', () => {
  const token = signAccessToken(claims, { secret, ttlMs, now: new Date(Date.now() - ttlMs - 10_000) })
  expect(() => verifyAccessToken(token, { secret })).toThrow(refusal('expired'))
})

test('[F46] an edited payload is refused', () => {
  const [head, body, signature] = signAccessToken(claims, { secret, ttlMs }).split('.') as [string, string, string]
  const edited = Buffer.from(Buffer.from(body, 'base64url').toString().replace('"agent"', '"platform_admin"')).toString(
    'base64url',
  )
  expect(() => verifyAccessToken([head, edited, signature].join('.'), { secret })).toThrow(refusal('invalid'))
})

test('[F46] a token signed with a public key as the secret is refused', async () => {
  const pem = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' }) as string
  const token = await almost(jwt => jwt, keyOf(pem), { ...header, kid })
  expect(() => verifyAccessToken(token, { secret })).toThrow(refusal('invalid'))
})

test('a secret below 32 bytes neither signs nor verifies', () => {
  expect(() => signAccessToken(claims, { secret: 'short', ttlMs })).toThrow('32 bytes')
  expect(() => verifyAccessToken('a.b.c', { secret: 'short' })).toThrow('32 bytes')
})
