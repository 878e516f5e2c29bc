import { z } from 'zod'

/** Job to download the file of a message. A hint: the row in `messages` decides whether there is still one to download. */
export const MediaJob = z.object({ v: z.literal(1), messageId: z.string(), tenantId: z.string() })
export type MediaJob = z.infer<typeof MediaJob>
