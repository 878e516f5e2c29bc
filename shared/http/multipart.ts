import { PassThrough, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Busboy } from '@fastify/busboy'
import { ApiError } from '../domain/errors.ts'

export interface FormFile {
  filename: string | null
  mimeType: string | null
  /** Stream of the file. Read it to its end; the rest of the form is read with it and ignored. */
  content: Readable
}

/** Members before the file are read and thrown away; a form of thousands of them is an attack. */
const LIMITS = { files: 1, fields: 100, parts: 101, fieldSize: 64 * 1024, headerPairs: 50 }

/**
 * The first file of a multipart/form-data body, streamed; other members are skipped.
 * @throws ApiError 400 for an invalid or truncated form, from the stream as well; 422 for a form without a file
 */
export async function fileOfForm(form: Readable, contentType: string): Promise<FormFile> {
  const reader = readerFor(contentType)
  return await new Promise((resolve, reject) => {
    const content = new PassThrough()
    // Whoever reads it hears of an error as well; without a listener here, one that comes too early would end the process.
    content.on('error', () => undefined)
    const fail = (error: unknown) => {
      const refusal = error instanceof ApiError ? error : broken('is truncated or malformed')
      reject(refusal)
      content.destroy(refusal)
    }
    reader.on('file', (_field, stream, filename, _encoding, mimeType) => {
      stream.on('error', fail)
      stream.pipe(content)
      resolve({ filename: filename || null, mimeType: mimeType || null, content })
    })
    pipeline(form, reader).then(() => reject(noFile()), fail)
  })
}

function readerFor(contentType: string) {
  try {
    const isPartAFile = (_field: string | undefined, _type: string | undefined, filename: string | undefined) =>
      filename !== undefined
    return new Busboy({ headers: { 'content-type': contentType }, limits: LIMITS, isPartAFile })
  } catch {
    throw broken('names no boundary')
  }
}

const broken = (what: string) => new ApiError(400, 'FORM_INVALID', `The form ${what}.`)
const noFile = () => new ApiError(422, 'MEDIA_MISSING', 'The form contains no file.')
