const DUPLICATE_KEY = 11_000

/** Whether MongoDB refused a write because a unique index holds the same values already. */
export const isDuplicateKey = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === DUPLICATE_KEY

/**
 * Indexes of the writes of an unordered bulk that met a duplicate key. Null when it failed for anything else as well: the
 * error is then to be thrown.
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
