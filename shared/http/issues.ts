import type { z } from 'zod'
import type { FieldProblem } from '../domain/errors.ts'
import { type SentenceKey, textsOf } from '../domain/sentence.ts'
import { scrub } from '../process/scrub.ts'

/** A key as an error shows it: names and numbers of list items only, for a key may hold a text, a token or a number by mistake. */
export function shownKey(key: PropertyKey): string {
  const name = String(key)
  return /^(?:[A-Za-z_][\w-]{0,39}|\d{1,4})$/.test(name) && scrub(name) === name ? name : '[key]'
}

/** What is wrong with an input, and where, without the input itself. */
export const issueView = (issue: z.core.$ZodIssue): FieldProblem => ({
  path: issue.path.map(shownKey).join('.'),
  message: issue.code === 'unrecognized_keys' ? unknownKeys(issue.keys) : issue.message,
  messageKey: keyOfIssue(issue),
})

const unknownKeys = (keys: readonly string[]) =>
  `Unrecognized key${keys.length > 1 ? 's' : ''}: ${keys.map(key => `"${shownKey(key)}"`).join(', ')}`

/** Stable names of what can be wrong with a field. A rule of its own has its name in the `params` of its issue. */
export const ISSUE_KEYS = [
  'field-missing',
  'field-type',
  'field-empty',
  'field-too-short',
  'field-too-long',
  'field-too-small',
  'field-too-large',
  'field-too-few',
  'field-too-many',
  'field-email',
  'field-url',
  'field-time',
  'field-format',
  'field-choice',
  'field-unknown',
  'field-invalid',
] as const
type IssueKey = (typeof ISSUE_KEYS)[number]

function keyOfIssue(issue: z.core.$ZodIssue): SentenceKey | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return named(/received undefined$/.test(issue.message) ? 'field-missing' : 'field-type')
    case 'too_small':
      return named(issue.origin === 'string' && issue.minimum === 1 ? 'field-empty' : boundKey(issue.origin, LEAST), {
        least: issue.minimum,
      })
    case 'too_big':
      return named(boundKey(issue.origin, MOST), { most: issue.maximum })
    case 'invalid_format':
      return named(FORMATS[issue.format] ?? 'field-format')
    case 'invalid_value':
      return named('field-choice')
    case 'unrecognized_keys':
      return named('field-unknown')
    case 'custom':
      return typeof issue.params?.key === 'string' ? { key: issue.params.key, parameters: {} } : undefined
    default:
      return named('field-invalid')
  }
}

const named = (key: IssueKey, values: Record<string, number | bigint> = {}): SentenceKey => ({ key, parameters: textsOf(values) })

type Bounds = Record<'text' | 'list' | 'number', IssueKey>
const LEAST: Bounds = { text: 'field-too-short', list: 'field-too-few', number: 'field-too-small' }
const MOST: Bounds = { text: 'field-too-long', list: 'field-too-many', number: 'field-too-large' }

const boundKey = (origin: string, keys: Bounds): IssueKey => {
  if (origin === 'string') return keys.text
  return origin === 'array' || origin === 'set' || origin === 'map' ? keys.list : keys.number
}

const FORMATS: Partial<Record<string, IssueKey>> = {
  email: 'field-email',
  url: 'field-url',
  datetime: 'field-time',
  date: 'field-time',
}
