import { RECEIVED_AT_HEADER } from '../contracts/webhook-delivery.ts'
import { startOfTrace } from '../process/trace.ts'
import type { Delivery } from './types.ts'

/**
 * When the receiver got a webhook's body: from its header, otherwise from the message id, which for the receiver's own
 * messages is a timed trace id.
 * @param otherwise the time (ms since 1970) for a message that has neither
 */
export function receivedAtOf({ headers, messageId }: Pick<Delivery, 'headers' | 'messageId'>, otherwise = Date.now()): Date {
  return new Date(Number(headers[RECEIVED_AT_HEADER]) || startOfTrace(messageId) || otherwise)
}
