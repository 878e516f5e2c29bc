import { z } from 'zod'

/** Whether an agent takes new conversations: only those who are available are considered by `assign: auto`. */
export const AVAILABILITIES = ['available', 'busy', 'offline'] as const
export type Availability = (typeof AVAILABILITIES)[number]

/** Published to Redis by whoever stores it; every realtime node tells the colleagues on its sockets. */
export const AvailabilityChanged = z.object({
  tenantId: z.string(),
  userId: z.string(),
  name: z.string(),
  availability: z.enum(AVAILABILITIES),
})
export type AvailabilityChanged = z.infer<typeof AvailabilityChanged>

/** @param database name of the MongoDB database: two installations may share one Redis. */
export const availabilityChannel = (database: string) => `linko:${database}:availability`
