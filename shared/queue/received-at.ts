import { RECEIVED_AT_HEADER } from '../contracts/webhook-delivery.ts'
import { startOfTrace } from '../process/trace.ts'
import type { Delivery } from './types.ts'

/**
 * The time at which the receiver got a webhook's body: from its header, else from the message id, which is a timed trace id for
 * the receiver's own messages.
 * @param otherwise ms since 1970, for a message that has neither
 */
export function receivedAtOf({ headers, messageId }: Pick<Delivery, 'headers' | 'messageId'>, otherwise = Date.now()): Date {
  return new Date(Number(headers[RECEIVED_AT_HEADER]) || startOfTrace(messageId) || otherwise)
}
