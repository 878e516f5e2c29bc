import { setTimeout as sleep } from 'node:timers/promises'
import { preferredWait } from '#shared/http/prefer.ts'
import { callerOf, type Reply, type RouteRequest } from '#shared/http/route.ts'
import { findProgress, getMessage } from '#shared/store/inbox/messages.ts'
import type { GatewayDeps } from '../deps.ts'
import { acceptedReply } from './accept.ts'

const MOST_SECONDS = 10
const POLL_MS = 150
/** Requests of this process that may wait at the same time, about 400 reads by id a second. Others are answered at once. */
const MOST_WAITERS = 64
let waiters = 0

/**
 * Holds the reply to an accepted send until WhatsApp has accepted or refused it, for at most the seconds of `Prefer: wait=5`. The
 * reply stays 202, and its `status` is the message's status by then. Scheduled messages are answered at once.
 */
export async function awaitOutcome(
  request: Pick<RouteRequest<unknown, unknown, unknown>, 'caller' | 'headers'>,
  deps: GatewayDeps,
  reply: Reply,
): Promise<Reply> {
  const seconds = preferredWait(request.headers.prefer, MOST_SECONDS)
  if (seconds === null || waiters >= MOST_WAITERS) return reply
  const { tenantId } = callerOf(request)
  const { id } = reply.body as { id: string }
  waiters++
  try {
    await untilSettled(deps, tenantId, id, Date.now() + seconds * 1000)
    const headers = { ...reply.headers, 'preference-applied': `wait=${seconds}` }
    return { ...acceptedReply(await getMessage(deps.store, tenantId, id)), headers }
  } catch (error) {
    // The message was accepted: an error now would make the caller send it again.
    deps.log.warn({ err: error, messageId: id }, 'outcome not awaited')
    return reply
  } finally {
    waiters--
  }
}

async function untilSettled({ store }: GatewayDeps, tenantId: string, id: string, until: number): Promise<void> {
  for (;;) {
    const row = await findProgress(store, tenantId, id)
    if (row?.status !== 'QUEUED' || row.dispatch?.reason === 'scheduled') return
    const leftMs = until - Date.now()
    if (leftMs <= 0) return
    await sleep(Math.min(POLL_MS, leftMs))
  }
}
