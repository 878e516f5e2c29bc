import { z } from 'zod'

export const EVENT_NAMES = [
  'message:received',
  'message:sent',
  'message:status',
  'message:scheduled',
  'conversation:updated',
  'conversation:assigned',
  'note:added',
  'label:changed',
  'client:status',
  'template:status',
  'campaign:progress',
  'spend:changed',
  'subscription:status',
] as const
export type EventName = (typeof EVENT_NAMES)[number]

/** An agent waits for the words of a customer; ticks and counters may come a moment later. */
export const isUrgent = (name: EventName): boolean => name === 'message:received'

const ABOUT_MESSAGES: readonly EventName[] = ['message:received', 'message:sent', 'message:status']

/** Whether an event says that a message came, went or changed. */
export const isAboutMessage = (name: EventName): boolean => ABOUT_MESSAGES.includes(name)

/**
 * One durable fact for the sockets and the tenant's own subscriptions. Its row in `events` is written in the same
 * transaction as its effect; a row without `seq` is the outbox. `message:received` is emitted under `message:incoming`
 * too, with the same eventId and seq.
 */
export const RealtimeEvent = z.object({
  v: z.literal(1),
  eventId: z.string(),
  tenantId: z.string(),
  name: z.enum(EVENT_NAMES),
  at: z.iso.datetime(),
  clientId: z.string().nullable(),
  conversationId: z.string().nullable(),
  userId: z.string().nullable(),
  payload: z.record(z.string(), z.unknown()),
})
export type RealtimeEvent = z.infer<typeof RealtimeEvent>

/** What a queue carries: facts of one or several tenants that were committed together, in their order. */
export const RealtimeEvents = z.object({ v: z.literal(1), events: z.array(RealtimeEvent).min(1) })
export type RealtimeEvents = z.infer<typeof RealtimeEvents>
