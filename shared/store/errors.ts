const DUPLICATE_KEY = 11_000

/** Whether MongoDB refused a write because a unique index already holds the same values. */
export const isDuplicateKey = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === DUPLICATE_KEY

/**
 * Indexes of the writes in an unordered bulk that failed with a duplicate key. Null when anything else failed too: the caller
 * must then throw the error.
 */
export function duplicatesOf(error: unknown): number[] | null {
  const all = writeErrorsOf(error)
  return all.length > 0 && all.every(isDuplicateKey) ? all.map(({ index }) => index) : null
}

/** The writes of an unordered bulk that failed, each with its own error. Empty for an error of another kind. */
export function writeErrorsOf(error: unknown): WriteError[] {
  const { writeErrors } = (error ?? {}) as { writeErrors?: WriteError[] | WriteError }
  return [writeErrors ?? []].flat()
}

export interface WriteError {
  code: number
  index: number
}
