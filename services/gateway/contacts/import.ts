import type { Readable } from 'node:stream'
import { type ContactColumns, type ContactHeader, contactColumns } from '#shared/domain/contacts/contact-columns.ts'
import { type ContactRow, readContactRow } from '#shared/domain/contacts/contact-row.ts'
import { countryOf } from '#shared/domain/contacts/phone-number.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { rowProblem } from '#shared/domain/row-problems.ts'
import { type Sentence, type SentenceKey, sentenceKey } from '#shared/domain/sentence.ts'
import type { Caller } from '#shared/http/route.ts'
import { newId, toId } from '#shared/model/ids.ts'
import { scrub } from '#shared/process/scrub.ts'
import { type CsvForm, readCsv, shownColumns } from '#shared/storage/csv/csv-file.ts'
import { RefusedFile } from '#shared/storage/csv/refused-file.ts'
import { importPrefix } from '#shared/storage/open.ts'
import { attributeNames } from '#shared/store/contacts/contacts.ts'
import { importRows, takeImportTurn } from '#shared/store/contacts/import.ts'
import { findPrimaryClient } from '#shared/store/numbers/clients.ts'
import type { GatewayDeps } from '../deps.ts'
import { SeenKeys } from './seen-keys.ts'

/** Import options: the names of the columns that hold phone numbers and names, detected from the header when left out. */
export interface ImportInput {
  phone?: string | undefined
  name?: string | undefined
  /** Encoding of the file, recognised when left out. */
  encoding?: string | undefined
  isDryRun: boolean
}

export interface RefusedRow {
  /** Row number from 1, without the header. */
  row: number
  value: string
  /** Why the row is refused, as people read it. */
  problem: string
  /** The same as a name and values. */
  problemKey: SentenceKey
}

export interface ImportReport {
  read: number
  created: number
  updated: number
  unchanged: number
  refused: number
  /** The first `MAX_REFUSED_ROWS` refused rows. */
  refusedRows: RefusedRow[]
  /** How the file was understood; null for a file without a header. */
  file: FileForm | null
}

/** Encoding, separator, the names of all columns, and of those in which numbers and names were found. */
export interface FileForm extends CsvForm {
  columns: string[]
  phoneColumn: string | null
  nameColumns: string[]
}

const BATCH = 500
const MAX_REFUSED_ROWS = 10_000
/** Names of columns in an answer, from which a person chooses those of the numbers and names. */
const MOST_SHOWN_COLUMNS = 200
/** Attributes of a company that are exported and recognised again, of all contacts together. */
export const MOST_ATTRIBUTES = 1000

/**
 * Creates and updates contacts from a CSV, row by row, one import of a tenant at a time. The upload is stored first, so that a slow
 * database does not hold up the client's connection.
 * @throws ApiError 409 IMPORT_RUNNING, 422 CSV_INVALID, ENCODING_UNKNOWN, or COLUMN_MISSING when no column holds phone numbers; then
 * nothing is written
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
    return await readAll(deps, caller, () => deps.storage.get(key), input, traceparent)
  } catch (error) {
    if (!(error instanceof RefusedFile)) throw error
    throw new ApiError(422, error.code, error.message, { cause: error, detailKey: sentenceKey(error.sentence) })
  } finally {
    await deps.storage.delete(key)
  }
}

async function readAll(
  deps: GatewayDeps,
  { tenantId, id }: Caller,
  open: () => Promise<Readable>,
  input: ImportInput,
  traceparent: string,
): Promise<ImportReport> {
  const home = (await findPrimaryClient(deps.store, tenantId))?.whatsappNumber ?? null
  const batch = { tenantId: toId(tenantId), by: toId(id), now: deps.now(), isDryRun: input.isDryRun }
  const report: ImportReport = { read: 0, created: 0, updated: 0, unchanged: 0, refused: 0, refusedRows: [], file: null }
  const known = new Set(await attributeNames(deps.store, tenantId, MOST_ATTRIBUTES))
  const seen = new SeenKeys()
  let rows: ContactRow[] = []

  async function write(): Promise<void> {
    const { events, ...counts } = await importRows(deps.store, batch, rows)
    for (const name of ['created', 'updated', 'unchanged'] as const) report[name] += counts[name]
    if (events.length > 0) void deps.events.publish(events, traceparent)
    rows = []
  }

  const understand = (written: string[], form: CsvForm) => columnsOf(report, { written, known }, form, input)
  const options = { country: countryOf(home), encoding: input.encoding }
  for await (const { cells, columns, problem: torn } of readCsv(open, understand, options)) {
    report.read++
    const row = torn === null ? readContactRow(cells, columns, home) : { problem: torn }
    const problem = 'problem' in row ? row.problem : duplicateOf(seen, row, report.read)
    if (problem !== null) refuse(report, cells, columns, problem)
    else rows.push(row as ContactRow)
    if (rows.length === BATCH) await write()
  }
  if (rows.length > 0) await write()
  return report
}

function duplicateOf(seen: SeenKeys, { key }: ContactRow, row: number): Sentence | null {
  const before = seen.add(key, row)
  return before === null ? null : rowProblem('contact-repeated', { row: before })
}

function refuse(report: ImportReport, cells: readonly string[], columns: ContactColumns, problem: Sentence): void {
  report.refused++
  if (report.refusedRows.length === MAX_REFUSED_ROWS) return
  const value = cells[columns.phone ?? columns.userId ?? 0] ?? ''
  report.refusedRows.push({
    row: report.read,
    value: value.slice(0, 100),
    problem: problem.text,
    problemKey: sentenceKey(problem),
  })
}

/** Finds the columns and notes in the report how the file is written. @throws ApiError 422 COLUMN_MISSING without phone numbers */
function columnsOf(report: ImportReport, header: ContactHeader, form: CsvForm, { phone, name }: ImportInput): ContactColumns {
  const { written } = header
  const columns = contactColumns(header, { ...(phone && { phone }), ...(name && { name }) })
  const all = written.slice(0, MOST_SHOWN_COLUMNS).map(column => scrub(column).trim().slice(0, 100))
  if (columns === null) {
    const shown = shownColumns(written)
    const detail = `No column holds phone numbers. The file has the columns: ${shown}`
    throw new ApiError(422, 'COLUMN_MISSING', detail, { extra: { columns: all }, parameters: { columns: shown } })
  }
  const named = (place: number) => shownColumns([written[place] ?? ''])
  report.file = {
    ...form,
    columns: all,
    phoneColumn: columns.phone === null ? null : named(columns.phone),
    nameColumns: columns.name.map(named),
  }
  return columns
}
