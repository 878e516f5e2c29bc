import { Readable } from 'node:stream'
import { stringify } from 'csv-stringify/sync'
import type { Reply } from '#shared/http/route.ts'
import { CSV_OPTIONS } from '#shared/storage/csv/formula-guard.ts'

/** A report as a file: one line for each row, one column for each field. */
export function csvOf(name: string, columns: readonly string[], rows: readonly Record<string, unknown>[]): Reply {
  const text = stringify([...rows], { ...CSV_OPTIONS, columns: [...columns] })
  const disposition = `attachment; filename="${name}.csv"`
  return {
    stream: Readable.from([text]),
    headers: { 'content-type': 'text/csv; charset=utf-8', 'content-disposition': disposition },
  }
}
