import { createHash } from 'node:crypto'
import { errors, jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'
import type { Role } from '../model/documents.ts'
import { ROLES } from './policy.ts'

/** Claims of an access token about its bearer. */
export interface AccessClaims {
  userId: string
  tenantId: string
  role: Role
  /** Version of the user's tokens, which a change of password or role and a deactivation raise. */
  tokenVersion: number
  email: string
  name: string
}

export interface VerifiedAccess extends AccessClaims {
  expiresAt: Date
}

/** Access token that is not ours, or has expired. The reason is for the log, not for the caller. */
export class InvalidAccessToken extends Error {
  override readonly name = 'InvalidAccessToken'
  readonly reason: 'expired' | 'invalid'
  constructor(reason: InvalidAccessToken['reason'], options?: ErrorOptions) {
    super(`access token is ${reason}`, options)
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
const Payload = z.object({
  sub: id,
  tid: id,
  role: z.enum(ROLES),
  ver: z.number().int().min(0),
  email: z.string(),
  name: z.string(),
  exp: z.number(),
})

/** Signs an access token that expires after `ttlMs`, in whole seconds. @throws Error for a secret below 32 bytes */
export async function signAccessToken(
  claims: AccessClaims,
  options: { secret: string; ttlMs: number; now?: Date },
): Promise<string> {
  const key = keyOf(options.secret)
  const issuedAt = Math.floor((options.now ?? new Date()).getTime() / 1000)
  const { userId, tenantId, role, tokenVersion, email, name } = claims
  return await new SignJWT({ tid: tenantId, role, ver: tokenVersion, email, name })
    .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid: keyId(options.secret) })
    .setSubject(userId)
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + Math.floor(options.ttlMs / 1000))
    .sign(key)
}

/**
 * Verifies signature, algorithm, issuer, audience, type, key and expiry, but not whether the user still exists
 * (`findSessionUser`).
 * @throws InvalidAccessToken
 */
export async function verifyAccessToken(token: string, options: { secret: string; now?: Date }): Promise<VerifiedAccess> {
  const key = keyOf(options.secret)
  try {
    const { payload, protectedHeader } = await jwtVerify(token, key, {
      algorithms: [ALGORITHM],
      issuer: ISSUER,
      audience: AUDIENCE,
      typ: TYPE,
      requiredClaims: ['exp', 'sub', 'iat'],
      clockTolerance: CLOCK_TOLERANCE_S,
      currentDate: options.now,
    })
    if (protectedHeader.kid !== keyId(options.secret)) throw new InvalidAccessToken('invalid')
    const { sub, tid, role, ver, email, name, exp } = Payload.parse(payload)
    return { userId: sub, tenantId: tid, role, tokenVersion: ver, email, name, expiresAt: new Date(exp * 1000) }
  } catch (error) {
    if (error instanceof InvalidAccessToken) throw error
    throw new InvalidAccessToken(error instanceof errors.JWTExpired ? 'expired' : 'invalid', { cause: error })
  }
}

function keyOf(secret: string): Uint8Array {
  const key = new TextEncoder().encode(secret)
  if (key.length < SHORTEST_SECRET) throw new Error('JWT_SECRET must have at least 32 bytes')
  return key
}

/** Id of a secret that does not reveal it. */
const keyId = (secret: string) => createHash('sha256').update(`linko-kid:${secret}`).digest('hex').slice(0, 8)
