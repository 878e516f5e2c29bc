import type { ApiError } from '#shared/domain/errors.ts'
import { text } from '#shared/meta/json.ts'
import type { ClientDoc } from '#shared/model/documents.ts'
import { nullIfGone } from '#shared/storage/object-storage.ts'
import { mediaKey } from '#shared/storage/open.ts'
import { findSendable } from '#shared/store/inbox/media-files.ts'
import type { GatewayDeps } from './deps.ts'
import type { Failure } from './meta-failure.ts'

type Deps = Pick<GatewayDeps, 'store' | 'storage' | 'meta' | 'config'>

/** An uploaded file, what Meta takes it as, and the errors of the route that names it. */
export interface HandledFile {
  /** Ours, of `POST /media`. */
  id: string
  types: readonly string[]
  /** What the file is for, such as `A sample of IMAGE`. */
  what: string
  /** What to do where the platform has no app at Meta. */
  instead?: string
  /** Error for a file that cannot be taken, with a sentence. */
  invalid(message: string): ApiError
  /** Error for a failed upload. */
  failed(failure: Failure): ApiError
}

/** Uploads a file to our app at Meta. @returns its handle. @throws ApiError as the file says */
export async function uploadHandle(
  { store, storage, meta, config }: Deps,
  { client, token }: { client: Pick<ClientDoc, 'tenantId'>; token: string },
  { id, types, what, instead, invalid, failed }: HandledFile,
): Promise<string> {
  const { META_APP_ID: appId } = config
  if (appId === undefined) throw invalid(['Uploaded files need META_APP_ID to be configured.', instead].filter(Boolean).join(' '))
  const file = await findSendable(store, client.tenantId, id)
  const content = file && (await storage.get(mediaKey(client.tenantId, id)).catch(nullIfGone))
  if (!file || !content) throw invalid('The account has no such uploaded file.')
  if (!types.includes(file.mimeType)) {
    content.destroy()
    throw invalid(`${what} must be ${types.join(' or ')}, not ${file.mimeType}.`)
  }
  const { mimeType, size } = file
  const result = await meta.uploadSample(appId, token, { mimeType, size, filename: file.filename ?? 'sample', content })
  content.destroy()
  const handle = result.kind === 'ok' ? text(result.data.h) : null
  if (handle !== null) return handle
  // A file that arrived but is never used does no harm, so an unknown outcome counts as not sent.
  throw failed(result.kind === 'refused' ? result : { ...result, kind: 'unsent', why: 'the file did not arrive' })
}
