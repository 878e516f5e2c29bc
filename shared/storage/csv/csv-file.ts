import type { Readable } from 'node:stream'
import { rowProblem } from '../../domain/row-problems.ts'
import type { Sentence } from '../../domain/sentence.ts'
import { scrub } from '../../process/scrub.ts'
import { decode, findEncoding } from './encoding.ts'
import { unguarded } from './formula-guard.ts'
import { openRecords } from './records.ts'

/** Row of a CSV file. */
export interface CsvRow<Columns> {
  /** Cells in the order of the columns; there may be fewer or more of them. */
  cells: string[]
  columns: Columns
  /** Why the row cannot be read; null for a good one. */
  problem: Sentence | null
}

/** How a file turned out to be written. */
export interface CsvForm {
  encoding: string
  separator: string
}

export interface CsvOptions {
  /** ISO 3166 alpha-2 of the business: its programs write files in the encoding of the country where they do not write Unicode. */
  country?: string | null
  /** Encoding that the caller names. */
  encoding?: string | undefined
  /** First row to return, from 1; default 1. */
  from?: number
}

/**
 * Rows of a CSV file with the columns that `understand` derives from its header, the names as written. It may throw when a column is
 * missing. A row that cannot be read comes with its problem, and those behind it are read.
 * @param open opens the file from its beginning; it is read twice, so that a file is refused before its first row is returned
 * @throws RefusedFile
 */
export async function* readCsv<Columns>(
  open: () => Promise<Readable>,
  understand: (written: string[], form: CsvForm) => Columns,
  { country = null, encoding: named, from = 1 }: CsvOptions = {},
): AsyncGenerator<CsvRow<Columns>> {
  const encoding = await findEncoding(await open(), country, named)
  const file = await open()
  try {
    const { separator, records } = await openRecords(decode(file, encoding))
    let columns!: Columns
    let row = -1
    for await (const { cells: written, problem } of records) {
      row++
      const cells = written.map(unguarded)
      if (row === 0) columns = understand(cells, { encoding, separator })
      else if (row >= from) yield { cells, columns, problem: problem ?? (isUnreadable(written, encoding) ? UNREADABLE : null) }
    }
  } finally {
    file.destroy()
  }
}

const UNREADABLE = rowProblem('row-unreadable')

/** What a code page does not have comes out as U+FFFD. In Unicode that is a character of the file. */
const isUnreadable = (cells: readonly string[], encoding: string) =>
  !encoding.startsWith('utf-') && cells.some(cell => cell.includes('\ufffd'))

/** Names of columns as an error shows them. Without a header the first row stands for it, with a person's number. */
export const shownColumns = (written: readonly string[]): string =>
  written
    .map(name => scrub(name).slice(0, 40))
    .join(', ')
    .slice(0, 400)
