import { parse } from 'csv-parse/sync'
import { rowProblem } from '../../domain/row-problems.ts'
import type { Sentence } from '../../domain/sentence.ts'

/** Rows of a CSV text, one by one: a row that cannot be read is one bad row, and those behind it are read as ever. */

/** A row: its cells, or why it cannot be read. */
export type CsvRecord = { cells: string[]; problem: null } | { cells: string[]; problem: Sentence }

/** Separators of cells that programs use. `sep=` in the first line may name any other. */
const SEPARATORS = [',', ';', '\t', '|'] as const
const MOST_LENGTH = 64 * 1024
/** A longer line is cut, so that a file without line ends needs no more memory. */
const MOST_LINE = 1024 * 1024
/** Lines that the separator is found by. */
const LINES_LOOKED_AT = 20
const BATCH = 200

const TOO_LONG = rowProblem('row-too-long', { most: MOST_LENGTH / 1024 })
const QUOTES = rowProblem('row-quotes')

/** @returns the separator of the file and its records, the header first; lines without any text are left out */
export async function openRecords(
  text: AsyncIterable<string>,
): Promise<{ separator: string; records: AsyncIterable<CsvRecord> }> {
  const lines = new Lines(text)
  const named = /^"?sep=(.)"?\s*$/i.exec((await lines.peek(1))[0] ?? '')?.[1]
  if (named !== undefined) await lines.next()
  const separator = named ?? separatorOf(await lines.peek(LINES_LOOKED_AT))
  return { separator, records: recordsOf(lines, separator) }
}

/** Lines of a text with their ends, in any of the three forms, with a place to put lines back. */
class Lines {
  readonly #chunks: AsyncIterator<string>
  #waiting: string[] = []
  /** How many of those that wait are taken already. */
  #taken = 0
  #rest = ''
  #isOver = false

  constructor(text: AsyncIterable<string>) {
    this.#chunks = text[Symbol.asyncIterator]()
  }

  /** The next line; null at the end. */
  async next(): Promise<string | null> {
    while (this.#waiting.length === this.#taken && !this.#isOver) await this.#read()
    return this.#waiting[this.#taken++] ?? null
  }

  async peek(count: number): Promise<string[]> {
    while (this.#waiting.length - this.#taken < count && !this.#isOver) await this.#read()
    return this.#waiting.slice(this.#taken, this.#taken + count)
  }

  putBack(lines: string[]): void {
    this.#waiting = [...lines, ...this.#waiting.slice(this.#taken)]
    this.#taken = 0
  }

  async #read(): Promise<void> {
    const { value, done } = await this.#chunks.next()
    this.#isOver = done === true
    const text = this.#rest + (value ?? '')
    // A line feed may follow a carriage return at the end of a chunk.
    const end = this.#isOver ? text.length : text.length - (text.endsWith('\r') ? 1 : 0)
    const lines = text.slice(0, end).match(/[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$/g) ?? []
    const last = lines.at(-1)
    const isOpen = !this.#isOver && last !== undefined && last.length < MOST_LINE && !/[\r\n]$/.test(last)
    this.#rest = (isOpen ? lines.pop() : '') + text.slice(end)
    this.#waiting = [...this.#waiting.slice(this.#taken), ...lines]
    this.#taken = 0
  }
}

/** Separator that parts the lines evenly; of several that which makes the most columns. */
export function separatorOf(lines: readonly string[]): string {
  const plain = lines
    .join('')
    .replace(/"(?:[^"]|"")*"/g, '')
    .split(/\r\n|\r|\n/)
    .filter(line => line.trim() !== '')
  const counted = SEPARATORS.map(separator => {
    const columns = plain.map(line => line.split(separator).length)
    const [header = 1] = columns
    const even = header === 1 ? 0 : columns.filter(count => count === header).length / columns.length
    return { separator, header, even }
  })
  return counted.reduce((best, one) =>
    one.even > best.even || (one.even === best.even && one.header > best.header) ? one : best,
  ).separator
}

async function* recordsOf(lines: Lines, separator: string): AsyncGenerator<CsvRecord> {
  const columns = { count: 1 }
  let isHeader = true
  let batch: string[] = []
  for (let line = await lines.next(); line !== null; line = await lines.next()) {
    if (line.trim() === '') continue
    const { text, others } = await wholeRecord(lines, line)
    const isPlain = text !== null && others.length === 0 && !isHeader
    if (isPlain) batch.push(text)
    if (batch.length > 0 && (!isPlain || batch.length === BATCH)) {
      yield* parseBatch(batch, separator)
      batch = []
    }
    if (isPlain) continue
    const record = text === null ? null : parseOne(text, separator)
    const isTorn = others.some(other => looksLikeRow(other, separator, columns.count))
    if (record?.problem === null && !isTorn) yield* notEmpty(record)
    else {
      lines.putBack(others)
      yield parseOne(line, separator)
    }
    if (isHeader) columns.count = record?.cells.length ?? 1
    isHeader = false
  }
  yield* parseBatch(batch, separator)
}

/** A line with those that follow until its quotes are closed. Text is null when they never are; `others` are the lines behind it. */
async function wholeRecord(lines: Lines, line: string): Promise<{ text: string | null; others: string[] }> {
  const others: string[] = []
  let text = line
  let isOpen = hasOpenQuote(line)
  while (isOpen && text.length <= MOST_LENGTH) {
    const next = await lines.next()
    if (next === null) break
    others.push(next)
    text += next
    isOpen = hasOpenQuote(next) !== isOpen
  }
  return { text: isOpen ? null : text, others }
}

const hasOpenQuote = (text: string) => (text.split('"').length - 1) % 2 === 1

/** Whether a line within quotes is rather a row of its own: as many cells as the header has, and a number long enough to be called. */
const looksLikeRow = (line: string, separator: string, columns: number) =>
  columns > 1 && line.split(separator).length === columns && /\d{8}/.test(line.replace(/[ ().-]/g, ''))

function* parseBatch(batch: readonly string[], separator: string): Generator<CsvRecord> {
  const all = batch.length > 0 && batch.every(text => text.length <= MOST_LENGTH) ? parsed(batch.join(''), separator) : null
  if (all?.length === batch.length) for (const cells of all) yield* notEmpty({ cells, problem: null })
  else for (const text of batch) yield* notEmpty(parseOne(text, separator))
}

/** A row of separators alone is an empty row of a spreadsheet. */
const notEmpty = (record: CsvRecord): CsvRecord[] =>
  record.problem === null && record.cells.every(cell => cell === '') ? [] : [record]

function parseOne(text: string, separator: string): CsvRecord {
  if (text.length > MOST_LENGTH) return { ...bad(text, separator), problem: TOO_LONG }
  const rows = parsed(text, separator) ?? withInnerQuotes(text, separator)
  return rows?.length === 1 ? { cells: rows[0] as string[], problem: null } : bad(text, separator)
}

/** A quotation mark in the middle of a cell may be meant: `12" pipe`. One at its beginning encloses it. */
function withInnerQuotes(text: string, separator: string): string[][] | null {
  const rows = parsed(text, separator, { relax_quotes: true })
  return rows?.flat().some(cell => cell.startsWith('"')) ? null : rows
}

const bad = (text: string, separator: string): CsvRecord => ({
  cells: text.slice(0, 500).trimEnd().split(separator),
  problem: QUOTES,
})

function parsed(text: string, delimiter: string, options: { relax_quotes?: boolean } = {}): string[][] | null {
  try {
    return parse(text, { delimiter, record_delimiter: ['\r\n', '\n', '\r'], relax_column_count: true, trim: true, ...options })
  } catch {
    return null
  }
}
