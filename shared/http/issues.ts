import type { z } from 'zod'
import { scrub } from '../process/scrub.ts'

/** A key as an error shows it: names and numbers of list items only, for a key may hold a text, a token or a number by mistake. */
export function shownKey(key: PropertyKey): string {
  const name = String(key)
  return /^(?:[A-Za-z_][\w-]{0,39}|\d{1,4})$/.test(name) && scrub(name) === name ? name : '[key]'
}

/** What is wrong with an input, and where, without the input itself. */
export const issueView = (issue: z.core.$ZodIssue): { path: string; message: string } => ({
  path: issue.path.map(shownKey).join('.'),
  message: issue.code === 'unrecognized_keys' ? unknownKeys(issue.keys) : issue.message,
})

const unknownKeys = (keys: readonly string[]) =>
  `Unrecognized key${keys.length > 1 ? 's' : ''}: ${keys.map(key => `"${shownKey(key)}"`).join(', ')}`
