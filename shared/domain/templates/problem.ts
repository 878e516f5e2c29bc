import { type SentenceKey, sentenceKey, sentencesOf } from '../sentence.ts'

/** A problem of one field: `path` is the field as the caller wrote it, `message` a whole sentence. */
export interface TemplateProblem {
  path: string
  message: string
  /** The sentence as a stable name with values, for texts in other languages. */
  messageKey?: SentenceKey
}

/** What can be wrong with the values that a template is filled with: English texts by key. */
export const FILL_PROBLEMS = {
  'variable-missing': 'This variable is missing.',
  'variable-empty': 'This variable is empty.',
  'variable-line-break': 'This variable contains a line break or a tab, which WhatsApp refuses.',
  'variable-spaces': 'This variable contains more than four spaces in a row, which WhatsApp refuses.',
  'variable-unknown': 'This template has no such variable.',
  'header-missing': 'This template needs a header file of type {kind}.',
  'header-unwanted': 'This template has no media header.',
  'filename-unwanted': 'Only a document can have a filename.',
  'offer-end-invalid':
    'The offer of this template ends at a time: give it as `{variable}`, such as 2026-12-31T23:59:59Z or in milliseconds since 1970.',
  'text-too-long': 'The filled text has {length} characters; WhatsApp accepts at most {most}.',
  'coupon-too-long': 'A coupon code has {length} characters; WhatsApp accepts at most {most}.',
  'code-too-long': 'A code can have at most {most} characters.',
  'code-differs': 'The code of the button must be the code of the text.',
  'only-in-meta-form': 'A template with {what} can only be sent with POST /messages.',
} as const
export type FillProblemKey = keyof typeof FILL_PROBLEMS

const sentence = sentencesOf<FillProblemKey>(FILL_PROBLEMS)

/** A problem of a value that a template is filled with. */
export function fillProblem(
  path: string,
  key: FillProblemKey,
  parameters: Readonly<Record<string, string | number>> = {},
): TemplateProblem {
  const made = sentence(key, parameters)
  return { path, message: made.text, messageKey: sentenceKey(made) }
}

/** One text for people: every problem with its field. */
export const describeProblems = (problems: readonly TemplateProblem[]): string =>
  problems.map(({ path, message }) => `${path}: ${message}`).join(' ')

/** The same as keys, each with its field among the values. */
export const keysOfProblems = (problems: readonly TemplateProblem[]): SentenceKey[] =>
  problems.flatMap(({ path, messageKey }) =>
    messageKey ? [{ key: messageKey.key, parameters: { ...messageKey.parameters, field: path } }] : [],
  )
