import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import { RECEIVED_AT_HEADER } from '#shared/contracts/webhook-delivery.ts'
import type { MessageDoc, ParkedItemDoc } from '#shared/model/documents.ts'
import { EXCHANGES, webhookKeys } from '#shared/queue/topology.ts'
import type { Queue } from '#shared/queue/types.ts'

/** Publishes statuses that arrived before their message had its wamid as webhooks again, for the recorder to apply. */
export async function replayParked(queue: Queue, parked: ParkedItemDoc[], messages: Map<string, MessageDoc>): Promise<void> {
  await Promise.all(
    parked.map(status => {
      const message = messages.get(status.wamid)
      if (message === undefined) return undefined
      return queue.publish({
        exchange: EXCHANGES.webhook,
        routingKey: webhookKeys.conversation(status.phoneNumberId, message.contactKey),
        type: MESSAGE_TYPE.webhook,
        body: status.payload,
        messageId: status._id,
        tenantId: String(message.tenantId),
        headers: { [RECEIVED_AT_HEADER]: status.createdAt.getTime() },
      })
    }),
  )
}
