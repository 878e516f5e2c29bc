import { Problem } from '../../lib/api/problem.ts'
import { sayField } from '../../lib/server/say.ts'

/** What a server says of a field of a form, at its path or below it: `assignment`, `assignment.rules.0`. */
export function problemAt(error: unknown, path: string): string | undefined {
  if (!(error instanceof Problem) || error.errorCode === CHANGED_MEANWHILE) return undefined
  const found = error.errors.find(one => one.path === path || one.path.startsWith(`${path}.`))
  return found && sayField(found)
}

/** Whether everything that a refusal complains of stands at a field of the form. */
export const isAtFields = (error: unknown, fields: readonly string[]): boolean =>
  error instanceof Problem &&
  error.errors.length > 0 &&
  error.errors.every(({ path }) => fields.some(field => path === field || path.startsWith(`${field}.`)))

/** Code of a refusal because somebody else has saved another change first. */
export const CHANGED_MEANWHILE = 'CHANGED_MEANWHILE'

/** What others have saved meanwhile, and who; null for any other error. */
export function conflictOf<T>(error: unknown): { fields: string[]; current: T; by: string | null } | null {
  if (!(error instanceof Problem) || error.errorCode !== CHANGED_MEANWHILE) return null
  const { current, changedBy } = error.extra
  const fields = [...new Set(error.errors.map(({ path }) => path.split('.')[0] as string))]
  return { fields, current: current as T, by: typeof changedBy === 'string' ? changedBy : null }
}

/** What is wrong with the first field that a refusal names; else why it was refused. */
export const firstSentence = ({ errors: [first], detail }: Problem): string => (first ? sayField(first) : detail)
