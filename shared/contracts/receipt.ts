import { z } from 'zod'

/**
 * What the customer shall see of us without a message: that theirs was read, and perhaps that somebody is writing. Best
 * effort: whoever cannot say it in time says nothing.
 */
export const Receipt = z.object({
  v: z.literal(1),
  tenantId: z.string(),
  phoneNumberId: z.string(),
  /** The newest inbound message: Meta marks the earlier ones with it. */
  wamid: z.string(),
  isTyping: z.boolean(),
  /** When it happened. */
  at: z.iso.datetime(),
})
export type Receipt = z.infer<typeof Receipt>
