import { z } from 'zod'

/**
 * Read receipt for the customer, perhaps with a typing indicator. Best effort: a receipt that cannot be sent in time is
 * dropped.
 */
export const Receipt = z.object({
  v: z.literal(1),
  tenantId: z.string(),
  phoneNumberId: z.string(),
  /** Newest inbound message; Meta marks the earlier ones as read as well. */
  wamid: z.string(),
  isTyping: z.boolean(),
  /** When the message was read, or somebody began to type. */
  at: z.iso.datetime(),
})
export type Receipt = z.infer<typeof Receipt>
