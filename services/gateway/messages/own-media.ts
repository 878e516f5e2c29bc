import { ApiError } from '#shared/domain/errors.ts'
import { fileNameOf } from '#shared/domain/media/file-name.ts'
import { MEDIA_KINDS } from '#shared/domain/media/media-rules.ts'
import { isOwnMediaId, type MediaSlot, ownMedia } from '#shared/domain/messages/media-slots.ts'
import type { HeaderMedia } from '#shared/domain/templates/fill.ts'
import type { TemplateDoc } from '#shared/model/documents.ts'
import type { Store } from '#shared/store/connect.ts'
import { findSendable, type SendableFile } from '#shared/store/inbox/media-files.ts'
import type { Draft } from './draft.ts'
import { refOf } from './media-files.ts'

/** Draft whose uploaded files all exist. Its content describes the file as it is in the storage. @throws ApiError 422 */
export async function withOwnMedia(store: Store, tenantId: string, draft: Draft): Promise<Draft> {
  const slots = ownMedia(draft.payload)
  if (slots.length === 0) return draft
  const files = await Promise.all(slots.map(slot => requireFile(store, tenantId, slot)))
  const payload = structuredClone(draft.payload)
  for (const [i, { kind, media }] of ownMedia(payload).entries()) Object.assign(media, nameFor(kind, media, files[i]))
  const { content } = draft
  if (content.media === null) return { ...draft, payload }
  const [own] = files as [SendableFile]
  const { filename } = content.media
  return { ...draft, payload, content: { ...content, media: { ...refOf(own), ...(filename !== null && { filename }) } } }
}

/** File name for a document without one, which WhatsApp would show as "Untitled". */
const nameFor = (kind: MediaSlot['kind'], { filename }: HeaderMedia, file: SendableFile | undefined) =>
  kind === 'document' && filename === undefined && file?.filename ? { filename: fileNameOf(file.filename) ?? 'document' } : {}

/** Header media of a template; an uploaded file is checked and named. @throws ApiError 422 */
export async function headerFile(
  store: Store,
  tenantId: string,
  { components }: Pick<TemplateDoc, 'components'>,
  media: HeaderMedia | undefined,
): Promise<HeaderMedia | undefined> {
  if (media === undefined || !isOwnMediaId(media.id)) return media
  const header = components.find(({ type }) => String(type).toUpperCase() === 'HEADER')
  const kind = MEDIA_KINDS.find(one => one === String(header?.format).toLowerCase())
  if (kind === undefined) return media
  return { ...media, ...nameFor(kind, media, await requireFile(store, tenantId, { path: 'headerMedia', kind, media })) }
}

/** The uploaded file, if it is of the wanted kind. Every file can be sent as a document. @throws ApiError 422 */
async function requireFile(store: Store, tenantId: string, { path, kind, media }: MediaSlot): Promise<SendableFile> {
  const file = await findSendable(store, tenantId, media.id as string)
  if (file === null)
    throw refused('MEDIA_UNKNOWN', `${path}.id`, 'There is no uploaded file with this id. Upload it by POST /api/v1/media.')
  if (kind !== 'document' && file.kind !== kind)
    throw refused('MEDIA_KIND_MISMATCH', `${path}.id`, `A file of kind ${file.kind} cannot be sent as ${kind}.`)
  return file
}

const refused = (errorCode: string, path: string, message: string) =>
  new ApiError(422, errorCode, message, { errors: [{ path, message }] })
