import { Readable } from 'node:stream'
import { ApiError, notFound } from '#shared/domain/errors.ts'
import { bareType, servingHeaders } from '#shared/domain/media/media-rules.ts'
import { MAX_PICTURE_BYTES } from '#shared/domain/numbers/business-profile.ts'
import { guardedRequest, privateHosts } from '#shared/http/guarded-request.ts'
import type { Reply, RouteRequest } from '#shared/http/route.ts'
import type { GatewayDeps } from '../deps.ts'
import { findProfile } from './business-profile.ts'

const TYPES = ['image/jpeg', 'image/png', 'image/webp']
const TIMEOUT_MS = 10_000

/**
 * The picture of a number's profile: pages load nothing from anybody else, so they get it from here.
 * @throws ApiError 404 without a picture, 503 META_UNAVAILABLE, and as `findProfile`
 */
export async function findPicture(request: RouteRequest<{ id: string }, unknown, unknown>, deps: GatewayDeps): Promise<Reply> {
  const { pictureUrl } = await findProfile(request, deps)
  if (pictureUrl === null) throw notFound('Picture')
  const picture = await download(pictureUrl, deps).catch(error => {
    deps.log.warn({ err: error }, 'profile picture not fetched')
    return null
  })
  if (picture === null)
    throw new ApiError(503, 'META_UNAVAILABLE', 'WhatsApp does not give the picture at the moment. Try again later.', {
      headers: { 'retry-after': '5' },
    })
  const { type, content } = picture
  const headers = { ...servingHeaders(type, null), 'cache-control': 'private, max-age=300' }
  return { stream: Readable.from([content]), headers: { ...headers, 'content-length': String(content.length) } }
}

/** The picture at an address of Meta's, which needs no token. @throws Error for anything else than a small picture */
async function download(address: string, { config }: GatewayDeps): Promise<{ type: string; content: Buffer }> {
  const options = { ...privateHosts([config.META_GRAPH_URL]), redirects: 1, timeoutMs: TIMEOUT_MS, totalMs: TIMEOUT_MS }
  const { status, headers, body } = await guardedRequest(address, options)
  const type = bareType(String(headers['content-type'] ?? ''))
  if (status !== 200 || type === null || !TYPES.includes(type)) {
    body.destroy()
    throw new Error(`the picture was answered ${status}`)
  }
  const parts: Buffer[] = []
  let size = 0
  for await (const part of body) {
    size += (part as Buffer).length
    if (size > MAX_PICTURE_BYTES) throw new Error(`the picture is larger than ${MAX_PICTURE_BYTES} bytes`)
    parts.push(part as Buffer)
  }
  return { type, content: Buffer.concat(parts) }
}
