import { z } from 'zod'

/** Fields of a number that its tenant chooses. */
export const AboutNumber = {
  companyName: z.string().trim().min(1).max(200).nullable().optional(),
  email: z.email().max(320).nullable().optional(),
  userId: z.string().trim().min(1).max(128).nullable().optional().describe('Id of its person on your own platform'),
}
