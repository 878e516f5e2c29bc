import { z } from 'zod'

/** What several types of messages are made of. */
export const text = (max: number) => z.string().min(1).max(max)
const fileId = z
  .string()
  .regex(/^([0-9]{1,64}|[0-9a-f]{24})$/, 'the id of a file: ours, or one that Meta gave')
  .describe("A file's id: ours (POST /media), good for every number, or Meta's own, good for one")
const link = z
  .url({ protocol: /^https$/, hostname: z.regexes.domain })
  .max(2048)
  .describe('Fetched by Meta; https only')

export const byIdOrLink = { id: fileId.optional(), link: link.optional() }
export const hasOneSource = (media: { id?: string | undefined; link?: string | undefined }) =>
  (media.id === undefined) !== (media.link === undefined)
export const oneSource = { error: 'give either id or link' }
