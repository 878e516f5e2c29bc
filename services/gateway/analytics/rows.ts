/** Sums of counters by key and name: `{ day: { SENT: 3 } }`. */
export type Table = Map<string | null, Record<string, number>>

/** Rows of counters as a table by one of their fields; null is the key of what has none. */
export function tableOf<Field extends string>(
  rows: readonly { key: Partial<Record<Field, string | null>>; name: string; value: number }[],
  field: Field | null,
): Table {
  const table: Table = new Map()
  for (const { key, name, value } of rows) {
    const at = field === null ? null : (key[field] ?? null)
    const row = table.get(at) ?? {}
    row[name] = (row[name] ?? 0) + value
    table.set(at, row)
  }
  return table
}

/** All rows of a table added up. */
export function sumOfTable(table: Table): Record<string, number> {
  const sum: Record<string, number> = {}
  for (const row of table.values()) for (const [name, value] of Object.entries(row)) sum[name] = (sum[name] ?? 0) + value
  return sum
}

/** Keys of several tables, each once. */
export const keysOf = (...tables: Table[]): (string | null)[] => [...new Set(tables.flatMap(table => [...table.keys()]))]
