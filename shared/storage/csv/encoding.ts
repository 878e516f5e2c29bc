import type { Readable } from 'node:stream'
import { TextDecoder } from 'node:util'
import chardet from 'chardet'
import { fileTypeFromBuffer } from 'file-type'
import { isPlausible } from './plausible-text.ts'
import { type FileProblemKey, fileProblem, RefusedFile } from './refused-file.ts'

/** Bytes of lines with other than ASCII characters that an encoding is recognised by. */
const SAMPLE_BYTES = 64 * 1024
const HEAD_BYTES = 4100

/**
 * Encoding that the programs of a country save CSV files in when they do not save Unicode: Windows' code page for it. All others
 * use windows-1252.
 */
const CODE_PAGES: readonly (readonly [string, string])[] = [
  ['windows-1256', 'AE BH DZ EG EH IQ JO KW LB LY MA MR OM QA SA SD SY TN YE IR PK AF'],
  ['windows-1250', 'AL BA CZ HR HU ME PL RO SI SK'],
  ['windows-1251', 'BG BY KG KZ MK MN RS RU TJ UA'],
  ['windows-1253', 'CY GR'],
  ['windows-1254', 'AZ TR'],
  ['windows-1255', 'IL'],
  ['windows-1257', 'EE LT LV'],
  ['windows-1258', 'VN'],
  ['windows-874', 'TH'],
  ['shift_jis', 'JP'],
  ['gb18030', 'CN'],
  ['big5', 'HK MO TW'],
  ['euc-kr', 'KR'],
]
/** Encodings that are tried whatever a statistic says: of Excel in Europe, Arabic countries and on old Macs. */
const USUAL = ['windows-1252', 'windows-1256', 'macintosh']

/** Points by which a reading must be likelier than the next different one; `chardet` answers from 0 to 100. */
const MARGIN = 10
const POINTS_OF_COUNTRY = 60
const POINTS_OF_WESTERN = 30

/**
 * Finds out how a file is encoded. It reads the whole file: what looks like UTF-8 at its beginning may be something else at its end.
 * @param country ISO 3166 alpha-2 of the business, whose programs most likely wrote the file
 * @param named encoding that the caller names
 * @returns a label of the WHATWG Encoding Standard, such as `utf-8` or `windows-1256`
 * @throws RefusedFile for a file that is no text, or one that could be read in two ways
 */
export async function findEncoding(file: Readable, country: string | null, named?: string): Promise<string> {
  const { head, sample, wide, isWide, isUtf8, isText } = await look(file)
  const marked = markedEncoding(head)
  if (marked === 'utf-32') throw unknownEncoding('encoding-utf-32')
  if (wide !== null && !isWide) throw unknownEncoding('encoding-damaged', { encoding: wide.toUpperCase() })
  if (wide !== null) return wide
  if (!isText) throw await noText(head)
  if (named !== undefined) return namedEncoding(named, sample, isUtf8)
  if (isUtf8) return 'utf-8'
  if (marked === 'utf-8' || isDamagedUtf8(sample)) throw unknownEncoding('encoding-damaged', { encoding: 'UTF-8' })
  return await guess(sample, head, country)
}

interface Look {
  head: Buffer
  /** Lines with other characters than ASCII. */
  sample: Buffer
  /** UTF-16, if the beginning says so, and whether all of the file is that. */
  wide: string | null
  isWide: boolean
  isUtf8: boolean
  /** Whether it has no NUL. */
  isText: boolean
}

async function look(file: Readable): Promise<Look> {
  const utf8 = new TextDecoder('utf-8', { fatal: true })
  const [heads, samples]: [Buffer[], Buffer[]] = [[], []]
  let [headBytes, sampleBytes, isUtf8, isText, isWide] = [0, 0, true, true, true]
  let [rest, wide]: [Buffer, TextDecoder | null] = [Buffer.alloc(0), null]
  for await (const chunk of withWholeHead(file)) {
    if (headBytes === 0) wide = wideDecoder(chunk.subarray(0, HEAD_BYTES))
    if (headBytes < HEAD_BYTES) heads.push(chunk.subarray(0, HEAD_BYTES - headBytes))
    headBytes += chunk.length
    isText &&= !chunk.includes(0)
    isUtf8 &&= decodes(utf8, chunk)
    isWide &&= wide === null || decodes(wide, chunk)
    const lines = sampleBytes < SAMPLE_BYTES ? linesOf(Buffer.concat([rest, chunk])) : []
    rest = lines.pop() ?? rest
    for (const line of lines.filter(isBeyondAscii)) sampleBytes += samples.push(line) && line.length
  }
  if (isBeyondAscii(rest)) samples.push(rest)
  isUtf8 &&= decodes(utf8)
  isWide &&= wide === null || decodes(wide)
  const sample = Buffer.concat(samples).subarray(0, SAMPLE_BYTES)
  return { head: Buffer.concat(heads), sample, wide: wide?.encoding ?? null, isWide, isUtf8, isText }
}

/** Chunks of a file, the first of them long enough to see what it is. */
async function* withWholeHead(file: Readable): AsyncGenerator<Buffer> {
  let head: Buffer | null = Buffer.alloc(0)
  for await (const chunk of file as AsyncIterable<Buffer>) {
    if (head === null) yield chunk
    else head = Buffer.concat([head, chunk])
    if (head !== null && head.length >= HEAD_BYTES) {
      yield head
      head = null
    }
  }
  if (head !== null && head.length > 0) yield head
}

function wideDecoder(head: Buffer): TextDecoder | null {
  const encoding = markedEncoding(head) ?? unmarkedUtf16(head)
  return encoding?.startsWith('utf-16') ? new TextDecoder(encoding, { fatal: true }) : null
}

const isBeyondAscii = (line: Buffer) => line.some(byte => byte >= 0x80)

function decodes(decoder: TextDecoder, chunk?: Buffer): boolean {
  try {
    decoder.decode(chunk, { stream: chunk !== undefined })
    return true
  } catch {
    return false
  }
}

function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = []
  for (let start = 0; start < bytes.length; start += lines.at(-1)?.length ?? 1)
    lines.push(bytes.subarray(start, endOfLine(bytes, start)))
  return lines
}

function endOfLine(chunk: Buffer, start: number): number {
  const end = chunk.subarray(start, start + 4096).findIndex(byte => byte === 0x0a || byte === 0x0d)
  return end < 0 ? Math.min(chunk.length, start + 4096) : start + end + 1
}

function markedEncoding(head: Buffer): string | null {
  const starts = (...bytes: number[]) => head.subarray(0, bytes.length).equals(Buffer.from(bytes))
  if (starts(0xff, 0xfe, 0, 0) || starts(0, 0, 0xfe, 0xff)) return 'utf-32'
  if (starts(0xff, 0xfe)) return 'utf-16le'
  if (starts(0xfe, 0xff)) return 'utf-16be'
  return starts(0xef, 0xbb, 0xbf) ? 'utf-8' : null
}

/** UTF-16 without a mark: digits, separators and line ends have a zero in the same half of their two bytes. */
function unmarkedUtf16(head: Buffer): string | null {
  const zeros = (half: 0 | 1) => head.filter((byte, i) => i % 2 === half && byte === 0).length / (head.length / 2)
  const [even, odd] = [zeros(0), zeros(1)]
  if (Math.max(even, odd) < 0.2 || Math.min(even, odd) > 0) return null
  const encoding = odd > 0 ? 'utf-16le' : 'utf-16be'
  const text = decodedOrNull(head.subarray(0, head.length - (head.length % 2)), encoding)
  return text !== null && isPlausible(text) ? encoding : null
}

function namedEncoding(named: string, sample: Buffer, isUtf8: boolean): string {
  const text = decodedOrNull(sample, named)
  if (text === null || (isUtf8Label(named) && !isUtf8)) throw unknownEncoding('encoding-other', { encoding: named })
  return named
}

const isUtf8Label = (label: string) => new TextDecoder(label).encoding === 'utf-8'

/** Whether nearly all characters beyond ASCII are those of UTF-8: another encoding has next to none that look so. */
function isDamagedUtf8(sample: Buffer): boolean {
  const text = new TextDecoder('utf-8').decode(sample)
  const beyond = text.match(/[^\0-\x7f]/gu)?.length ?? 0
  return beyond > 0 && (text.match(/\ufffd/g)?.length ?? 0) < beyond / 4
}

/** @throws RefusedFile when none of the encodings gives a text, or two give different ones */
async function guess(sample: Buffer, head: Buffer, country: string | null): Promise<string> {
  const home =
    CODE_PAGES.find(([, countries]) => country !== null && countries.split(' ').includes(country))?.[0] ?? 'windows-1252'
  const points = new Map<string, number>([...USUAL, home].map(name => [name, 0]))
  points.set('windows-1252', POINTS_OF_WESTERN)
  if (home !== 'windows-1252') points.set(home, POINTS_OF_COUNTRY)
  for (const { name, confidence } of chardet.analyse(sample)) {
    const label = labelOf(name)
    if (label !== null && confidence >= MARGIN) points.set(label, (points.get(label) ?? 0) + confidence)
  }
  // Encodings that give the same text are one reading.
  const readings = new Map<string, { encoding: string; points: number }>()
  for (const [encoding, own] of [...points].toSorted((a, b) => b[1] - a[1])) {
    const text = decodedOrNull(sample, encoding)
    if (text === null || !isPlausible(text)) continue
    const same = readings.get(text)
    readings.set(text, { encoding: same?.encoding ?? encoding, points: own + (same?.points ?? 0) })
  }
  const [best, next] = [...readings.values()].toSorted((a, b) => b.points - a.points)
  if (best === undefined) throw (await isBinary(head)) ? await noText(head) : unknownEncoding('encoding-unknown')
  if (next !== undefined && best.points - next.points < MARGIN)
    throw unknownEncoding('encoding-ambiguous', { first: best.encoding, second: next.encoding })
  return best.encoding
}

function labelOf(name: string): string | null {
  try {
    const { encoding } = new TextDecoder(name)
    return encoding.startsWith('utf-') ? null : encoding
  } catch {
    return null
  }
}

function decodedOrNull(bytes: Buffer, encoding: string): string | null {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes, { stream: true })
  } catch {
    return null
  }
}

const unknownEncoding = (...why: Parameters<typeof fileProblem>) => new RefusedFile('ENCODING_UNKNOWN', fileProblem(...why))

const isBinary = async (head: Buffer) => (await fileTypeFromBuffer(head)) !== undefined

const KINDS: Readonly<Record<string, FileProblemKey>> = {
  'application/zip': 'file-zip',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'file-xlsx',
  'application/vnd.oasis.opendocument.spreadsheet': 'file-ods',
  'application/x-cfb': 'file-xls',
  'application/pdf': 'file-pdf',
}

async function noText(head: Buffer): Promise<RefusedFile> {
  const found = (await fileTypeFromBuffer(head))?.mime
  const why = found === undefined ? fileProblem('file-no-text') : fileProblem(KINDS[found] ?? 'file-other', { type: found })
  return new RefusedFile('CSV_INVALID', why)
}

/** Text of a file, without its byte order mark. */
export async function* decode(file: Readable, encoding: string): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding)
  for await (const chunk of file as AsyncIterable<Buffer>) yield decoder.decode(chunk, { stream: true })
  yield decoder.decode()
}
