import type { Common } from '../model/documents.ts'

/**
 * The `$setOnInsert` of an upsert: the fields of a new row that neither the filter nor the other operators (`given`) set. MongoDB
 * and mongoose set the id and the times.
 */
export function onInsert<T extends Common>({ _id, createdAt, updatedAt, ...row }: T, ...given: object[]): Partial<T> {
  const keys = new Set(given.flatMap(Object.keys))
  return Object.fromEntries(Object.entries(row).filter(([key]) => !keys.has(key))) as Partial<T>
}
