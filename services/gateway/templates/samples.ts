import { isOwnMediaId } from '#shared/domain/messages/media-slots.ts'
import { text } from '#shared/meta/json.ts'
import type { TemplateAccess } from '#shared/meta/templates.ts'
import type { TemplateDoc } from '#shared/model/documents.ts'
import type { GatewayDeps } from '../deps.ts'
import { uploadHandle } from '../upload-handle.ts'
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
      const format = String(component.format)
      const handle = await uploadHandle(deps, access, {
        id,
        types: TYPES[format] ?? [],
        what: `A sample of ${format}`,
        instead: 'Give a media handle of WhatsApp instead.',
        invalid: message => invalid([{ path: PATH, message }]),
        failed: metaFailure,
      })
      return { ...component, example: { ...example, header_handle: [handle] } }
    }),
  )
}
