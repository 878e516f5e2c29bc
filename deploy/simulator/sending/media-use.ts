import { request } from 'undici'
import type { NumberCall } from '../call.ts'
import { GraphError } from '../graph/errors.ts'
import { isText, listOf, objectOf } from '../params.ts'
import type { Json, Template } from '../world/world.ts'
import type { MessageType } from './shape.ts'

const FETCH_MS = 5000
const KINDS = new Set(['audio', 'document', 'image', 'sticker', 'video'])

/** Allowed MIME types by type of message; documents may have any. An upload called audio/opus is taken, and its message fails. */
export const MIME_TYPES: Record<string, string[]> = {
  image: ['image/jpeg', 'image/png'],
  sticker: ['image/webp'],
  video: ['video/mp4', 'video/3gpp'],
  audio: ['audio/aac', 'audio/mp4', 'audio/mpeg', 'audio/amr', 'audio/ogg'],
}

const names: Record<string, string> = { image: 'Image', sticker: 'Sticker', video: 'Video', audio: 'Audio' }

/** @throws GraphError 131053 for a media id that is unknown, of another number, or of the wrong type */
export function checkMedia(call: NumberCall, type: MessageType, template: Template | null): void {
  for (const [kind, media] of mediaOf(call.params, template ? 'template' : type)) {
    if (media.id !== undefined) checkId(call, kind, String(media.id))
  }
}

/** Links that Meta would fetch. */
export const linksOf = (body: Json, type: MessageType): string[] =>
  mediaOf(body, type)
    .map(([, media]) => media.link)
    .filter(isText)

/** Null when every link answers, else the details of Meta's error for the first one that does not. */
export async function fetchLinks(links: string[]): Promise<string | null> {
  for (const link of links) {
    const status = await request(link, { headersTimeout: FETCH_MS, bodyTimeout: FETCH_MS }).then(
      async ({ statusCode, body }) => {
        await body.dump()
        return statusCode
      },
      () => null,
    )
    if (status !== 200)
      return `Media file could not be downloaded from the link: ${status === null ? 'no answer' : `HTTP ${status}`}.`
  }
  return null
}

function checkId({ sim, number }: NumberCall, kind: string, id: string): void {
  const media = sim.world.media.get(id)
  const isOurs = media && (media.phoneNumberId === null || media.phoneNumberId === number.id)
  if (!isOurs || media.expiresAt <= sim.now()) {
    throw new GraphError(131053, { details: `Media ID ${id} does not exist, has expired or belongs to another phone number.` })
  }
  const allowed = MIME_TYPES[kind]
  const mimeType = media.mimeType.split(';')[0] as string
  if (allowed && !allowed.includes(mimeType)) {
    const details = `Unsupported ${names[kind]} mime type ${mimeType}. Please use one of ${allowed.join(', ')}.`
    throw new GraphError(131053, { details })
  }
}

/** Every media object of a body with its type: of the message itself, headers, cards and template parameters. */
function mediaOf(body: Json, type: MessageType): [string, Json][] {
  if (KINDS.has(type)) return [[type, objectOf(body[type])]]
  if (type === 'interactive') {
    const { header, action } = objectOf(body.interactive)
    const headers = [header, ...listOf(objectOf(action).cards).map(card => objectOf(card).header)]
    return headers.flatMap(part => byType(objectOf(part)))
  }
  if (type !== 'template') return []
  return inComponents(objectOf(body.template).components)
}

const inComponents = (components: unknown): [string, Json][] =>
  listOf(components).flatMap(part => {
    const { parameters, cards } = objectOf(part)
    const own = listOf(parameters).flatMap(parameter => byType(objectOf(parameter)))
    return [...own, ...listOf(cards).flatMap(card => inComponents(objectOf(card).components))]
  })

function byType(part: Json): [string, Json][] {
  const kind = String(part.type).toLowerCase()
  return KINDS.has(kind) ? [[kind, objectOf(part[kind])]] : []
}
