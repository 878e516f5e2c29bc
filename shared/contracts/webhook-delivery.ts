import { z } from 'zod'

/**
 * What ingest publishes and the recorder consumes: a body in Meta's own envelope whose items all belong to one lane and
 * shard. A body with one lane travels as the very bytes that were received; a mixed one is split into several.
 * Members stay loose on purpose: unknown ones are kept, and a wrong one fails its own item alone.
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

/** AMQP header with the moment (ms since 1970) at which ingest had the body, where the id of the message does not tell it. */
export const RECEIVED_AT_HEADER = 'x-linko-received-at'
