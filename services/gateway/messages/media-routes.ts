import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { z } from 'zod'
import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import { ApiError, notFound } from '#shared/domain/errors.ts'
import { bareType, MEDIA_KINDS, parseRange, servingHeaders } from '#shared/domain/media/media-rules.ts'
import { UPLOAD_TYPES } from '#shared/domain/media/upload-rules.ts'
import { fileOfForm } from '#shared/http/multipart.ts'
import { type Caller, callerOf, route } from '#shared/http/route.ts'
import type { MediaFileDoc, MediaRef } from '#shared/model/documents.ts'
import { EXCHANGES } from '#shared/queue/topology.ts'
import { ObjectNotFound } from '#shared/storage/object-storage.ts'
import { mediaKey, thumbnailKey } from '#shared/storage/open.ts'
import { findMedia, hasFileOfMeta, settleMedia } from '#shared/store/inbox/media.ts'
import { findMediaFile } from '#shared/store/inbox/media-files.ts'
import type { GatewayDeps } from '../deps.ts'
import { idempotencyKeyOf, withIdempotentUpload } from '../idempotency.ts'
import { requireRoom } from '../quota.ts'
import { flagText, IdParams } from '../schemas.ts'
import { keepUpload, refOf, requireLength } from './media-files.ts'

const tag = 'media'
const MediaView = z.object({ id: z.string(), messageId: z.string(), state: z.enum(['PENDING', 'STORED', 'FAILED', 'EXPIRED']) })

/** Largest body: the largest file and the form around it. */
const MOST_BYTES = 100 * 1024 * 1024 + 16_384

const FileView = z.object({
  id: z.string().describe('Id to send the file by: `{"type": "image", "image": {"id": …}}`'),
  kind: z.enum(MEDIA_KINDS),
  mimeType: z.string(),
  filename: z.string().nullable(),
  size: z.number().int(),
  sha256: z.string(),
  createdAt: z.iso.datetime(),
})

const add = route({
  method: 'post',
  path: '/api/v1/media',
  action: 'media.write',
  tag,
  summary: 'Upload a file for sending, as the raw bytes or as a form with one file; messages from any number refer to it by id',
  query: z.strictObject({
    filename: z.string().min(1).max(240).optional().describe('File name of raw bytes; a form carries its own'),
  }),
  upload: { types: ['multipart/form-data', ...UPLOAD_TYPES], maxBytes: MOST_BYTES },
  idempotent: true,
  status: 201,
  returns: FileView,
  async handle(request, deps: GatewayDeps) {
    const { filename = null } = request.query
    const { upload, headers } = request
    if (upload === null) throw new Error('the upload route was called without a body stream')
    const contentType = headers['content-type'] ?? ''
    const isForm = bareType(contentType) === 'multipart/form-data'
    if (!isForm) requireLength(Number(headers['content-length'] ?? 0), contentType)
    const given = isForm ? await fileOfForm(upload, contentType) : { filename, mimeType: contentType, content: upload }
    const caller = callerOf(request)
    await requireRoom(deps, caller.tenantId)
    const asked = { tenantId: caller.tenantId, key: idempotencyKeyOf(headers), request: { what: 'media', filename } }
    const work: Parameters<typeof withIdempotentUpload<z.infer<typeof FileView>>>[2] = async keep =>
      fileView(await keepUpload(deps, caller, given, (file, session) => keep(fileView(file), session)))
    return withIdempotentUpload(deps, asked, work, () => sha256Of(given.content))
  },
})

const file = route({
  method: 'get',
  path: '/api/v1/media/{id}',
  action: 'media.read',
  tag,
  summary: 'Download a received or uploaded file, completely or a byte range; `?thumbnail=true` gives a small JPEG of an image',
  params: IdParams,
  query: z.strictObject({ thumbnail: flagText.optional() }),
  produces: ['*/*'],
  otherStatuses: { 206: 'The range that was asked for', 304: 'The file is the one that `If-None-Match` names' },
  async handle(request, deps: GatewayDeps) {
    const { tenantId } = callerOf(request)
    const media = await findStored(deps, callerOf(request), request.params.id)
    if (request.query.thumbnail) return await thumbnail(deps, tenantId, media)
    const size = media.size ?? 0
    const etag = `"${media.id}"`
    const headers = { ...servingHeaders(media.mimeType, media.filename), 'accept-ranges': 'bytes', etag, 'cache-control': CACHE }
    if (request.headers['if-none-match'] === etag) return { status: 304, headers }
    const range = parseRange(request.headers.range, size)
    if (range === 'unsatisfiable')
      throw new ApiError(416, 'RANGE_NOT_SATISFIABLE', `The range lies outside the file, which has ${size} bytes.`, {
        headers: { 'content-range': `bytes */${size}` },
      })
    const stream = await read(deps, mediaKey(tenantId, media.id), range ?? undefined)
    if (range === null) return { stream, headers: { ...headers, 'content-length': String(size) } }
    const part = {
      'content-range': `bytes ${range.start}-${range.end}/${size}`,
      'content-length': String(range.end - range.start + 1),
    }
    return { status: 206, stream, headers: { ...headers, ...part } }
  },
})

const again = route({
  method: 'post',
  path: '/api/v1/media/{id}/fetch',
  action: 'media.write',
  tag,
  summary: 'Fetch a file from Meta again after a failure; Meta keeps files for 7 days',
  params: IdParams,
  status: 202,
  returns: MediaView,
  async handle(request, { store, queue }: GatewayDeps) {
    const { tenantId } = callerOf(request)
    const message = await findMedia(store, tenantId, request.params.id)
    if (message === null || !hasFileOfMeta(message)) throw notFound('File')
    const isAsked = await settleMedia(store, message, ['FAILED', 'EXPIRED', 'PENDING'], { state: 'PENDING', problem: null })
    if (!isAsked) throw new ApiError(409, 'MEDIA_STORED', 'The file is already stored.')
    const messageId = String(message._id)
    const body = { v: 1, messageId, tenantId }
    await queue.publish({
      exchange: EXCHANGES.media,
      routingKey: 'media',
      type: MESSAGE_TYPE.media,
      body,
      messageId: `media:${messageId}`,
      tenantId,
    })
    return { body: { id: request.params.id, messageId, state: 'PENDING' as const } }
  },
})

export const mediaRoutes = [add, file, again]

const fileView = ({ _id, kind, mimeType, filename, size, sha256, createdAt }: MediaFileDoc): z.infer<typeof FileView> => ({
  id: String(_id),
  kind,
  mimeType,
  filename,
  size,
  sha256,
  createdAt: createdAt.toISOString(),
})

async function sha256Of(content: Readable): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of content) hash.update(chunk)
  return hash.digest('hex')
}

/** The file of an id never changes. */
const CACHE = 'private, max-age=86400, immutable'

async function findStored({ store }: GatewayDeps, { tenantId }: Caller, id: string): Promise<MediaRef> {
  const kept = await findMediaFile(store, tenantId, id)
  if (kept) return refOf(kept)
  const media = (await findMedia(store, tenantId, id))?.content.media
  if (!media) throw notFound('File')
  if (media.state === 'PENDING')
    throw new ApiError(409, 'MEDIA_PENDING', 'The file is still being fetched from WhatsApp. Try again in a few seconds.', {
      headers: { 'retry-after': '2' },
    })
  if (media.state !== 'STORED')
    throw new ApiError(410, 'MEDIA_NOT_FETCHED', media.problem ?? 'The file could not be fetched from WhatsApp.')
  return media
}

async function thumbnail(deps: GatewayDeps, tenantId: string, media: MediaRef) {
  if (!media.hasThumbnail) throw notFound('Thumbnail')
  const stream = await read(deps, thumbnailKey(tenantId, media.id))
  return { stream, headers: { ...servingHeaders('image/jpeg', null), 'cache-control': CACHE } }
}

async function read({ storage }: GatewayDeps, key: string, range?: { start: number; end: number }): Promise<Readable> {
  try {
    return await storage.get(key, range)
  } catch (error) {
    throw error instanceof ObjectNotFound ? notFound('File') : error
  }
}
