import { Readable } from 'node:stream'
import { stringify } from 'csv-stringify'
import { stringify as stringifyAll } from 'csv-stringify/sync'
import { z } from 'zod'
import { EXPORT_COLUMNS } from '#shared/domain/contacts/contact-columns.ts'
import { callerOf, route } from '#shared/http/route.ts'
import type { ContactDoc, Id } from '#shared/model/documents.ts'
import { CSV_OPTIONS } from '#shared/storage/csv/formula-guard.ts'
import { attributeNames, contactsAfter } from '#shared/store/contacts/contacts.ts'
import { asTenant } from '#shared/store/tenancy/tenancy.ts'
import { recordAudit } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { CSV_TYPES, flagText, SentenceKeyView } from '../schemas.ts'
import { type ImportReport, importContacts, MOST_ATTRIBUTES } from './import.ts'

function isEncoding(label: string): boolean {
  try {
    return Boolean(new TextDecoder(label))
  } catch {
    return false
  }
}

/** About 300,000 rows. */
const MOST_BYTES = 20_000_000
const count = z.number().int()
const column = z.string().trim().min(1).max(100).optional()
const Encoding = z.string().max(40).refine(isEncoding, 'Must be the name of an encoding, such as windows-1252')

const ImportView = z.object({
  dryRun: z.boolean(),
  read: count,
  created: count,
  updated: count,
  unchanged: count,
  refused: count,
  /** The first 10,000 refused rows; `row` counts from 1 without the header. */
  refusedRows: z.array(z.object({ row: count, value: z.string(), problem: z.string(), problemKey: SentenceKeyView })),
  /** How the file was read; null for one without a header. */
  file: z
    .object({
      encoding: z.string(),
      separator: z.string(),
      /** The first 200, of which `?phone=` and `?name=` may name others. */
      columns: z.array(z.string()),
      phoneColumn: z.string().nullable(),
      nameColumns: z.array(z.string()),
    })
    .nullable(),
})

const add = route({
  method: 'post',
  path: '/api/v1/contacts/import',
  action: 'contacts.import',
  tag: 'contacts',
  summary: 'Import contacts from a CSV with a header: phone or user id, name, opt-out; other columns become attributes',
  query: z.strictObject({
    dryRun: flagText.optional().describe('Report what the import would do and change nothing'),
    phone: column.describe('Column that holds the phone numbers'),
    name: column.describe('Column that holds the names'),
    encoding: Encoding.optional().describe('Encoding of the file, such as windows-1256; recognised by default'),
    report: z.enum(['json', 'csv']).default('json').describe('csv: only the refused rows, to be corrected and imported again'),
  }),
  upload: { types: CSV_TYPES, maxBytes: MOST_BYTES },
  returns: ImportView,
  produces: ['text/csv'],
  async handle(request, deps: GatewayDeps) {
    const caller = callerOf(request)
    if (request.upload === null) throw new Error('an upload route was called without a file')
    const { dryRun = false, phone, name, encoding, report: format } = request.query
    // Before the first row, because the rows are written in many transactions; the counts follow at the end.
    const object = { kind: 'tenant', id: caller.tenantId }
    if (!dryRun) await recordAudit(request, deps, { action: 'contacts.import', object })
    const report = await importContacts(
      deps,
      caller,
      request.upload,
      { phone, name, encoding, isDryRun: dryRun },
      request.traceparent,
    )
    if (!dryRun) await recordAudit(request, deps, { action: 'contacts.imported', object, changes: countsOf(report) })
    if (format === 'json') return { body: { dryRun, ...report } }
    const rows = report.refusedRows.map(({ problemKey: { key, parameters }, ...row }) => ({
      ...row,
      key,
      parameters: JSON.stringify(parameters),
    }))
    const body = stringifyAll(rows, { ...CSV_OPTIONS, columns: ['row', 'value', 'problem', 'key', 'parameters'] })
    const disposition = 'attachment; filename="refused-rows.csv"'
    return { body, headers: { 'content-type': 'text/csv; charset=utf-8', 'content-disposition': disposition } }
  },
})

const table = route({
  method: 'get',
  path: '/api/v1/contacts/export.csv',
  action: 'contacts.export',
  tag: 'contacts',
  summary: 'Export all contacts as a CSV that can be imported again',
  async handle(request, deps: GatewayDeps) {
    const { tenantId } = callerOf(request)
    const attributes = await attributeNames(deps.store, tenantId, MOST_ATTRIBUTES)
    await recordAudit(request, deps, { action: 'contacts.exportAll', object: { kind: 'tenant', id: tenantId } })
    const csv = stringify({
      ...CSV_OPTIONS,
      columns: [...EXPORT_COLUMNS, ...attributes].map((header, i) => ({ key: String(i), header })),
    })
    const page = (after: Id | null) => asTenant(tenantId, () => contactsAfter(deps.store, tenantId, after, PAGE))
    const stream = Readable.from(rowsOf(page, attributes))
      .on('error', error => csv.destroy(error))
      .pipe(csv)
    const disposition = 'attachment; filename="contacts.csv"'
    return { stream, headers: { 'content-type': 'text/csv; charset=utf-8', 'content-disposition': disposition } }
  },
})

export const importRoutes = [add, table]

const PAGE = 1000

async function* rowsOf(page: (after: Id | null) => Promise<ContactDoc[]>, attributes: string[]): AsyncGenerator<unknown[]> {
  for (let after: Id | null = null; ; ) {
    const contacts: ContactDoc[] = await page(after)
    for (const contact of contacts) {
      const own = attributes.map(name => contact.attributes?.[name] ?? '')
      const { userId, name, optOut } = contact
      yield [contact.waId ?? contact.phone ?? '', userId, name, optOut ? 'yes' : '', ...own]
    }
    const last = contacts.at(-1)
    if (last === undefined || contacts.length < PAGE) return
    after = last._id
  }
}

const countsOf = ({ refusedRows: _rows, file: _file, ...counts }: ImportReport) =>
  Object.fromEntries(Object.entries(counts).map(([name, after]) => [name, { before: null, after }]))
