import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'

/** File to upload to Meta. */
export interface UploadFile {
  mimeType: string
  filename: string
  size: number
  content: Readable
}

/** Streamed body of known length, which Meta requires. */
export interface StreamedBody {
  contentType: string
  length: number
  stream: Readable
}

/** Timeout of an upload: 30 s, and the time at 200 kB a second. */
export const uploadTimeoutMs = ({ size }: Pick<UploadFile, 'size'>) => 30_000 + Math.ceil(size / 200)

/** Form of `POST /{phone}/media` with the file streamed in it. */
export function uploadForm({ mimeType, filename, size, content }: UploadFile): StreamedBody {
  const boundary = `linko-${randomUUID()}`
  const field = (name: string, value: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  const disposition = `form-data; name="file"; filename="${uploadName(filename, mimeType)}"`
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

/** Body of a resumable upload: the bytes alone. */
export const sampleBody = ({ size, content }: UploadFile): StreamedBody => ({
  contentType: 'application/octet-stream',
  length: size,
  stream: content,
})

/** Headers of a resumable upload, where Meta requires `OAuth` before the token. */
export const sampleHeaders = (token: string) => ({ authorization: `OAuth ${token}`, file_offset: '0' })

/** Path of an upload, `upload:…` with a query of its own; null for an invalid id. */
export const uploadPath = (id: unknown): string | null =>
  typeof id === 'string' && /^upload:[\w=+/.:-]+(\?[\w=&%.-]*)?$/.test(id) && !id.includes('..') ? id : null

/** Endings that Meta takes for a type; it has been seen to go by them rather than by the type. */
const ENDINGS: Readonly<Record<string, readonly string[]>> = {
  'audio/aac': ['aac'],
  'audio/amr': ['amr'],
  'audio/mpeg': ['mp3'],
  'audio/mp4': ['m4a', 'mp4'],
  'audio/ogg': ['ogg'],
  'image/jpeg': ['jpg', 'jpeg'],
  'image/png': ['png'],
  'image/webp': ['webp'],
  'video/mp4': ['mp4'],
  'video/3gpp': ['3gp', '3gpp'],
  'application/pdf': ['pdf'],
}

/** Plain file name with an ending of its type: a voice note that is called `.opus` is uploaded as `.ogg`. */
export function uploadName(filename: string, mimeType: string): string {
  const name = plainName(filename)
  const endings = ENDINGS[mimeType] ?? []
  const ending = /\.(\w+)$/.exec(name)?.[1]?.toLowerCase() ?? ''
  return endings.length === 0 || endings.includes(ending) ? name : `${name}.${endings[0]}`
}

/** File name in plain characters. Recipients see the name in the message, not this one. */
const plainName = (filename: string) => filename.replace(/[^\w .-]/g, '_').slice(-100) || 'file'
