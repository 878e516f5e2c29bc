import { z } from 'zod'
import { fileNameOf } from '../domain/media/file-name.ts'
import { isVisible } from '../domain/visible-text.ts'

/** Text of at most `max` characters, of which at least one can be seen. */
export const text = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine(given => given === '' || isVisible(given), { error: 'The text must contain a visible character.' })
/** Name of a document as its recipient sees it, without a path and unshown characters. */
export const documentName = text(240).overwrite(given => fileNameOf(given) ?? 'document')
const fileId = z
  .string()
  .regex(/^([0-9]{1,64}|[0-9a-f]{24})$/, 'The value must be the id of a file: ours, or one from Meta.')
  .describe("A file's id: ours (POST /media), valid for every number, or Meta's, valid for one number")
const link = z
  .url({ protocol: /^https$/, hostname: z.regexes.domain })
  .max(2048)
  .describe('Downloaded by Meta; https only')

export const byIdOrLink = { id: fileId.optional(), link: link.optional() }
export const hasOneSource = (media: { id?: string | undefined; link?: string | undefined }) =>
  (media.id === undefined) !== (media.link === undefined)
export const oneSource = { error: 'Give either id or link.' }
