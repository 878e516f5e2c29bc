import { z } from 'zod'

/**
 * Webhook body that the receiver publishes and the recorder consumes: Meta's own envelope, with items of one routing key. A body
 * with a single routing key is published as the bytes that were received; a mixed one is split.
 * Members are loose on purpose: unknown ones are kept, and an invalid one fails only its own item.
 */
export const WebhookEnvelope = z.looseObject({
  object: z.string().optional(),
  entry: z.array(
    z.looseObject({
      id: z.union([z.string(), z.number()]).optional(),
      time: z.number().optional(),
      changes: z.array(z.looseObject({ field: z.string().optional(), value: z.record(z.string(), z.unknown()) })),
    }),
  ),
})
export type WebhookEnvelope = z.infer<typeof WebhookEnvelope>

/** AMQP header with the arrival of the body (ms since 1970), for messages whose id does not contain it. */
export const RECEIVED_AT_HEADER = 'x-linko-received-at'
