import { pipeline } from 'node:stream'
import { ApiError } from '#shared/domain/errors.ts'
import { fileNameOf } from '#shared/domain/media/file-name.ts'
import { bareType } from '#shared/domain/media/media-rules.ts'
import { checkFile, isAnimatedWebp, maxBytesOf } from '#shared/domain/media/upload-rules.ts'
import type { FormFile } from '#shared/http/multipart.ts'
import type { Caller } from '#shared/http/route.ts'
import type { MediaFileDoc, MediaRef } from '#shared/model/documents.ts'
import { newId, toId } from '#shared/model/ids.ts'
import { inspect, typeOfStored } from '#shared/storage/inspection.ts'
import { mediaKey } from '#shared/storage/open.ts'
import { addMediaFile, type SendableFile } from '#shared/store/inbox/media-files.ts'
import type { Session } from '#shared/store/transaction.ts'
import type { GatewayDeps } from '../deps.ts'

const tooLarge = (most = maxBytesOf(null)) =>
  new ApiError(413, 'MEDIA_TOO_LARGE', `The file is too large. WhatsApp accepts at most ${most} bytes for this type.`, {
    parameters: { most },
  })

/** Refuses a file by its declared length, before it is read. @throws ApiError 413 */
export function requireLength(bytes: number, mimeType: string): void {
  const most = maxBytesOf(mimeType)
  if (bytes > most) throw tooLarge(most)
}

/**
 * Streams a file into the storage and checks on the way, by its bytes and not its name, that WhatsApp would accept it. A file
 * that is too long is still read to its end, up to the limit of the route: a caller that is cut off while sending gets no reply.
 * @param keepReply keeps the reply in the transaction of the row @throws ApiError 413, 415, 422; nothing is kept then
 */
export async function keepUpload(
  { store, storage, now }: GatewayDeps,
  caller: Caller,
  given: FormFile,
  keepReply: (file: MediaFileDoc, session: Session) => Promise<void>,
): Promise<MediaFileDoc> {
  const { tenantId } = caller
  const _id = newId()
  const key = mediaKey(tenantId, _id)
  const { through, seen } = inspect(maxBytesOf(null), () => tooLarge())
  // Errors come out of the stream that the storage reads.
  pipeline(given.content, through, () => undefined)
  await storage.put(key, through, { contentType: bareType(given.mimeType) ?? 'application/octet-stream' })
  const inspected = await seen()
  const { size, sha256, head } = inspected
  const found = await typeOfStored(storage, key, inspected)
  const filename = fileNameOf(given.filename)
  const verdict = checkFile({ size, claimed: given.mimeType, found, filename, isAnimated: isAnimatedWebp(head) })
  if (verdict.kind === 'refused') {
    await storage.delete(key)
    throw new ApiError(verdict.status, verdict.errorCode, verdict.detail)
  }
  const file: MediaFileDoc = {
    _id,
    tenantId: toId(tenantId),
    ...verdict,
    filename,
    size,
    sha256: sha256.toString('hex'),
    createdBy: toId(caller.id),
    createdAt: now(),
  }
  return await addMediaFile(store, file, session => keepReply(file, session))
}

/** Media of a message for an uploaded file. */
export const refOf = ({ _id, mimeType, filename, size, sha256 }: SendableFile): MediaRef => ({
  id: _id,
  metaId: null,
  url: null,
  sha256,
  mimeType,
  filename,
  size,
  state: 'STORED',
})
