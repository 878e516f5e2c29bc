import { Readable } from 'node:stream'
import { z } from 'zod'
import { countryOf } from '#shared/domain/contacts/phone-number.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { sentenceKey } from '#shared/domain/sentence.ts'
import { callerOf, route } from '#shared/http/route.ts'
import { type CsvForm, readCsv } from '#shared/storage/csv/csv-file.ts'
import { RefusedFile } from '#shared/storage/csv/refused-file.ts'
import { findPrimaryClient } from '#shared/store/numbers/clients.ts'
import type { GatewayDeps } from '../deps.ts'
import { CSV_TYPES } from '../schemas.ts'

/** The beginning of a file is enough: its header and a few rows. */
const MOST_BYTES = 256 * 1024
/** Byte of a line feed, in all encodings. */
const LINE_FEED = 0x0a
/** Rows that show what stands in a column. */
const SAMPLES = 3

const ColumnsView = z.object({
  columns: z.array(z.object({ name: z.string(), samples: z.array(z.string()).describe('Values of the first rows') })),
  encoding: z.string(),
  separator: z.string(),
})
type ColumnsView = z.infer<typeof ColumnsView>

/** Reads what columns a file has, so that a person can say what each of them is. Nothing is stored. */
export const columnsRoute = route({
  method: 'post',
  path: '/api/v1/campaigns/columns',
  action: 'campaigns.write',
  tag: 'campaigns',
  summary: 'Read the columns of an audience file from its first 256 KiB; nothing is stored',
  upload: { types: CSV_TYPES, maxBytes: MOST_BYTES },
  returns: ColumnsView,
  async handle(request, { store }: GatewayDeps) {
    if (request.upload === null) throw new Error('an upload route was called without a file')
    const home = (await findPrimaryClient(store, callerOf(request).tenantId))?.whatsappNumber ?? null
    const chunks: Buffer[] = []
    for await (const chunk of request.upload) chunks.push(chunk)
    try {
      return { body: await columnsOf(wholeRows(Buffer.concat(chunks)), countryOf(home)) }
    } catch (error) {
      if (error instanceof RefusedFile)
        throw new ApiError(422, error.code, error.message, { cause: error, detailKey: sentenceKey(error.sentence) })
      throw error
    }
  },
})

/** A beginning that ends within a letter would be taken for another encoding. UTF-16 has two bytes for a letter, and zeros among them. */
function wholeRows(content: Buffer): Buffer {
  const end = content.lastIndexOf(LINE_FEED)
  return content.length < MOST_BYTES || end < 0 ? content : content.subarray(0, content.includes(0) ? end - (end % 2) : end)
}

async function columnsOf(content: Buffer, country: string | null): Promise<ColumnsView> {
  let names: string[] = []
  let form: CsvForm = { encoding: '', separator: '' }
  const rows: string[][] = []
  const understand = (written: string[], found: CsvForm) => {
    names = written
    form = found
  }
  for await (const { cells, problem } of readCsv(async () => Readable.from([content]), understand, { country })) {
    if (problem === null) rows.push(cells)
    if (rows.length === SAMPLES) break
  }
  const columns = names.map((name, i) => ({ name, samples: rows.map(row => (row[i] ?? '').slice(0, 200)) }))
  return { columns: columns.filter(({ name }) => name !== ''), ...form }
}
