import { RECEIVED_AT_HEADER } from '#shared/contracts/webhook-delivery.ts'
import { startOfTrace } from '#shared/process/trace.ts'
import type { Delivery } from '#shared/queue/types.ts'

/** Arrival time of every item in a delivery. The receiver's own messages have a timed trace id as their id. */
export function receivedAtOf({ headers, messageId }: Pick<Delivery, 'headers' | 'messageId'>): Date {
  return new Date(Number(headers[RECEIVED_AT_HEADER]) || startOfTrace(messageId) || Date.now())
}
