import { createHash, createHmac } from 'node:crypto'
import { z } from 'zod'
import type { Role } from '../model/documents.ts'
import { safeEqual } from './constant-time.ts'
import { ROLES } from './policy.ts'

/** Claims of an access token about its bearer: ids and the role only, because anybody who holds a token can read them. */
export interface AccessClaims {
  userId: string
  tenantId: string
  role: Role
  /** Version of the user's tokens, which a change of password or role and a deactivation raise. */
  tokenVersion: number
}

export interface VerifiedAccess extends AccessClaims {
  expiresAt: Date
}

/** Access token that is not ours, or has expired. The reason is for the log, not for the caller. */
export class InvalidAccessToken extends Error {
  override readonly name = 'InvalidAccessToken'
  readonly reason: 'expired' | 'invalid'
  constructor(reason: InvalidAccessToken['reason']) {
    super(`access token is ${reason}`)
    this.reason = reason
  }
}

const ISSUER = 'linko'
const AUDIENCE = 'linko-api'
const TYPE = 'at+jwt'
const ALGORITHM = 'HS256'
const SHORTEST_SECRET = 32
const CLOCK_TOLERANCE_S = 5

const id = z.string().regex(/^[0-9a-f]{24}$/)
/** Any other member, such as `crit`, could change what the token means. */
const Header = z.strictObject({ alg: z.literal(ALGORITHM), typ: z.literal(TYPE), kid: z.string() })
const Payload = z.object({
  iss: z.literal(ISSUER),
  aud: z.literal(AUDIENCE),
  sub: id,
  tid: id,
  role: z.enum(ROLES),
  ver: z.number().int().min(0),
  iat: z.number(),
  nbf: z.number().optional(),
  exp: z.number(),
})

/** Signs an access token that expires after `ttlMs`, in whole seconds. @throws Error for a secret below 32 bytes */
export function signAccessToken(claims: AccessClaims, options: { secret: string; ttlMs: number; now?: Date }): string {
  requireLength(options.secret)
  const { userId, tenantId, role, tokenVersion } = claims
  const iat = secondsOf(options.now ?? new Date())
  const exp = iat + Math.floor(options.ttlMs / 1000)
  const header: z.infer<typeof Header> = { alg: ALGORITHM, typ: TYPE, kid: keyId(options.secret) }
  const payload: z.infer<typeof Payload> = {
    ...{ iss: ISSUER, aud: AUDIENCE, sub: userId, tid: tenantId, role, ver: tokenVersion },
    ...{ iat, exp },
  }
  const signed = `${encode(header)}.${encode(payload)}`
  return `${signed}.${signatureOf(signed, options.secret)}`
}

/**
 * Verifies signature, algorithm, issuer, audience, type, key and expiry, but not whether the user still exists
 * (`findSessionUser`). Synchronous: libuv's threads, where password hashes wait for each other, have no part in it.
 * @throws InvalidAccessToken
 */
export function verifyAccessToken(token: string, { secret, now = new Date() }: { secret: string; now?: Date }): VerifiedAccess {
  requireLength(secret)
  const [head, body, signature, ...more] = token.split('.')
  if (head === undefined || body === undefined || signature === undefined || more.length > 0)
    throw new InvalidAccessToken('invalid')
  // Nothing in the token is read before its signature is proven.
  if (!safeEqual(signature, signatureOf(`${head}.${body}`, secret))) throw new InvalidAccessToken('invalid')
  const header = Header.safeParse(decode(head)).data
  const payload = Payload.safeParse(decode(body)).data
  if (header?.kid !== keyId(secret) || payload === undefined) throw new InvalidAccessToken('invalid')
  const { sub, tid, role, ver, nbf = 0, exp } = payload
  if (nbf > secondsOf(now) + CLOCK_TOLERANCE_S) throw new InvalidAccessToken('invalid')
  if (exp <= secondsOf(now) - CLOCK_TOLERANCE_S) throw new InvalidAccessToken('expired')
  return { userId: sub, tenantId: tid, role, tokenVersion: ver, expiresAt: new Date(exp * 1000) }
}

function requireLength(secret: string): void {
  if (Buffer.byteLength(secret) < SHORTEST_SECRET) throw new Error('JWT_SECRET must have at least 32 bytes')
}

const signatureOf = (signed: string, secret: string) => createHmac('sha256', secret).update(signed).digest('base64url')
const secondsOf = (time: Date) => Math.floor(time.getTime() / 1000)
const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')

/** Content of a part; null for what is not JSON. */
function decode(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString())
  } catch {
    return null
  }
}

/** Id of a secret that does not reveal it. */
const keyId = (secret: string) => createHash('sha256').update(`linko-kid:${secret}`).digest('hex').slice(0, 8)
