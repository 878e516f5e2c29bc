import { Readable } from 'node:stream'
import { stringify } from 'csv-stringify'
import { stringify as stringifyAll } from 'csv-stringify/sync'
import { z } from 'zod'
import { callerOf, route } from '#shared/http/route.ts'
import type { ContactDoc, Id } from '#shared/model/documents.ts'
import { attributeNames, contactsAfter } from '#shared/store/contacts/contacts.ts'
import { asTenant } from '#shared/store/tenancy/tenancy.ts'
import { recordAudit } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { flagText } from '../schemas.ts'
import { type ImportReport, importContacts } from './import.ts'

/** About 300,000 rows. */
const MOST_BYTES = 20_000_000
const count = z.number().int()
const column = z.string().trim().min(1).max(100).optional()

const ImportView = z.object({
  dryRun: z.boolean(),
  read: count,
  created: count,
  updated: count,
  unchanged: count,
  refused: count,
  /** The first 10,000 refused rows; `row` counts from 1 without the header. */
  refusedRows: z.array(z.object({ row: count, value: z.string(), problem: z.string() })),
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
    report: z.enum(['json', 'csv']).default('json').describe('csv: only the refused rows, to be corrected and imported again'),
  }),
  upload: { types: ['text/csv', 'application/csv', 'text/plain'], maxBytes: MOST_BYTES },
  returns: ImportView,
  async handle(request, deps: GatewayDeps) {
    const caller = callerOf(request)
    if (request.upload === null) throw new Error('an upload route was called without a file')
    const { dryRun = false, phone, name, report: format } = request.query
    // Before the first row, because the rows are written in many transactions; the counts follow at the end.
    const object = { kind: 'tenant', id: caller.tenantId }
    if (!dryRun) await recordAudit(request, deps, { action: 'contacts.import', object })
    const report = await importContacts(deps, caller, request.upload, { phone, name, isDryRun: dryRun }, request.traceparent)
    if (!dryRun) await recordAudit(request, deps, { action: 'contacts.imported', object, changes: countsOf(report) })
    if (format === 'json') return { body: { dryRun, ...report } }
    const body = stringifyAll(report.refusedRows, {
      header: true,
      columns: ['row', 'value', 'problem'],
      escape_formulas: true,
      bom: true,
    })
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
    // Spreadsheets run a cell that begins like a formula; an escaped one is shown as text.
    const csv = stringify({ header: true, columns: [...COLUMNS, ...attributes], escape_formulas: true, bom: true })
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
const MOST_ATTRIBUTES = 200
const COLUMNS = ['phone', 'user_id', 'name', 'opt_out'] as const

async function* rowsOf(
  page: (after: Id | null) => Promise<ContactDoc[]>,
  attributes: string[],
): AsyncGenerator<Record<string, unknown>> {
  for (let after: Id | null = null; ; ) {
    const contacts: ContactDoc[] = await page(after)
    for (const contact of contacts) {
      const own = Object.fromEntries(attributes.map(name => [name, contact.attributes?.[name] ?? '']))
      const { userId, name, optOut } = contact
      yield { ...own, phone: contact.waId ?? contact.phone ?? '', user_id: userId, name, opt_out: optOut ? 'yes' : '' }
    }
    const last = contacts.at(-1)
    if (last === undefined || contacts.length < PAGE) return
    after = last._id
  }
}

const countsOf = ({ refusedRows: _rows, ...counts }: ImportReport) =>
  Object.fromEntries(Object.entries(counts).map(([name, after]) => [name, { before: null, after }]))
