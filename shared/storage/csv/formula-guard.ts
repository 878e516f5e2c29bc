/**
 * Spreadsheets run a cell that begins like a formula; behind an apostrophe it is shown as text. Every cell that looks guarded is
 * guarded once more, so that taking one guard off always gives the text as it was.
 */

const FORMULA = /^'*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/
const GUARDED = /^'+[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/

/** Text as a cell of a file that a spreadsheet may open. */
export const guarded = (text: string): string => (FORMULA.test(text) ? `'${text}` : text)

/** Text of a cell without its guard, be it ours or the formula `="0661000101"` by which other programs keep a zero in front. */
export const unguarded = (cell: string): string => (GUARDED.test(cell) ? cell.slice(1) : (/^="([^"]*)"$/.exec(cell)?.[1] ?? cell))

/** Options of csv-stringify for a file that a spreadsheet may open and that we may read again. */
export const CSV_OPTIONS = { header: true, bom: true, quoted_match: /^\s|[\r\n]|\s$/, cast: { string: guarded, boolean: String } }
