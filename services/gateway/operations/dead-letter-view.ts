import { z } from 'zod'
import { MESSAGE_TYPE, type MessageType } from '#shared/contracts/message-types.ts'
import { RECEIVED_AT_HEADER } from '#shared/contracts/webhook-delivery.ts'
import { DEAD_LETTER_STATES } from '#shared/domain/dead-letter.ts'
import type { Caller } from '#shared/http/route.ts'
import type { DeadLetterDoc } from '#shared/model/documents.ts'
import { scrub } from '#shared/process/scrub.ts'
import { findRelated } from '#shared/store/webhooks/dead-letter-list.ts'
import type { GatewayDeps } from '../deps.ts'

/** Message types of the broker by their name in the API. */
export const SOURCES = {
  webhook: MESSAGE_TYPE.webhook,
  send: MESSAGE_TYPE.sendJob,
  event: MESSAGE_TYPE.events,
  media: MESSAGE_TYPE.media,
}
export const SOURCE_NAMES = Object.keys(SOURCES) as (keyof typeof SOURCES)[]

/** Dead letter in lists. `cause` groups similar failures; `reason` is how the queue gave up. */
export const DeadLetterView = z.object({
  id: z.string(),
  tenantId: z.string().nullable(),
  source: z.string(),
  queue: z.string(),
  cause: z.string(),
  reason: z.string(),
  attempts: z.number().int(),
  messageId: z.string().nullable(),
  state: z.enum(DEAD_LETTER_STATES),
  edited: z.boolean(),
  createdAt: z.iso.datetime(),
  settledAt: z.iso.datetime().nullable(),
})
/** Dead letter with its payload, which lists leave out because it contains message texts. */
export const DeadLetterDetailView = DeadLetterView.extend({
  error: z.string().nullable(),
  exchange: z.string(),
  routingKey: z.string(),
  receivedAt: z.iso.datetime().nullable(),
  /** Message as text, as a replay would publish it. */
  payload: z.string(),
  /** Payload before the first edit; null if it was never edited. */
  original: z.string().nullable(),
  history: z.array(
    z.object({
      at: z.iso.datetime(),
      action: z.enum(['replayed', 'returned', 'discarded']),
      by: z.object({ id: z.string(), name: z.string() }),
      detail: z.string().nullable(),
    }),
  ),
  /** Other dead letters of the same message, newest first, from before or after a replay. */
  related: z.array(DeadLetterView),
})

/** View of a dead letter; related ones are limited to those that the caller may see. */
export async function deadLetterDetailView(
  store: GatewayDeps['store'],
  caller: Caller,
  deadLetter: DeadLetterDoc,
): Promise<z.infer<typeof DeadLetterDetailView>> {
  const owner = caller.may('platform.operations') ? 'all' : caller.tenantId
  const receivedAt = Number(deadLetter.headers?.[RECEIVED_AT_HEADER]) || null
  const related = await findRelated(store, owner, deadLetter)
  return {
    ...deadLetterView(deadLetter),
    error: deadLetter.error,
    exchange: deadLetter.exchange,
    routingKey: deadLetter.routingKey,
    receivedAt: receivedAt === null ? null : new Date(receivedAt).toISOString(),
    payload: deadLetter.payload,
    original: deadLetter.original ?? null,
    history: (deadLetter.history ?? []).map(({ at, action: done, by, name, detail }) => ({
      at: at.toISOString(),
      action: done,
      by: { id: String(by), name },
      detail: detail ?? null,
    })),
    related: related.map(listedView),
  }
}

/** API name of a message type; `other` for an unknown one. */
export const sourceOf = (type: string) => SOURCE_NAMES.find(name => SOURCES[name] === (type as MessageType)) ?? 'other'

/** View for lists, scrubbed: Meta's ids contain phone numbers, and a reason may quote what could not be read. */
export function listedView(doc: DeadLetterDoc): z.infer<typeof DeadLetterView> {
  const { reason, messageId, ...view } = deadLetterView(doc)
  return { ...view, reason: scrub(reason), messageId: messageId === null ? null : scrub(messageId) }
}

function deadLetterView(doc: DeadLetterDoc): z.infer<typeof DeadLetterView> {
  return {
    id: String(doc._id),
    tenantId: doc.tenantId === null ? null : String(doc.tenantId),
    source: sourceOf(doc.type),
    queue: doc.queue,
    cause: doc.cause ?? doc.reason,
    reason: doc.reason,
    attempts: doc.attempt,
    messageId: doc.messageId,
    state: doc.state,
    edited: doc.isEdited ?? false,
    createdAt: doc.createdAt.toISOString(),
    settledAt: doc.settledAt?.toISOString() ?? null,
  }
}
