import { z } from 'zod'

/**
 * "There may be something to send": carries ids only. The row in `messages` is the truth; a lost bell is rung again by the
 * sweep, a doubled one finds nothing to take.
 */
export const SendJob = z.object({
  v: z.literal(1),
  messageId: z.string(),
  tenantId: z.string(),
  clientId: z.string(),
  phoneNumberId: z.string(),
  conversationId: z.string(),
  /** waId, or the business-scoped user id when there is no phone: the pair limit counts by it. */
  contactKey: z.string(),
  /** May begin a conversation: outside an open window it counts against the portfolio's messaging limit. */
  isTemplate: z.boolean().default(false),
  campaignId: z.string().nullable().default(null),
})
export type SendJob = z.infer<typeof SendJob>
