import { z } from 'zod'

const id = z.string().regex(/^[0-9a-f]{24}$/)

/**
 * "These messages of ours are not yet in their conversations": carries ids only, for the recorder of the conversations' shard.
 * The rows in `messages` are the truth: a lost job is published again by the sweep, a doubled one changes nothing.
 */
export const ProjectionJob = z.object({
  v: z.literal(1),
  messages: z.array(z.object({ messageId: id, tenantId: id })).min(1),
})
export type ProjectionJob = z.infer<typeof ProjectionJob>
