import { pipeline, Readable } from 'node:stream'
import { type CsvError, parse } from 'csv-parse'
import { scrub } from '../process/scrub.ts'

/** Row of a CSV file: cells by the lower-case names of their columns. */
export interface CsvRow<Columns> {
  record: Record<string, string>
  columns: Columns
}

/**
 * Rows of a CSV file with the columns that `understand` derives from its header (names in lower case, and as written). It may
 * throw when a column is missing. @param from first row to return, from 1. @throws CsvError of csv-parse
 */
export async function* readCsv<Columns>(
  file: Readable,
  understand: (names: string[], written: string[]) => Columns,
  from = 1,
): AsyncGenerator<CsvRow<Columns>> {
  let columns!: Columns
  const csv = await openCsv(file)
  const parser = parse({
    columns(written: string[]) {
      const names = written.map(name => name.trim().toLowerCase())
      columns = understand(names, written)
      return names
    },
    bom: true,
    delimiter: csv.delimiter,
    relax_column_count: true,
    skip_empty_lines: true,
    trim: true,
    max_record_size: 64 * 1024,
    from,
  })
  // An error of either stream is raised by the parser.
  pipeline(csv.file, parser, () => undefined)
  for await (const record of parser) yield { record, columns }
}

/** Why a file is no CSV, and where, for its owner: the parser's own message quotes cells. */
export const csvProblem = ({ code, lines }: CsvError): string =>
  `The file is not valid CSV: ${code}${typeof lines === 'number' ? ` in line ${lines}` : ''}.`

/** Names of columns as an error shows them. Without a header the first row stands for it, with a person's number. */
export const shownColumns = (written: readonly string[]): string =>
  written
    .map(name => scrub(name).slice(0, 40))
    .join(', ')
    .slice(0, 400)

/** Unchanged CSV stream with its delimiter, by its first line, because other delimiters may occur unquoted in later cells. */
async function openCsv(file: Readable): Promise<{ file: Readable; delimiter: string }> {
  const chunks: AsyncIterator<Buffer> = file[Symbol.asyncIterator]()
  const first = await chunks.next()
  if (first.done) return { file: Readable.from([]), delimiter: ',' }
  async function* whole(): AsyncGenerator<Buffer> {
    yield first.value
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value
  }
  return { file: Readable.from(whole()), delimiter: delimiterOf(first.value.toString('utf8')) }
}

const DELIMITERS = [',', ';', '\t'] as const

/** Delimiter of a CSV file: comma, semicolon or tab, whichever its first line contains most often outside quoted cells. */
export function delimiterOf(head: string): (typeof DELIMITERS)[number] {
  const [line = ''] = head.replace(/"[^"]*"?/g, '').split(/\r?\n/, 1)
  const count = (delimiter: string) => line.split(delimiter).length
  return DELIMITERS.reduce((best, one) => (count(one) > count(best) ? one : best))
}
