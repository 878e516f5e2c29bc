import type { z } from 'zod'
import { MediaJob } from '#shared/contracts/media-job.ts'
import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import { RealtimeEvents } from '#shared/contracts/realtime-event.ts'
import { SendJob } from '#shared/contracts/send-job.ts'
import { WebhookEnvelope } from '#shared/contracts/webhook-delivery.ts'
import { issueView } from '#shared/http/issues.ts'
import { parseWebhook, type WebhookItem } from '#shared/meta/webhook.ts'
import type { DeadLetterDoc } from '#shared/model/documents.ts'
import { receivedAtOf } from '#shared/queue/received-at.ts'

/** Parsed payload of a dead letter, or the problem that makes it unreadable. */
export type DeadLetterPayload =
  | { kind: 'webhook'; items: WebhookItem[] }
  | { kind: 'job'; job: SendJob }
  | { kind: 'events'; tenantIds: string[] }
  | { kind: 'media'; tenantId: string }
  | { kind: 'unreadable'; problem: string }

/** Parses a payload by the schema of its message type, as its consumer would. */
export function readPayload(
  deadLetter: Pick<DeadLetterDoc, 'type' | 'headers' | 'messageId' | 'createdAt'>,
  payload: string,
): DeadLetterPayload {
  const json = parseJson(payload)
  if (json === undefined) return unreadable('it is not valid JSON')
  switch (deadLetter.type) {
    case MESSAGE_TYPE.webhook:
      return checked(WebhookEnvelope, json, () =>
        readWebhook(parseWebhook(json, receivedAtOf(deadLetter, deadLetter.createdAt.getTime()))),
      )
    case MESSAGE_TYPE.sendJob:
      return checked(SendJob, json, job => ({ kind: 'job', job }))
    case MESSAGE_TYPE.media:
      return checked(MediaJob, json, ({ tenantId }) => ({ kind: 'media', tenantId }))
    case MESSAGE_TYPE.events:
      return checked(RealtimeEvents, json, ({ events }) => ({
        kind: 'events',
        tenantIds: [...new Set(events.map(({ tenantId }) => tenantId))],
      }))
    default:
      return unreadable('its message type has no consumer')
  }
}

function readWebhook(items: WebhookItem[]): DeadLetterPayload {
  if (items.length === 0) return unreadable('it contains no event')
  const broken = items.find(item => item.kind === 'broken')
  return broken?.kind === 'broken' ? unreadable(broken.reason) : { kind: 'webhook', items }
}

function checked<T>(schema: z.ZodType<T>, json: unknown, then: (value: T) => DeadLetterPayload): DeadLetterPayload {
  const parsed = schema.safeParse(json)
  if (parsed.success) return then(parsed.data)
  const [issue] = parsed.error.issues
  const { path, message } = issue ? issueView(issue) : { path: '', message: 'Invalid' }
  return unreadable(`${path || 'payload'}: ${message}`)
}

function parseJson(payload: string): unknown {
  try {
    return JSON.parse(payload)
  } catch {
    return undefined
  }
}

const unreadable = (problem: string): DeadLetterPayload => ({ kind: 'unreadable', problem })
