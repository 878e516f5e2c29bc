import { isOwnMediaId } from '#shared/domain/messages/media-slots.ts'
import { text } from '#shared/meta/json.ts'
import type { TemplateAccess } from '#shared/meta/templates.ts'
import type { TemplateDoc } from '#shared/model/documents.ts'
import { ObjectNotFound } from '#shared/storage/object-storage.ts'
import { mediaKey } from '#shared/storage/open.ts'
import { findSendable } from '#shared/store/inbox/media-files.ts'
import type { GatewayDeps } from '../deps.ts'
import { invalid } from './content.ts'
import { metaFailure } from './refusals.ts'

type Deps = Pick<GatewayDeps, 'store' | 'storage' | 'meta' | 'config'>
type Component = TemplateDoc['components'][number]

/** Media types that Meta accepts as the sample of a header, by header format. */
const TYPES: Record<string, readonly string[]> = {
  IMAGE: ['image/jpeg', 'image/png'],
  VIDEO: ['video/mp4'],
  DOCUMENT: ['application/pdf'],
}
const PATH = 'components.header.example.header_handle'

/** Components with Meta's media handles in place of uploaded files, which are sent to Meta first. @throws ApiError 422, 503 */
export function withSamples(deps: Deps, access: TemplateAccess, components: readonly Component[]): Promise<Component[]> {
  return Promise.all(
    components.map(async component => {
      const example = component.example as { header_handle?: unknown[] } | undefined
      const id = text(example?.header_handle?.[0]) ?? undefined
      if (component.type !== 'HEADER' || !isOwnMediaId(id)) return component
      const handle = await handleOf(deps, access, { id, format: String(component.format) })
      return { ...component, example: { ...example, header_handle: [handle] } }
    }),
  )
}

async function handleOf(
  { store, storage, meta, config }: Deps,
  { client, token }: TemplateAccess,
  { id, format }: { id: string; format: string },
): Promise<string> {
  const { META_APP_ID: appId } = config
  if (appId === undefined)
    throw invalid([
      { path: PATH, message: 'Uploaded files need META_APP_ID to be configured. Give a media handle of WhatsApp instead.' },
    ])
  const file = await findSendable(store, client.tenantId, id)
  const content = file && (await storage.get(mediaKey(client.tenantId, id)).catch(orGone))
  if (!file || !content) throw invalid([{ path: PATH, message: 'The account has no such uploaded file.' }])
  const types = TYPES[format] ?? []
  if (!types.includes(file.mimeType)) {
    content.destroy()
    throw invalid([{ path: PATH, message: `A sample of ${format} must be ${types.join(' or ')}, not ${file.mimeType}.` }])
  }
  const { mimeType, size } = file
  const result = await meta.uploadSample(appId, token, { mimeType, size, filename: file.filename ?? 'sample', content })
  content.destroy()
  const handle = result.kind === 'ok' ? text(result.data.h) : null
  if (handle !== null) return handle
  // A sample that arrived but is never used does no harm, so an unknown outcome counts as not sent.
  const why = 'the sample did not arrive'
  throw metaFailure(result.kind === 'refused' ? result : { ...result, kind: 'unsent', why })
}

function orGone(error: unknown): null {
  if (error instanceof ObjectNotFound) return null
  throw error
}
