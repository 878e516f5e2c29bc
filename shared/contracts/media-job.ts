import { z } from 'zod'

/** "This message has a file to fetch." A reminder: the row says whether it is still so. */
export const MediaJob = z.object({ v: z.literal(1), messageId: z.string(), tenantId: z.string() })
export type MediaJob = z.infer<typeof MediaJob>
