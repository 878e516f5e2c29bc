import { decodeParam } from './params.ts'
import type { Json } from './world/world.ts'

/** A file in a form, with the type that the client gave it. */
export class UploadedFile {
  readonly filename: string | null
  readonly mimeType: string
  readonly bytes: Buffer

  constructor(filename: string | null, mimeType: string, bytes: Buffer) {
    this.filename = filename
    this.mimeType = mimeType
    this.bytes = bytes
  }
}

const CRLF2 = Buffer.from('\r\n\r\n')

/**
 * Members of a multipart/form-data body. Accepts what clients do differently: names with and without quotes, `filename*`, a
 * missing last line break. Parts that cannot be read are left out.
 */
export function multipartParams(body: Buffer, contentType: string): Json {
  const boundary = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType)
  const params: Json = {}
  if (!boundary) return params
  const delimiter = Buffer.from(`--${boundary[1] ?? boundary[2]}`)
  let at = body.indexOf(delimiter)
  while (at >= 0) {
    const start = at + delimiter.length + 2
    const end = body.indexOf(delimiter, start)
    if (end < 0) break
    readPart(body.subarray(start, end - 2), params)
    at = end
  }
  return params
}

function readPart(part: Buffer, params: Json): void {
  const split = part.indexOf(CRLF2)
  if (split < 0) return
  const headers = part.subarray(0, split).toString('utf8')
  const content = part.subarray(split + 4)
  const disposition = /^content-disposition:(.*)$/im.exec(headers)?.[1] ?? ''
  const name = parameterOf(disposition, 'name')
  if (name === undefined) return
  const filename = parameterOf(disposition, 'filename')
  const type = /^content-type:\s*(.+)$/im.exec(headers)?.[1]?.trim()
  const isFile = filename !== undefined || (type !== undefined && !type.startsWith('text/plain'))
  params[name] = isFile
    ? new UploadedFile(filename ?? null, type ?? 'application/octet-stream', Buffer.from(content))
    : decodeParam(content.toString('utf8'))
}

function parameterOf(disposition: string, name: string): string | undefined {
  const plain = new RegExp(`(?:^|[;\\s])${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]+))`, 'i').exec(disposition)
  if (plain) return plain[1] ?? plain[2]
  const extended = new RegExp(`(?:^|[;\\s])${name}\\*=utf-8''([^;\\s]+)`, 'i').exec(disposition)?.[1]
  return extended === undefined ? undefined : decodeURIComponent(extended)
}
