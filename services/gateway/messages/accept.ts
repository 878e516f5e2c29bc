import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import { ApiError } from '#shared/domain/errors.ts'
import type { Caller } from '#shared/http/route.ts'
import type { MessageDoc, TenantDoc } from '#shared/model/documents.ts'
import { projectionMessages } from '#shared/queue/projection-messages.ts'
import { EXCHANGES } from '#shared/queue/topology.ts'
import { getCachedTenant } from '#shared/store/accounts/tenants.ts'
import { sendJobFor } from '#shared/store/dispatch/take.ts'
import { isDuplicateKey } from '#shared/store/errors.ts'
import { requireRoomFor } from '#shared/store/inbox/scheduled.ts'
import { messageView } from '#shared/views/views.ts'
import type { GatewayDeps } from '../deps.ts'
import { refuseBlocked, refuseOptedOut } from './consent.ts'
import type { MessageInput } from './conversation.ts'
import type { Draft } from './draft.ts'
import { expiryOf } from './expiry.ts'
import { fallbackOf, type Ruled, ruleFreeForm, WINDOW_ENDS_BEFORE } from './free-form.ts'
import { storeMessage } from './insert.ts'
import { requireEndpoint } from './marketing-messages.ts'
import { requireMayReply } from './may-reply.ts'
import { withOwnMedia } from './own-media.ts'
import { quotedMessage } from './quotes.ts'
import { type Destination, findDestination } from './recipient.ts'

/** Builds the content of a message once its destination is known. @throws ApiError */
export type Compose = (destination: Destination, tenant: TenantDoc) => Promise<Draft>

const MAX_SCHEDULE_MS = 90 * 24 * 60 * 60 * 1000
/**
 * Accepts a message: stores it QUEUED, then publishes its send job and the job that shows it in its conversation. Sweeps publish
 * lost jobs again, so the answer does not depend on the broker. @throws ApiError 404, 422 WINDOW_CLOSED, 503 OVERLOADED and others
 */
export async function acceptMessage(
  deps: GatewayDeps,
  caller: Caller,
  input: MessageInput,
  compose: Compose,
  circumstances: { idempotencyKey: string | null; traceparent: string },
): Promise<MessageDoc> {
  const { store } = deps
  const now = deps.now()
  const tenant = await getCachedTenant(store, caller.tenantId)
  const destination = await findDestination(store, caller.tenantId, input, caller.kind === 'user' ? caller.id : undefined)
  requireMayReply(tenant, caller, destination.conversation, input.conversationId !== undefined)
  const { status } = destination.client
  if (status === 'disconnected' || status === 'suspended')
    throw new ApiError(422, 'NUMBER_NOT_CONNECTED', 'This number is not connected to WhatsApp.')
  refuseBlocked(destination)
  const sendAt = scheduleOf(input.sendAt, now)
  const expiresAt = expiryOf(input.expiresAt, sendAt ?? now)
  const draft = await withOwnMedia(store, caller.tenantId, await compose(destination, tenant))
  if (sendAt !== null && destination.conversation) await requireRoomFor(store, destination.conversation)
  const ruled = await rule(deps, { draft, input, destination, tenant, sendAt, now })
  const quoted = input.replyTo ? await quotedMessage(store, destination, input.replyTo, 'replyTo') : null
  const accepting = { caller, input, destination, ...ruled, tenant, sendAt, expiresAt, quoted, now, ...circumstances }
  const message = await inTurn(`${destination.client._id}:${destination.waId ?? destination.userId}`, () =>
    retryIfNew(() => storeMessage(deps, accepting)),
  )
  // The reply does not wait for the broker: the sweeps publish again what did not reach it.
  void project(deps, message, circumstances.traceparent)
  if (sendAt === null) void enqueue(deps, message, circumstances.traceparent)
  return message
}

/** Last send to each contact. Sends to one contact run one after the other, so that they are stored in the order of their ids. */
const turns = new Map<string, Promise<unknown>>()
async function inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
  const before = turns.get(key) ?? Promise.resolve()
  const mine = before.then(work, work)
  turns.set(key, mine)
  try {
    return await mine
  } finally {
    if (turns.get(key) === mine) turns.delete(key)
  }
}

/** Repeats the work when another process has just created the same contact or conversation: the next attempt finds it. */
async function retryIfNew<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      const { message } = error as { message?: string }
      if (!isDuplicateKey(error) || tries === 3 || !/contacts|conversations/.test(message ?? '')) throw error
    }
  }
}

/**
 * Applies the rules of opt-out, endpoint and window to the draft of a new message.
 * @throws ApiError 422 WINDOW_CLOSED, CONTACT_OPTED_OUT, NOT_MARKETING, MARKETING_MESSAGES_NEEDED
 */
async function rule(
  { store }: Pick<GatewayDeps, 'store'>,
  about: { draft: Draft; input: MessageInput; destination: Destination; tenant: TenantDoc; sendAt: Date | null; now: Date },
): Promise<Ruled> {
  const { draft, input, destination, tenant, sendAt, now } = about
  if (draft.template !== null) {
    refuseOptedOut(destination, draft.template)
    requireEndpoint(draft.template, draft.marketingMessages)
    return { draft, fallback: null, notes: [] }
  }
  const priced = { settings: tenant.settings, at: sendAt ?? now, payload: draft.payload }
  const fallback = input.fallback ? await fallbackOf(store, destination, input.fallback, priced) : null
  return ruleFreeForm(draft, fallback, { destination, tenant, sendAt, now })
}

/** The time to send at; null, which means at once, for a time that has passed. @throws ApiError 422 SEND_AT_TOO_FAR */
export function scheduleOf(sendAt: string | undefined, now: Date): Date | null {
  if (sendAt === undefined) return null
  const at = new Date(sendAt)
  if (at.getTime() > now.getTime() + MAX_SCHEDULE_MS)
    throw new ApiError(422, 'SEND_AT_TOO_FAR', '`sendAt` is too late. Use a time that is at most 90 days ahead.', {
      errors: [{ path: 'sendAt', message: 'This time is more than 90 days ahead.' }],
    })
  return at > now ? at : null
}

/** Has the recorder show the message in its conversation. A failure is logged and left to the sweep. */
export async function project(
  { queue, log }: Pick<GatewayDeps, 'queue' | 'log'>,
  message: MessageDoc,
  traceparent: string,
): Promise<void> {
  const published = projectionMessages([message], traceparent).map(outgoing => queue.publish(outgoing))
  await Promise.all(published).catch(error =>
    log.warn({ err: error, messageId: String(message._id) }, 'projection job left to the sweep'),
  )
}

/** Publishes the send job of a message. A failure is only logged: the sweep enqueues the job again. */
export async function enqueue(
  { queue, log }: Pick<GatewayDeps, 'queue' | 'log'>,
  message: MessageDoc,
  traceparent: string,
): Promise<void> {
  const job = sendJobFor(message)
  await queue
    .publish({
      exchange: EXCHANGES.send,
      routingKey: 'chat',
      type: MESSAGE_TYPE.sendJob,
      body: job,
      messageId: job.messageId,
      tenantId: job.tenantId,
      traceparent,
    })
    .catch(error => log.warn({ err: error, messageId: job.messageId }, 'send job left to the sweep'))
}

/** Reply to an accepted send or change. @param since time of the change: warnings from before are left out */
export const acceptedReply = (message: MessageDoc, since?: Date) => ({
  status: 202,
  body: { ...messageView(message), jobId: String(message._id), warnings: warningsOf(message, since) },
})

const warningsOf = ({ timeline }: MessageDoc, since: Date = new Date(0)) =>
  timeline.flatMap(({ reason, detail, at }) =>
    reason === WINDOW_ENDS_BEFORE && at >= since ? [{ code: reason, message: detail ?? '' }] : [],
  )
