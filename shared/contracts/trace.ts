import { z } from 'zod'

/** Hops of a message through the platform, in their usual order: of one that came in, of one that went out, of its reports. */
export const HOPS = [
  'received',
  'published',
  'recorded',
  'accepted',
  'enqueued',
  'taken',
  'posted',
  'answered',
  'status',
  'numbered',
  'emitted',
] as const
export type Hop = (typeof HOPS)[number]

export const HopView = z.object({
  hop: z.enum(HOPS),
  at: z.iso.datetime(),
  /** Time since the first hop; negative where another machine's clock says so. */
  afterMs: z.number(),
  /** How exact the time is: RabbitMQ and Meta tell whole seconds, an emission is noted once a second. */
  precisionMs: z.number().int(),
  /** Part of the platform whose clock it is. */
  by: z.enum(['gateway', 'sender', 'ingest', 'realtime', 'rabbitmq', 'mongodb', 'meta']),
  /** What passed: the message itself, or a report about it. */
  about: z.string().nullable(),
  /** enqueued, taken, posted, answered: number of the attempt, from 1. */
  attempt: z.number().int().nullable(),
  detail: z.string().nullable(),
})
export type HopView = z.infer<typeof HopView>

export const MessageTraceView = z.object({
  messageId: z.string(),
  externalMessageId: z.string().nullable(),
  direction: z.enum(['INBOUND', 'OUTBOUND']),
  status: z.string(),
  hops: z.array(HopView),
  /** Hops that are still to come. */
  pending: z.array(z.object({ hop: z.enum(HOPS), about: z.string().nullable() })),
  /** Sources of hops that were deleted by age: events are kept for a day, webhooks for 30 days. */
  expired: z.array(z.enum(['events', 'webhooks'])),
})
export type MessageTraceView = z.infer<typeof MessageTraceView>
