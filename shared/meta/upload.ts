import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'

/** A file that is handed to Meta. */
export interface UploadFile {
  mimeType: string
  filename: string
  size: number
  content: Readable
}

/** A body that streams, of known length: Meta wants it told. */
export interface StreamedBody {
  contentType: string
  length: number
  stream: Readable
}

/** Slow enough lines are given up: 200 kB a second, and a while to begin. */
export const uploadTimeoutMs = ({ size }: Pick<UploadFile, 'size'>) => 30_000 + Math.ceil(size / 200)

/** The form of `POST /{phone}/media`, with the file between its ends as it streams. */
export function uploadForm({ mimeType, filename, size, content }: UploadFile): StreamedBody {
  const boundary = `linko-${randomUUID()}`
  const field = (name: string, value: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  const disposition = `form-data; name="file"; filename="${plainName(filename)}"`
  const head = Buffer.from(
    `${field('messaging_product', 'whatsapp')}${field('type', mimeType)}--${boundary}\r\nContent-Disposition: ${disposition}\r\nContent-Type: ${mimeType}\r\n\r\n`,
  )
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`)
  async function* whole() {
    yield head
    yield* content
    yield tail
  }
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    length: head.length + size + tail.length,
    stream: Readable.from(whole(), { objectMode: false }),
  }
}

/** The bytes alone, as a resumable upload takes them. */
export const sampleBody = ({ size, content }: UploadFile): StreamedBody => ({
  contentType: 'application/octet-stream',
  length: size,
  stream: content,
})

/** Meta wants another word before the token here. */
export const sampleHeaders = (token: string) => ({ authorization: `OAuth ${token}`, file_offset: '0' })

/** The path of an upload, `upload:…` with a query of its own; null for an id that names none. */
export const uploadPath = (id: unknown): string | null =>
  typeof id === 'string' && /^upload:[\w=+/.:-]+(\?[\w=&%.-]*)?$/.test(id) && !id.includes('..') ? id : null

/** Customers see the name that the message gives, not this one. */
const plainName = (filename: string) => filename.replace(/[^\w .-]/g, '_').slice(-100) || 'file'
