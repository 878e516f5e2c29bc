import { GraphError } from '../graph/errors.ts'
import { isBlank, isObject, isText, listOf, objectOf } from '../params.ts'
import type { Json } from '../world/world.ts'
import { checkInteractive } from './interactive-shape.ts'
import { invalid, required } from './refusals.ts'

/** Types that a business can send. Other types can only be received. */
const TYPES = [
  'audio',
  'contacts',
  'document',
  'image',
  'interactive',
  'location',
  'reaction',
  'sticker',
  'template',
  'text',
  'video',
] as const
export type MessageType = (typeof TYPES)[number]

const RECEIVED_ONLY = new Set(['button', 'edit', 'order', 'request_welcome', 'revoke', 'system', 'unknown', 'unsupported'])
const MAX_TEXT = 4096
const MAX_CAPTION = 1024
const MAX_CONTACTS = 257
const MAX_CALLBACK_DATA = 512

/**
 * Checks the shape of a body and returns its type. Unknown members are ignored, except in `text`, where Meta refuses them.
 * @throws GraphError 100 (shape), 131008 (missing), 131009 (value), 131051 (type)
 */
export function checkShape(body: Json): MessageType {
  checkEnvelope(body)
  const type = typeOf(body)
  const part = body[type]
  if (type === 'contacts' ? !Array.isArray(part) : !isObject(part)) {
    if (part === undefined) required(type)
    throw new GraphError(100, { details: `Param ${type} must be ${type === 'contacts' ? 'an array' : 'a JSON object'}.` })
  }
  CHECKS[type](type === 'contacts' ? { contacts: part } : (part as Json))
  return type
}

function checkEnvelope(body: Json): void {
  if (body.messaging_product === undefined) required('messaging_product')
  if (body.messaging_product !== 'whatsapp') {
    throw new GraphError(100, { details: 'Param messaging_product must be one of {WHATSAPP}' })
  }
  const recipientType = body.recipient_type ?? 'individual'
  if (recipientType !== 'individual' && recipientType !== 'group') {
    throw new GraphError(100, { details: 'Param recipient_type must be one of {INDIVIDUAL, GROUP}' })
  }
  if (body.to === undefined && body.recipient === undefined) {
    throw new GraphError(131008, { details: `Parameter 'to' is mandatory for type ${isText(body.type) ? body.type : 'text'}` })
  }
  checkCallbackData(body.biz_opaque_callback_data)
  if (body.context !== undefined && !isText(objectOf(body.context).message_id)) required("context['message_id']")
}

function checkCallbackData(data: unknown): void {
  if (data === undefined) return
  if (!isText(data)) throw new GraphError(100, { details: 'Param biz_opaque_callback_data must be a string.' })
  if (data.length > MAX_CALLBACK_DATA) tooLong('biz_opaque_callback_data', MAX_CALLBACK_DATA)
}

function typeOf(body: Json): MessageType {
  const type = body.type === undefined ? 'text' : String(body.type).toLowerCase()
  if ((TYPES as readonly string[]).includes(type)) return type as MessageType
  if (RECEIVED_ONLY.has(type)) throw new GraphError(131051)
  const known = TYPES.map(name => name.toUpperCase()).join(', ')
  throw new GraphError(100, { details: `Param type must be one of {${known}} - got "${type}".` })
}

const CHECKS: Record<MessageType, (part: Json) => void> = {
  text: checkText,
  image: part => checkMedia('image', part, ['caption']),
  video: part => checkMedia('video', part, ['caption']),
  document: part => checkMedia('document', part, ['caption', 'filename']),
  audio: part => checkMedia('audio', part, []),
  sticker: part => checkMedia('sticker', part, []),
  location: checkLocation,
  contacts: part => checkContacts(listOf(part.contacts)),
  reaction: checkReaction,
  interactive: checkInteractive,
  template: checkTemplate,
}

function checkText(text: Json): void {
  for (const name of Object.keys(text)) {
    if (name !== 'body' && name !== 'preview_url') {
      throw new GraphError(100, { details: `Unexpected key "${name}" on param "text".` })
    }
  }
  if (text.body === undefined || text.body === '')
    throw new GraphError(100, { details: 'The parameter text["body"] is required.' })
  if (!isText(text.body)) throw new GraphError(100, { details: "Param text['body'] must be a string." })
  if (isBlank(text.body)) throw new GraphError(100, { details: 'The parameter text["body"] is required.' })
  if ([...text.body].length > MAX_TEXT) tooLong("text['body']", MAX_TEXT)
  if (
    text.preview_url !== undefined &&
    typeof text.preview_url !== 'boolean' &&
    !/^(true|false)$/.test(String(text.preview_url))
  ) {
    throw new GraphError(100, { details: "Param text['preview_url'] must be a boolean." })
  }
}

function checkMedia(type: string, media: Json, allowed: string[]): void {
  const { id, link, caption } = media
  if (id === undefined && link === undefined) required(`${type}['id'] or ${type}['link']`)
  if (id !== undefined && link !== undefined) invalid(`Only one of id and link may be given for type ${type}`)
  if (link !== undefined && !(isText(link) && /^https?:\/\/[^\s]+$/i.test(link))) invalid(`${type}['link'] is not a valid URL`)
  if (caption === undefined) return
  if (!allowed.includes('caption')) throw new GraphError(100, { details: `Unexpected key "caption" on param "${type}".` })
  if (!isText(caption)) throw new GraphError(100, { details: `Param ${type}['caption'] must be a string.` })
  if (caption.length > MAX_CAPTION) tooLong(`${type}['caption']`, MAX_CAPTION)
}

function checkLocation(location: Json): void {
  for (const [name, bound] of [
    ['latitude', 90],
    ['longitude', 180],
  ] as const) {
    if (location[name] === undefined) required(`location['${name}']`)
    const value = Number(location[name])
    if (!Number.isFinite(value) || Math.abs(value) > bound) invalid(`location['${name}'] must be between -${bound} and ${bound}`)
  }
}

function checkContacts(contacts: unknown[]): void {
  if (contacts.length === 0) required('contacts[0]')
  if (contacts.length > MAX_CONTACTS) invalid(`contacts may hold at most ${MAX_CONTACTS} entries`)
  contacts.forEach((contact, index) => {
    const name = objectOf(objectOf(contact).name)
    if (!isText(name.formatted_name) || name.formatted_name === '') required(`contacts[${index}]['name']['formatted_name']`)
    const others = ['first_name', 'last_name', 'middle_name', 'prefix', 'suffix']
    if (!others.some(member => isText(name[member]))) {
      throw new GraphError(131008, { details: `contacts[${index}]['name'] needs formatted_name and at least one other name` })
    }
  })
}

function checkReaction(reaction: Json): void {
  if (!isText(reaction.message_id)) required("reaction['message_id']")
  if (!isText(reaction.emoji)) required("reaction['emoji']")
  if (reaction.emoji !== '' && !/^\p{RGI_Emoji}$/v.test(reaction.emoji)) invalid("reaction['emoji'] must be one emoji")
}

function checkTemplate(template: Json): void {
  if (!isText(template.name) || template.name === '') required("template['name']")
  const code = isText(template.language) ? template.language : objectOf(template.language).code
  if (!isText(code) || code === '') required("template['language']['code']")
  if (template.components !== undefined && !Array.isArray(template.components)) {
    throw new GraphError(100, { details: "Param template['components'] must be an array." })
  }
}

function tooLong(name: string, max: number): never {
  throw new GraphError(100, { details: `Param ${name} must be at most ${max} characters long.` })
}
