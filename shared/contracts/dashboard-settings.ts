import { z } from 'zod'

/** People of the demo, whom the sign-in page offers as one click. Development only. */
export const DemoUsers = z.array(z.object({ name: z.string(), email: z.string(), password: z.string(), role: z.string() }))
export type DemoUsers = z.infer<typeof DemoUsers>
