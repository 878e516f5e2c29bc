import { z } from 'zod'
import { EVENT_TYPES, TEST_TYPE } from '#shared/contracts/event-subscriptions.ts'
import { DELIVERY_PROBLEMS } from '#shared/domain/subscriptions/delivery.ts'
import { noticeOf } from '#shared/domain/subscriptions/notice.ts'
import type { EventDeliveryDoc, EventSubscriptionDoc } from '#shared/model/documents.ts'

const at = z.iso.datetime()
const Problem = z.enum(DELIVERY_PROBLEMS)

export const SubscriptionView = z.object({
  id: z.string(),
  name: z.string(),
  url: z.string(),
  types: z.array(z.string()).describe('Types of events; empty: all of them'),
  status: z.enum(['enabled', 'disabled']),
  disabledReason: z
    .enum(['user', 'failing', 'gone'])
    .nullable()
    .describe('failing: every delivery has failed for a day; gone: the endpoint answered 410'),
  notice: z
    .object({ key: z.string(), text: z.string(), nextStep: z.string() })
    .nullable()
    .describe('Where the platform has switched it off: what to say about it'),
  disabledAt: at.nullable(),
  failingSince: at.nullable().describe('Since when every delivery has failed'),
  lastDeliveredAt: at.nullable().describe('To ten seconds'),
  lastProblem: Problem.nullable().describe('Why the deliveries fail'),
  secrets: z
    .array(z.object({ id: z.string(), createdAt: at, expiresAt: at.nullable() }))
    .describe('Secrets that sign, newest first; several while one is being replaced'),
  replay: z
    .object({ from: at, to: at, onlyFailed: z.boolean(), requestedAt: at, ordered: z.number().int() })
    .nullable()
    .describe('The replay under way, with the number of deliveries that it has ordered so far'),
  createdAt: at,
  updatedAt: at,
})

export const NewSubscriptionView = SubscriptionView.extend({
  secret: z.string().describe('Verifies deliveries (whsec_…). It is shown in this one answer'),
})

export const DELIVERY_STATES = ['pending', 'delivered', 'failed'] as const

export const DeliveryView = z.object({
  id: z.string(),
  subscriptionId: z.string(),
  eventId: z.string().describe('The header webhook-id: the same at each attempt and each replay'),
  type: z.string(),
  conversationId: z.string().nullable(),
  at: at.describe('Time of the event'),
  state: z.enum(DELIVERY_STATES),
  isTest: z.boolean(),
  nextAttemptAt: at.nullable(),
  deliveredAt: at.nullable(),
  replayedAt: at.nullable().describe('When it was last ordered again'),
  attempts: z
    .array(
      z.object({
        at,
        durationMs: z.number().int(),
        status: z.number().int().nullable().describe('HTTP status; null where no answer came'),
        problem: Problem.nullable().describe('Null: delivered'),
        detail: z.string().nullable().describe('Beginning of the answer, or the code of the error'),
      }),
    )
    .describe('The latest 20, oldest first'),
})

export const DeliveryDetailView = DeliveryView.extend({
  body: z.record(z.string(), z.unknown()).describe('What is posted'),
})

export const TYPES_WITH_TEST = [...EVENT_TYPES, TEST_TYPE]

export function subscriptionView(row: EventSubscriptionDoc, now: Date): z.infer<typeof SubscriptionView> {
  const { replay } = row
  return {
    id: String(row._id),
    name: row.name,
    url: row.url,
    types: [...row.types],
    status: row.status === 'ENABLED' ? 'enabled' : 'disabled',
    disabledReason: row.disabledReason,
    notice: noticeOf(row.disabledReason),
    disabledAt: timeOf(row.disabledAt),
    failingSince: timeOf(row.failingSince),
    lastDeliveredAt: timeOf(row.lastDeliveredAt),
    lastProblem: row.lastProblem,
    secrets: row.secrets
      .filter(({ expiresAt }) => expiresAt === null || expiresAt > now)
      .map(({ keyId, createdAt, expiresAt }) => ({
        id: String(keyId),
        createdAt: createdAt.toISOString(),
        expiresAt: timeOf(expiresAt),
      })),
    replay: replay && {
      from: replay.from.toISOString(),
      to: replay.to.toISOString(),
      onlyFailed: replay.onlyFailed,
      requestedAt: replay.requestedAt.toISOString(),
      ordered: replay.count,
    },
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  }
}

export const deliveryView = (row: EventDeliveryDoc): z.infer<typeof DeliveryView> => ({
  id: String(row._id),
  subscriptionId: String(row.subscriptionId),
  eventId: row.eventId,
  type: row.type,
  conversationId: row.conversationId === null ? null : String(row.conversationId),
  at: row.at.toISOString(),
  state: row.state.toLowerCase() as Lowercase<EventDeliveryDoc['state']>,
  isTest: row.isTest,
  nextAttemptAt: timeOf(row.nextAttemptAt),
  deliveredAt: timeOf(row.deliveredAt),
  replayedAt: timeOf(row.replayedAt),
  attempts: row.attempts.map(({ at, durationMs, status, problem, detail }) => ({
    at: at.toISOString(),
    durationMs,
    status,
    problem,
    detail,
  })),
})

const timeOf = (time: Date | null | undefined): string | null => time?.toISOString() ?? null
