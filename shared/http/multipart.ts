import { Readable } from 'node:stream'
import { ApiError } from '../domain/errors.ts'

export interface FormFile {
  filename: string | null
  mimeType: string | null
  /** Stream of the file. Read it to its end; the rest of the form is read with it and ignored. */
  content: Readable
}

const MOST_HEADER_BYTES = 8192
const HEADERS_END = Buffer.from('\r\n\r\n')

/**
 * The first file of a multipart/form-data body, streamed; members before it are skipped.
 * @throws ApiError 400 for an invalid or truncated form, 422 for one without a file
 */
export async function fileOfForm(form: Readable, contentType: string): Promise<FormFile> {
  const delimiter = Buffer.from(`\r\n--${boundaryOf(contentType)}`)
  const chunks = form[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  // The first delimiter is not preceded by a line break.
  let buffered = Buffer.from('\r\n')

  async function readMore(): Promise<void> {
    const { done, value } = await chunks.next()
    if (done) throw broken('is truncated')
    buffered = Buffer.concat([buffered, value])
  }

  async function skipTo(mark: Buffer): Promise<void> {
    for (let at = buffered.indexOf(mark); ; at = buffered.indexOf(mark)) {
      if (at >= 0) {
        buffered = buffered.subarray(at + mark.length)
        return
      }
      buffered = buffered.subarray(Math.max(0, buffered.length - mark.length + 1))
      await readMore()
    }
  }

  async function readHeaders(): Promise<string> {
    for (let end = buffered.indexOf(HEADERS_END); ; end = buffered.indexOf(HEADERS_END)) {
      if (buffered.length >= 2 && buffered.toString('latin1', 0, 2) === '--') throw noFile()
      if (end > MOST_HEADER_BYTES || (end < 0 && buffered.length > MOST_HEADER_BYTES))
        throw broken('has headers that are too long')
      if (end < 0) {
        await readMore()
        continue
      }
      const headers = buffered.toString('utf8', 0, end)
      buffered = buffered.subarray(end + HEADERS_END.length)
      return headers
    }
  }

  async function* contentOfPart(): AsyncGenerator<Buffer> {
    for (let end = buffered.indexOf(delimiter); end < 0; end = buffered.indexOf(delimiter)) {
      const safe = buffered.length - delimiter.length + 1
      if (safe > 0) {
        yield buffered.subarray(0, safe)
        buffered = buffered.subarray(safe)
      }
      await readMore()
    }
    const end = buffered.indexOf(delimiter)
    if (end > 0) yield buffered.subarray(0, end)
    while (!(await chunks.next()).done);
  }

  for (;;) {
    await skipTo(delimiter)
    const headers = await readHeaders()
    const filename = filenameOf(headers)
    if (filename === undefined) continue
    const mimeType = /^content-type:\s*(.+)$/im.exec(headers)?.[1]?.trim() ?? null
    return { filename: filename || null, mimeType, content: Readable.from(contentOfPart(), { objectMode: false }) }
  }
}

/** File name in the headers of a part; undefined: the part is not a file. */
function filenameOf(headers: string): string | undefined {
  const disposition = /^content-disposition:(.*)$/im.exec(headers)?.[1] ?? ''
  const extended = /;\s*filename\*=utf-8''([^;\s]+)/i.exec(disposition)?.[1]
  if (extended !== undefined) return safeDecode(extended)
  const plain = /;\s*filename=(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/i.exec(disposition)
  return plain === null ? undefined : (plain[1] ?? plain[2] ?? '').replace(/%22|\\"/g, '"')
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function boundaryOf(contentType: string): string {
  const match = /boundary=(?:"([^"]{1,70})"|([^;\s]{1,70}))/i.exec(contentType)
  if (match === null) throw broken('names no boundary')
  return (match[1] ?? match[2]) as string
}

const broken = (what: string) => new ApiError(400, 'FORM_INVALID', `The form ${what}.`)
const noFile = () => new ApiError(422, 'MEDIA_MISSING', 'The form contains no file.')
