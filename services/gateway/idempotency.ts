import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { ApiError } from '#shared/domain/errors.ts'
import type { Reply } from '#shared/http/route.ts'
import {
  findIdempotencyKey,
  freeIdempotencyKey,
  keepReply,
  renewIdempotencyKey,
  reserveIdempotencyKey,
} from '#shared/store/idempotency.ts'
import type { GatewayDeps } from './deps.ts'

const WAIT_MS = 10_000
const POLL_MS = 50
/** Well within the time that a reservation holds. */
const RENEW_MS = 2000
const KEY = /^[\x21-\x7e]{1,255}$/

/** Idempotency-Key of a request; null without one. @throws ApiError 400 IDEMPOTENCY_KEY_INVALID */
export function idempotencyKeyOf(headers: Record<string, string | undefined>): string | null {
  const key = headers['idempotency-key']
  if (key === undefined) return null
  if (!KEY.test(key))
    throw new ApiError(400, 'IDEMPOTENCY_KEY_INVALID', 'The Idempotency-Key must be 1 to 255 visible ASCII characters.')
  return key
}

/**
 * Runs `work` once for a key and gives repeated and concurrent requests the first response: the first request reserves the key, the
 * others wait for its response. The reservation of a crashed process is taken over within seconds. A failure frees the key: `work`
 * itself must find what an earlier attempt has done, guarded by a unique index. @throws ApiError 409 KEY_REUSED, IN_PROGRESS
 */
export async function withIdempotencyKey(
  deps: GatewayDeps,
  tenantId: string,
  key: string | null,
  request: unknown,
  work: () => Promise<Reply>,
): Promise<Reply> {
  if (key === null) return work()
  const requestHash = createHash('sha256').update(JSON.stringify(request)).digest('hex')
  const { store } = deps
  for (const until = Date.now() + WAIT_MS; ; ) {
    if (await reserve(deps, tenantId, key, requestHash)) break
    const kept = await findIdempotencyKey(store, tenantId, key)
    if (kept && kept.requestHash !== requestHash) throw keyReused()
    if (kept?.status != null) return { status: kept.status, body: kept.body, headers: { 'idempotency-replayed': 'true' } }
    if (Date.now() > until)
      throw new ApiError(
        409,
        'IN_PROGRESS',
        'The first request with this Idempotency-Key is still in progress. Try again in a moment.',
        {
          headers: { 'retry-after': '1' },
        },
      )
    await sleep(POLL_MS)
  }
  const renewal = setInterval(() => void renew(deps, tenantId, key), RENEW_MS)
  try {
    const reply = await work()
    await keepReply(store, tenantId, key, { status: reply.status ?? 200, body: reply.body })
    return reply
  } catch (error) {
    await freeIdempotencyKey(store, tenantId, key).catch(() => undefined)
    throw error
  } finally {
    clearInterval(renewal)
  }
}

/**
 * `withIdempotencyKey` for an upload. The file's hash is known only once it is read: it is stored with the response and compared
 * with that of a repeated request. @param rehash reads the repeated file to its end @throws ApiError 409 KEY_REUSED, IN_PROGRESS
 */
export async function withIdempotentUpload(
  deps: GatewayDeps,
  { tenantId, key, request }: { tenantId: string; key: string | null; request: unknown },
  work: () => Promise<{ reply: Reply; sha256: string }>,
  rehash: () => Promise<string>,
): Promise<Reply> {
  if (key === null) return (await work()).reply
  let isFirst = false
  const reply = await withIdempotencyKey(deps, tenantId, key, request, async () => {
    isFirst = true
    const { reply: first, sha256 } = await work()
    return { ...first, body: { answer: first.body, sha256 } }
  })
  const { answer, sha256 } = reply.body as { answer: unknown; sha256: string }
  if (!isFirst && (await rehash()) !== sha256) throw keyReused()
  return { ...reply, body: answer }
}

const keyReused = () => new ApiError(409, 'KEY_REUSED', 'This Idempotency-Key was used for a different request. Use a new key.')

/** Extends the reservation while the work runs. */
async function renew({ store, log }: GatewayDeps, tenantId: string, key: string): Promise<void> {
  try {
    await renewIdempotencyKey(store, tenantId, key)
  } catch (error) {
    log.warn({ err: error }, 'idempotency key not renewed')
  }
}

/** Reserves a key; true for exactly one of several concurrent callers. */
async function reserve({ store, log }: GatewayDeps, tenantId: string, key: string, requestHash: string): Promise<boolean> {
  const { reserved, takenOver } = await reserveIdempotencyKey(store, tenantId, key, requestHash)
  if (takenOver) log.warn('abandoned idempotency key taken over')
  return reserved
}
