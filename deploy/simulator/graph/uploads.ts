import { createHash } from 'node:crypto'
import type { AuthorizedCall, Call } from '../call.ts'
import { idOf, textOf } from '../params.ts'
import type { Upload } from '../world/world.ts'
import { GraphError } from './errors.ts'
import { unknownObject } from './unknown.ts'

const TYPES = ['application/pdf', 'image/jpeg', 'image/jpg', 'image/png', 'video/mp4']

/** `POST /{app}/uploads`: starts a resumable upload, for the samples of template headers and the pictures of profiles. */
export function startUpload({ sim, params }: AuthorizedCall): object {
  const length = Number(idOf(params.file_length) ?? Number.NaN)
  const mimeType = textOf(params.file_type)
  if (!Number.isInteger(length) || length <= 0)
    throw new GraphError(100, { message: '(#100) The parameter file_length is required' })
  if (mimeType === undefined || !TYPES.includes(mimeType)) {
    throw new GraphError(100, { message: `(#100) Param file_type must be one of {${TYPES.join(', ')}}` })
  }
  const session = Buffer.from(`attachment:${sim.id()}`).toString('base64')
  const id = `upload:${session}?sig=${signatureOf(session)}`
  sim.world.uploads.set(id, { id, mimeType, length, received: [] })
  return { id }
}

/** `POST /upload:…`: adds the bytes from `file_offset` on, and returns the handle when the file is complete. */
export function continueUpload(call: Call): object {
  const upload = findUpload(call)
  const offset = Number(call.headers.file_offset ?? 0)
  if (offset !== receivedBytes(upload)) {
    throw new GraphError(100, {
      message: `(#100) file_offset ${offset} does not match the ${receivedBytes(upload)} bytes received`,
    })
  }
  upload.received.push(call.body)
  const received = receivedBytes(upload)
  if (received < upload.length) return { id: upload.id, file_offset: received }
  const kind = Buffer.from(upload.mimeType).toString('base64')
  upload.handle = `4::${kind}:${signatureOf(Buffer.concat(upload.received).toString('base64'))}`
  return { h: upload.handle }
}

/** `GET /upload:…`: the offset from which to continue. */
export function getUpload(call: Call): object {
  const upload = findUpload(call)
  return { id: upload.id, file_offset: receivedBytes(upload) }
}

/** The id of an upload ends in a query, which arrives as the query of the request. */
function findUpload(call: Call): Upload {
  const id = `${decodeURIComponent(call.path.slice(1))}${call.query.has('sig') ? `?sig=${call.query.get('sig')}` : ''}`
  const upload = call.sim.world.uploads.get(id)
  if (!upload) throw unknownObject(call, id)
  return upload
}

const receivedBytes = ({ received }: Upload) => received.reduce((sum, { length }) => sum + length, 0)
const signatureOf = (text: string) => `AR${createHash('sha256').update(text).digest('base64url').slice(0, 22)}`
