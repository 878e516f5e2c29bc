import type { Referral } from '../domain/inbox/referral.ts'
import { fileNameOf } from '../domain/media/file-name.ts'
import { storedType } from '../domain/media/media-rules.ts'
import type { MediaRef, MessageContent } from '../model/documents.ts'
import { newId } from '../model/ids.ts'
import { isObject, type Json, listOf, text } from './json.ts'
import { waIdIn } from './wa-id.ts'

/** Content of an inbound message or echo: a text for lists and search, its media, and Meta's own object. */
export interface ReadContent {
  type: string
  content: MessageContent
  /** wamid of the quoted message. */
  replyTo: string | null
  forwarded: boolean
}

const MEDIA = new Set(['image', 'video', 'audio', 'document', 'sticker'])

export function readContent(message: Json): ReadContent {
  const type = text(message.type) ?? inferType(message)
  const data = isObject(message[type]) || Array.isArray(message[type]) ? message[type] : null
  const context = isObject(message.context) ? message.context : {}
  return {
    type,
    content: {
      text: textOf(type, data, message),
      media: MEDIA.has(type) && isObject(data) ? mediaOf(data) : null,
      template: null,
      data: type === 'text' ? (data ?? null) : withErrors(data, message),
    },
    replyTo: text(context.id),
    forwarded: context.forwarded === true || context.frequently_forwarded === true,
  }
}

/** The ad or post that a message came from; null: from none. @param at time of the message */
export function readReferral({ referral }: Json, at: Date): Referral | null {
  if (!isObject(referral)) return null
  return {
    sourceId: text(referral.source_id),
    sourceType: text(referral.source_type),
    headline: text(referral.headline),
    ctwaClid: text(referral.ctwa_clid),
    at,
  }
}

/** Type of a message without one: the name of its only uncommon member. */
function inferType(message: Json): string {
  const common = new Set([
    'from',
    'from_user_id',
    'from_parent_user_id',
    'id',
    'timestamp',
    'context',
    'referral',
    'errors',
    'group_id',
    'to',
    'to_user_id',
    'recipient',
    'recipient_type',
    'messaging_product',
    'biz_opaque_callback_data',
    'template_definition',
    'origin',
    'type',
  ])
  return Object.keys(message).find(key => !common.has(key)) ?? 'unsupported'
}

const withErrors = (data: unknown, message: Json): unknown =>
  Array.isArray(message.errors) ? { ...(isObject(data) ? data : {}), errors: message.errors } : data

function textOf(type: string, data: unknown, message: Json): string | null {
  if (type === 'contacts') return listOf(data).map(contactName).filter(Boolean).join(', ') || null
  if (!isObject(data)) return type === 'unsupported' ? firstErrorTitle(message) : null
  switch (type) {
    case 'text':
    case 'system':
      return text(data.body)
    case 'button':
      return text(data.text)
    case 'interactive':
      return replyTitle(data)
    case 'location':
      return text(data.name) ?? text(data.address) ?? coordinates(data)
    case 'order':
      return text(data.text)
    case 'reaction':
      return text(data.emoji)
    case 'document':
      return text(data.caption) ?? fileNameOf(text(data.filename))
    case 'unsupported':
      return firstErrorTitle(message)
    case 'template':
      return templateText(data, message.template_definition)
    default:
      return text(data.caption) ?? text(data.body) ?? text(data.text)
  }
}

/** Text of a template that another app sent: its body as it is defined, with the values of the send. */
function templateText(sent: Json, definition: unknown): string | null {
  const components = isObject(definition) ? listOf(definition.components).filter(isObject) : []
  const body = components.find(({ type }) => text(type)?.toUpperCase() === 'BODY')
  const filled = listOf(sent.components)
    .filter(isObject)
    .find(({ type }) => text(type)?.toLowerCase() === 'body')
  const parameters = listOf(filled?.parameters).filter(isObject)
  const values = new Map(parameters.map((one, i) => [text(one.parameter_name) ?? String(i + 1), text(one.text)]))
  return text(body?.text)?.replace(/\{\{\s*(\w+)\s*\}\}/g, (slot, name: string) => values.get(name) ?? slot) ?? text(sent.name)
}

function contactName(contact: unknown): string | null {
  if (!isObject(contact)) return null
  return (isObject(contact.name) ? text(contact.name.formatted_name) : null) ?? phoneOf(contact)
}

function phoneOf({ phones }: Json): string | null {
  const [first] = listOf(phones)
  return isObject(first) ? (text(first.phone) ?? text(first.wa_id)) : null
}

/**
 * Phone number that a person gave as their own, in digits: the answer to a button or message that asks for it. WhatsApp's own id comes
 * first, then the number on the card. Null for a card of somebody else, which anybody may share by hand.
 */
export function ownPhone(message: Json): string | null {
  const [card] = listOf(message.contacts)
  if (!isObject(card) || (text(card.origin) ?? text(message.origin)) !== 'contact_request') return null
  const [phone] = listOf(card.phones).filter(isObject)
  return waIdIn(phone?.wa_id) ?? waIdIn(phone?.phone) ?? waIdIn(phoneInCard(text(card.vcard)))
}

/** WhatsApp's own id in a vCard, else its first number. */
const phoneInCard = (card: string | null) =>
  /waid=(\d+)/i.exec(card ?? '')?.[1] ?? /^TEL[^:\r\n]*:(.+)$/im.exec(card ?? '')?.[1] ?? null

function firstErrorTitle(message: Json): string | null {
  const [error] = listOf(message.errors)
  return isObject(error) ? (text(error.title) ?? text(error.message)) : null
}

function replyTitle(data: Json): string | null {
  const reply = [data.button_reply, data.list_reply].find(isObject)
  if (reply) return text(reply.title)
  return isObject(data.nfm_reply) ? (text(data.nfm_reply.body) ?? text(data.nfm_reply.name)) : text(data.type)
}

const coordinates = ({ latitude, longitude }: Json) => (text(latitude) && text(longitude) ? `${latitude}, ${longitude}` : null)

function mediaOf(data: Json): MediaRef {
  return {
    id: newId(),
    metaId: text(data.id),
    url: text(data.url) ?? text(data.link),
    sha256: text(data.sha256),
    mimeType: storedType(text(data.mime_type)),
    filename: fileNameOf(text(data.filename)),
    size: null,
    state: 'PENDING',
  }
}
