import { z } from 'zod'

const id = z.string().regex(/^[0-9a-f]{24}$/, 'an id has 24 hex digits')

/**
 * "There may be something to send": carries ids only. The row in `messages` is the truth: a job that is lost is enqueued again
 * by the sweep, and a doubled one finds nothing to take.
 */
export const SendJob = z.object({
  v: z.literal(1),
  messageId: id,
  tenantId: id,
  clientId: id,
  /** Meta's id of the number. */
  phoneNumberId: z.string(),
  conversationId: id,
  /** waId, or the business-scoped user id when there is no phone: the pair limit counts by it. */
  contactKey: z.string(),
  /** May begin a conversation: outside an open window it counts against the portfolio's messaging limit. */
  isTemplate: z.boolean().default(false),
  campaignId: id.nullable().default(null),
})
export type SendJob = z.infer<typeof SendJob>
