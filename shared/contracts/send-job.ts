import { z } from 'zod'

const id = z.string().regex(/^[0-9a-f]{24}$/, 'an id has 24 hex digits')

/**
 * Order to send one message; it carries ids only. A hint: the row in `messages` decides. The sweep enqueues a lost job again,
 * and a duplicate finds nothing to take.
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
  /** True for a template and for Direct Send, which count against the messaging limit outside the customer service window. */
  isTemplate: z.boolean().default(false),
  campaignId: id.nullable().default(null),
  /** Whose consent decides; null in jobs of an older version, whose messages are judged by their rows. */
  contactId: id.nullable().default(null),
  /** Of a template: which one, so that its state is read beside the standing of its conversation. */
  templateName: z.string().nullable().default(null),
  templateLanguage: z.string().nullable().default(null),
})
export type SendJob = z.infer<typeof SendJob>
