const DUPLICATE_KEY = 11_000

/** Whether MongoDB refused a write because a unique index already holds the same values. */
export const isDuplicateKey = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === DUPLICATE_KEY

/**
 * Indexes of the writes in an unordered bulk that failed with a duplicate key. Null when anything else failed too: the caller
 * must then throw the error.
 */
export function duplicatesOf(error: unknown): number[] | null {
  const { writeErrors } = (error ?? {}) as { writeErrors?: WriteError[] | WriteError }
  const all = [writeErrors ?? []].flat()
  return all.length > 0 && all.every(isDuplicateKey) ? all.map(({ index }) => index) : null
}

interface WriteError {
  code: number
  index: number
}
