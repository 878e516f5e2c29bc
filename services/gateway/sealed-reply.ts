import { type Keyring, secretPlace } from '#shared/auth/encryption.ts'
import { ApiError } from '#shared/domain/errors.ts'
import type { Reply } from '#shared/http/route.ts'
import type { GatewayDeps } from './deps.ts'
import { type Once, withIdempotencyKey } from './idempotency.ts'

/** A reply as it is kept for repeats: encrypted, for it holds a secret. */
interface Sealed {
  sealed: string | null
}

/**
 * `withIdempotencyKey` for replies with a secret that is shown once, such as an API key: what is kept for repeats is encrypted.
 * @throws ApiError 409 KEY_REUSED, IN_PROGRESS, and REPLY_NOT_KEPT for a repeat on an installation without TOKEN_ENCRYPTION_KEY
 */
export async function withSealedReply(
  deps: GatewayDeps,
  { tenantId, key, request }: { tenantId: string; key: string | null; request: unknown },
  work: (once: Once) => Promise<{ status: number; body: object }>,
): Promise<Reply> {
  let first: object | null = null
  const place = secretPlace(tenantId, key, 'reply')
  const reply = await withIdempotencyKey(deps, tenantId, key, request, async once => {
    const { status, body } = await work(once)
    first = body
    return { status, body: { sealed: deps.keyring?.encrypt(JSON.stringify(body), place) ?? null } satisfies Sealed }
  })
  return { ...reply, body: first ?? open(deps.keyring, reply.body as Sealed, place) }
}

function open(keyring: Keyring | null, { sealed }: Sealed, place: string): object {
  if (keyring !== null && sealed !== null) return JSON.parse(keyring.decrypt(sealed, place))
  throw new ApiError(
    409,
    'REPLY_NOT_KEPT',
    'The first request with this Idempotency-Key was done. Its secret is not kept: ask for a new one.',
  )
}
