import { MEDIA_KINDS, type MediaKind } from '../media/media-rules.ts'
import type { ErrorReport } from './send-errors.ts'

/** Place in a message that names a file. */
export interface MediaSlot {
  /** Path in the payload, such as `template.components.0.parameters.0.image`. */
  path: string
  kind: MediaKind
  media: { id?: string; link?: string; filename?: string }
}

type Json = Record<string, unknown>

/** Whether a file's id is ours: 24 hex digits, where Meta's have at most 20 decimal ones. */
export const isOwnMediaId = (id: string | undefined): id is string => id !== undefined && /^[0-9a-f]{24}$/.test(id)

/** Files of a message in Meta's form: its own, those of its header and cards, those of its template's parameters. */
export function mediaSlots(payload: Readonly<Json>): MediaSlot[] {
  const type = String(payload.type)
  if (isKind(type)) return slotOf(payload, type, '')
  if (type === 'interactive') {
    const { header, action } = objectOf(payload.interactive)
    return [
      ...typedSlot(header, 'interactive.header'),
      ...listOf(objectOf(action).cards).flatMap((card, i) =>
        typedSlot(objectOf(card).header, `interactive.action.cards.${i}.header`),
      ),
    ]
  }
  return type === 'template' ? componentSlots(objectOf(payload.template).components, 'template.components') : []
}

/** Media slots that name a file of ours. */
export const ownMedia = (payload: Readonly<Json>): MediaSlot[] =>
  mediaSlots(payload).filter(({ media }) => isOwnMediaId(media.id))

/** Copy of a message with Meta's ids in place of ours. */
export function withMetaIds(payload: Readonly<Json>, metaIds: ReadonlyMap<string, string>): Json {
  const copy = structuredClone(payload) as Json
  for (const { media } of ownMedia(copy)) media.id = metaIds.get(media.id as string) ?? (media.id as string)
  return copy
}

/** Whether Meta refused a message because it does not have its file. Meta's wording varies by type of message. */
export function refusesMedia({ code, title, detail }: ErrorReport): boolean {
  if (code === 131052 || code === 131053) return true
  return code === 100 && /media (attachment )?id|attachment id/i.test(`${title ?? ''} ${detail ?? ''}`)
}

function componentSlots(components: unknown, path: string): MediaSlot[] {
  return listOf(components).flatMap((component, i) => {
    const { parameters, cards } = objectOf(component)
    return [
      ...listOf(parameters).flatMap((parameter, j) => typedSlot(parameter, `${path}.${i}.parameters.${j}`)),
      ...listOf(cards).flatMap((card, j) => componentSlots(objectOf(card).components, `${path}.${i}.cards.${j}.components`)),
    ]
  })
}

/** Slot of a part such as `{type: 'image', image: {…}}`, with the type in upper or lower case. */
function typedSlot(part: unknown, path: string): MediaSlot[] {
  const object = objectOf(part)
  const type = String(object.type).toLowerCase()
  return isKind(type) ? slotOf(object, type, `${path}.`) : []
}

function slotOf(holder: Json, kind: MediaKind, prefix: string): MediaSlot[] {
  const media = holder[kind]
  return typeof media === 'object' && media !== null ? [{ path: prefix + kind, kind, media }] : []
}

const isKind = (type: string): type is MediaKind => (MEDIA_KINDS as readonly string[]).includes(type)
const objectOf = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {})
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
