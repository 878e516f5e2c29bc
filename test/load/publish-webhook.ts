import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import { RECEIVED_AT_HEADER } from '#shared/contracts/webhook-delivery.ts'
import { EXCHANGES, webhookKeys } from '#shared/queue/topology.ts'
import type { Queue } from '#shared/queue/types.ts'
import { inboundBody, PHONE_NUMBER_ID, waIdOf } from './bodies.ts'

/** A person's text, as the receiver hands it to the recorder. `tag` makes its wamid unique. */
export function publishWebhook(queue: Queue, person: number, tag: string, phoneNumberId = PHONE_NUMBER_ID): Promise<void> {
  return queue.publish({
    exchange: EXCHANGES.webhook,
    routingKey: webhookKeys.conversation(phoneNumberId, waIdOf(person)),
    type: MESSAGE_TYPE.webhook,
    body: inboundBody(person, tag, phoneNumberId),
    messageId: `w-bench-${tag}`,
    headers: { [RECEIVED_AT_HEADER]: Date.now() },
  })
}
