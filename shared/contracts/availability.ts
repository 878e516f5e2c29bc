import { z } from 'zod'

/** Availability of an agent for new conversations: `assign: auto` considers only those who are available. */
export const AVAILABILITIES = ['available', 'busy', 'offline'] as const
export type Availability = (typeof AVAILABILITIES)[number]

/** Message on Redis after a change of availability; every realtime node emits it to the colleagues on its sockets. */
export const AvailabilityChanged = z.object({
  tenantId: z.string(),
  userId: z.string(),
  name: z.string(),
  availability: z.enum(AVAILABILITIES),
})
export type AvailabilityChanged = z.infer<typeof AvailabilityChanged>

/** @param database name of the MongoDB database: two installations may share one Redis. */
export const availabilityChannel = (database: string) => `linko:${database}:availability`
