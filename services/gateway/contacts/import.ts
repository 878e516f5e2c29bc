import type { Readable } from 'node:stream'
import { CsvError } from 'csv-parse'
import { type ContactColumns, type ContactRow, contactColumns, readContactRow } from '#shared/domain/contacts/contact-row.ts'
import { ApiError } from '#shared/domain/errors.ts'
import type { Caller } from '#shared/http/route.ts'
import { newId, toId } from '#shared/model/ids.ts'
import { readCsv } from '#shared/storage/csv-file.ts'
import { importRows } from '#shared/store/contacts/import.ts'
import { findPrimaryClient } from '#shared/store/numbers/clients.ts'
import type { GatewayDeps } from '../deps.ts'

export interface ImportInput {
  phone?: string | undefined
  name?: string | undefined
  isDryRun: boolean
}

export interface RefusedRow {
  /** From 1, without the header. */
  row: number
  value: string
  problem: string
}

export interface ImportReport {
  read: number
  created: number
  updated: number
  unchanged: number
  refused: number
  /** The first of them. */
  refusedRows: RefusedRow[]
}

const BATCH = 500
const MOST_REFUSED = 10_000

/**
 * Reads a CSV to its end, row by row, and makes or changes contacts. The file lies in the storage meanwhile, so that a caller
 * need not wait for the database while it sends. @throws ApiError 422 for what is no CSV, or has no column with keys
 */
export async function importContacts(
  deps: GatewayDeps,
  caller: Caller,
  upload: Readable,
  input: ImportInput,
  traceparent: string,
): Promise<ImportReport> {
  const key = `${caller.tenantId}/imports/${newId()}`
  await deps.storage.put(key, upload, { contentType: 'text/csv' })
  try {
    return await readAll(deps, caller, await deps.storage.get(key), input, traceparent)
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    throw new ApiError(422, 'CSV_INVALID', `The file is no CSV: ${error.message}`.slice(0, 500), { cause: error })
  } finally {
    await deps.storage.delete(key)
  }
}

async function readAll(
  deps: GatewayDeps,
  { tenantId, id }: Caller,
  file: Readable,
  input: ImportInput,
  traceparent: string,
): Promise<ImportReport> {
  const home = (await findPrimaryClient(deps.store, tenantId))?.whatsappNumber ?? null
  const batch = { tenantId: toId(tenantId), by: toId(id), now: deps.now(), isDryRun: input.isDryRun }
  const report: ImportReport = { read: 0, created: 0, updated: 0, unchanged: 0, refused: 0, refusedRows: [] }
  const places = new Map<string, number>()
  let rows: ContactRow[] = []

  async function write(): Promise<void> {
    const { events, ...counts } = await importRows(deps.store, batch, rows)
    for (const name of ['created', 'updated', 'unchanged'] as const) report[name] += counts[name]
    if (events.length > 0) void deps.events.publish(events, traceparent)
    rows = []
  }

  for await (const { record, columns } of readCsv(file, columnsFor(input))) {
    report.read++
    const row = readContactRow(record, columns, home)
    const problem = 'problem' in row ? row.problem : repeated(places, row, report.read)
    if (problem !== null) refuse(report, record, columns, problem)
    else rows.push(row as ContactRow)
    if (rows.length === BATCH) await write()
  }
  if (rows.length > 0) await write()
  return report
}

function repeated(places: Map<string, number>, { key }: ContactRow, row: number): string | null {
  const before = places.get(key)
  if (before !== undefined) return `stands in row ${before} already`
  places.set(key, row)
  return null
}

function refuse(report: ImportReport, record: Record<string, string>, columns: ContactColumns, problem: string): void {
  report.refused++
  if (report.refusedRows.length === MOST_REFUSED) return
  const value = record[columns.phone ?? columns.userId ?? ''] ?? ''
  report.refusedRows.push({ row: report.read, value: value.slice(0, 100), problem })
}

/** Which columns hold what. @throws ApiError 422 when none has phone numbers */
function columnsFor({ phone, name }: ImportInput) {
  return (names: string[], written: string[]): ContactColumns => {
    const columns = contactColumns(names, { ...(phone && { phone }), ...(name && { name }) })
    if (columns !== null) return columns
    throw new ApiError(422, 'COLUMN_MISSING', `No column holds phone numbers. The file has: ${written.join(', ')}`.slice(0, 500))
  }
}
