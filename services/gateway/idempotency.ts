import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { ApiError } from '#shared/domain/errors.ts'
import type { Reply } from '#shared/http/route.ts'
import { type Id, newId } from '#shared/model/ids.ts'
import {
  findIdempotencyKey,
  forgetIdempotencyKey,
  keepReply,
  type Reservation,
  releaseIdempotencyKey,
  renewIdempotencyKey,
  reserveIdempotencyKey,
} from '#shared/store/idempotency.ts'
import type { Session } from '#shared/store/transaction.ts'
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

/** What the work for a key needs so that it has one effect, also when it is begun again after a crash. */
export interface Once {
  /** Id for the resource that the request creates, the same whenever the work is begun again. */
  resourceId: Id
  /** True when earlier work for the key was begun and may have had its effect. */
  isRepeat: boolean
  /**
   * Keeps the reply in the transaction of the work, for work that creates nothing by its id. Does nothing without a key.
   * @throws ApiError 409 IN_PROGRESS when a repeat has taken over; the transaction must not be committed
   */
  keep(reply: KeptReply, session: Session): Promise<void>
}
interface KeptReply {
  status: number
  body: unknown
}

const withoutKey = (): Once => ({ resourceId: newId(), isRepeat: false, keep: async () => undefined })

/**
 * Runs `work` once for a key and gives repeated and concurrent requests the first response: the first request reserves the key, the
 * others wait for its response. The reservation of a crashed process is taken over within seconds: `work` runs again and must not
 * have a second effect, by `createOnce`, by `Once.keep`, or by a unique index. @throws ApiError 409 KEY_REUSED, IN_PROGRESS
 */
export async function withIdempotencyKey(
  deps: GatewayDeps,
  tenantId: string,
  key: string | null,
  request: unknown,
  work: (once: Once) => Promise<Reply>,
): Promise<Reply> {
  if (key === null) return work(withoutKey())
  const requestHash = createHash('sha256').update(JSON.stringify(request)).digest('hex')
  const reserved = await reserve(deps, tenantId, key, requestHash)
  return 'kept' in reserved ? reserved.kept : await runReserved(deps, reserved, work)
}

async function reserve(
  { store, log }: GatewayDeps,
  tenantId: string,
  key: string,
  requestHash: string,
): Promise<Reservation | { kept: Reply }> {
  for (const until = performance.now() + WAIT_MS; ; ) {
    const reservation = await reserveIdempotencyKey(store, tenantId, key, requestHash)
    if (reservation?.isRepeat) log.warn('work for an idempotency key begun again')
    if (reservation) return reservation
    const row = await findIdempotencyKey(store, tenantId, key)
    if (row && row.requestHash !== requestHash) throw keyReused()
    if (row?.status != null) return { kept: { status: row.status, body: row.body, headers: { 'idempotency-replayed': 'true' } } }
    if (performance.now() > until) throw inProgress()
    await sleep(POLL_MS)
  }
}

async function runReserved(deps: GatewayDeps, reserved: Reservation, work: (once: Once) => Promise<Reply>): Promise<Reply> {
  const { store } = deps
  let isKept = false
  const keep = async (reply: KeptReply, session: Session) => {
    if (!(await keepReply(store, reserved, reply, session))) throw inProgress()
    isKept = true
  }
  const renewal = setInterval(() => void renew(deps, reserved), RENEW_MS)
  try {
    const reply = await work({ ...reserved, keep })
    if (!isKept) await keepReply(store, reserved, { status: reply.status ?? 200, body: reply.body })
    return reply
  } catch (error) {
    // Only a refusal is known to have had no effect.
    const leave = error instanceof ApiError && error.status < 500 ? forgetIdempotencyKey : releaseIdempotencyKey
    await leave(store, reserved).catch(() => undefined)
    throw error
  } finally {
    clearInterval(renewal)
  }
}

/**
 * The resource of a key: what an earlier attempt created, or a new one under `once.resourceId`. An attempt that was believed dead
 * and came first, or whose answer from MongoDB was lost, is found as well.
 */
export async function createOnce<T>(
  { resourceId, isRepeat }: Once,
  find: (id: Id) => Promise<T | null>,
  create: (id: Id) => Promise<T>,
): Promise<T> {
  const before = isRepeat ? await find(resourceId) : null
  if (before !== null) return before
  try {
    return await create(resourceId)
  } catch (error) {
    const created = await find(resourceId).catch(() => null)
    if (created === null) throw error
    return created
  }
}

/**
 * `withIdempotencyKey` for an upload. The file's hash is known only once it is read: it is stored with the response and compared
 * with that of a repeated request. `work` stores the file's row and keeps its reply, by `keep`, in one transaction.
 * @param rehash reads the repeated file to its end @throws ApiError 409 KEY_REUSED, IN_PROGRESS
 */
export async function withIdempotentUpload<Body extends { sha256: string }>(
  deps: GatewayDeps,
  { tenantId, key, request }: { tenantId: string; key: string | null; request: unknown },
  work: (keep: (body: Body, session: Session) => Promise<void>) => Promise<Body>,
  rehash: () => Promise<string>,
): Promise<Reply> {
  let isFirst = false
  const reply = await withIdempotencyKey(deps, tenantId, key, request, async once => {
    isFirst = true
    return { status: 201, body: await work((body, session) => once.keep({ status: 201, body }, session)) }
  })
  const { sha256 } = reply.body as Body
  if (!isFirst && (await rehash()) !== sha256) throw keyReused()
  return reply
}

const keyReused = () => new ApiError(409, 'KEY_REUSED', 'This Idempotency-Key was used for a different request. Use a new key.')

const inProgress = () =>
  new ApiError(409, 'IN_PROGRESS', 'The first request with this Idempotency-Key is still in progress. Try again in a moment.', {
    headers: { 'retry-after': '1' },
  })

/** Extends the reservation while the work runs. */
async function renew({ store, log }: GatewayDeps, reserved: Reservation): Promise<void> {
  try {
    await renewIdempotencyKey(store, reserved)
  } catch (error) {
    log.warn({ err: error }, 'idempotency key not renewed')
  }
}
