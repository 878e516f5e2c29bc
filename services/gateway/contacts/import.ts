import type { Readable } from 'node:stream'
import { CsvError } from 'csv-parse'
import { type ContactColumns, type ContactRow, contactColumns, readContactRow } from '#shared/domain/contacts/contact-row.ts'
import { ApiError } from '#shared/domain/errors.ts'
import type { Caller } from '#shared/http/route.ts'
import { newId, toId } from '#shared/model/ids.ts'
import { csvProblem, readCsv, shownColumns } from '#shared/storage/csv-file.ts'
import { importPrefix } from '#shared/storage/open.ts'
import { importRows, takeImportTurn } from '#shared/store/contacts/import.ts'
import { findPrimaryClient } from '#shared/store/numbers/clients.ts'
import type { GatewayDeps } from '../deps.ts'
import { SeenKeys } from './seen-keys.ts'

/** Import options: the names of the columns that hold phone numbers and names, detected from the header when left out. */
export interface ImportInput {
  phone?: string | undefined
  name?: string | undefined
  isDryRun: boolean
}

export interface RefusedRow {
  /** Row number from 1, without the header. */
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
  /** The first `MAX_REFUSED_ROWS` refused rows. */
  refusedRows: RefusedRow[]
}

const BATCH = 500
const MAX_REFUSED_ROWS = 10_000

/**
 * Creates and updates contacts from a CSV, row by row, one import of a tenant at a time. The upload is stored first, so that a slow
 * database does not hold up the client's connection.
 * @throws ApiError 409 IMPORT_RUNNING, 422 CSV_INVALID, or COLUMN_MISSING when no column holds phone numbers
 */
export async function importContacts(
  deps: GatewayDeps,
  caller: Caller,
  upload: Readable,
  input: ImportInput,
  traceparent: string,
): Promise<ImportReport> {
  await using turn = await takeImportTurn(deps.store, caller.tenantId, deps.log)
  if (!turn.isHeld())
    throw new ApiError(409, 'IMPORT_RUNNING', 'Another import of this company is running. Import again when it has ended.', {
      headers: { 'retry-after': '10' },
    })
  const key = `${importPrefix(caller.tenantId)}${newId()}`
  await deps.storage.put(key, upload, { contentType: 'text/csv' })
  try {
    return await readAll(deps, caller, await deps.storage.get(key), input, traceparent)
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    throw new ApiError(422, 'CSV_INVALID', csvProblem(error), { cause: error })
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
  const seen = new SeenKeys()
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
    const problem = 'problem' in row ? row.problem : duplicateOf(seen, row, report.read)
    if (problem !== null) refuse(report, record, columns, problem)
    else rows.push(row as ContactRow)
    if (rows.length === BATCH) await write()
  }
  if (rows.length > 0) await write()
  return report
}

function duplicateOf(seen: SeenKeys, { key }: ContactRow, row: number): string | null {
  const before = seen.add(key, row)
  return before === null ? null : `The row has the same contact as row ${before}.`
}

function refuse(report: ImportReport, record: Record<string, string>, columns: ContactColumns, problem: string): void {
  report.refused++
  if (report.refusedRows.length === MAX_REFUSED_ROWS) return
  const value = record[columns.phone ?? columns.userId ?? ''] ?? ''
  report.refusedRows.push({ row: report.read, value: value.slice(0, 100), problem })
}

/** Mapping of CSV columns to contact fields. @throws ApiError 422 COLUMN_MISSING when no column holds phone numbers */
function columnsFor({ phone, name }: ImportInput) {
  return (names: string[], written: string[]): ContactColumns => {
    const columns = contactColumns(names, { ...(phone && { phone }), ...(name && { name }) })
    if (columns !== null) return columns
    throw new ApiError(422, 'COLUMN_MISSING', `No column holds phone numbers. The file has the columns: ${shownColumns(written)}`)
  }
}
