import { randomInt } from 'node:crypto'
import sharp from 'sharp'
import { renderSVG } from 'uqr'
import { type Call, type NumberCall, Reply, SUCCESS } from '../call.ts'
import { GraphError } from '../graph/errors.ts'
import { fieldNames } from '../graph/fields.ts'
import { pageOf } from '../graph/paging.ts'
import { isBlank, isText, textOf } from '../params.ts'
import type { Json } from '../world/world.ts'

/** Where QR codes of short links lie; no token is needed. */
export const QR_PATH = '/qr_codes'
const MAX_LINKS = 2000
const MAX_MESSAGE = 140
const FORMATS = ['SVG', 'PNG']
const SIGNS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** `GET /{phone}/message_qrdls`, and with a code behind it one link. */
export function getShortLinks(call: NumberCall): object {
  const { number, params } = call
  const code = codeOf(call)
  if (code !== undefined) return { data: [select(linkOf(call, code), params.fields)] }
  const { entries, paging } = pageOf(call, [...number.shortLinks.keys()], one => one)
  return { data: entries.map(one => select(linkOf(call, one), params.fields)), paging }
}

/** `POST /{phone}/message_qrdls`: a new link, or another text for the one whose `code` is given. */
export function postShortLink(call: NumberCall): object {
  const { number, params } = call
  const message = params.prefilled_message
  if (!isText(message) || isBlank(message)) throw new GraphError(100, { details: 'The parameter prefilled_message is required.' })
  if (message.length > MAX_MESSAGE)
    throw new GraphError(100, { details: `Param prefilled_message must be at most ${MAX_MESSAGE} characters long.` })
  const known = textOf(params.code)
  if (known !== undefined) {
    linkOf(call, known)
    number.shortLinks.set(known, message)
    const { qr_image_url: _, ...link } = linkOf(call, known)
    return link
  }
  if (!FORMATS.includes(String(params.generate_qr_image)))
    throw new GraphError(100, { details: `Param generate_qr_image must be one of {${FORMATS.join(', ')}}.` })
  if (number.shortLinks.size >= MAX_LINKS)
    throw new GraphError(100, { details: `A phone number can have at most ${MAX_LINKS} short links.` })
  const code = Array.from({ length: 14 }, () => SIGNS[randomInt(SIGNS.length)]).join('')
  number.shortLinks.set(code, message)
  return linkOf(call, code, String(params.generate_qr_image))
}

/** `DELETE /{phone}/message_qrdls/{code}`. */
export function deleteShortLink(call: NumberCall): object {
  const code = codeOf(call) ?? ''
  linkOf(call, code)
  call.number.shortLinks.delete(code)
  return SUCCESS
}

/** The QR code of a link. */
export async function downloadQrCode({ query }: Call): Promise<Reply> {
  const svg = renderSVG(deepLink(query.get('code') ?? ''))
  if (query.get('format') !== 'PNG') return new Reply(200, svg, { 'content-type': 'image/svg+xml' })
  return new Reply(200, await sharp(Buffer.from(svg)).png().toBuffer(), { 'content-type': 'image/png' })
}

/** What stands behind the name of the edge. */
const codeOf = ({ path }: Call): string | undefined => textOf(decodeURIComponent(path.split('/')[3] ?? ''))

const deepLink = (code: string) => `https://wa.me/message/${code}`

/** @throws GraphError 100 for a code that the number does not have */
function linkOf({ number, origin, params }: NumberCall, code: string, format = formatOf(params.fields)): Json {
  const message = number.shortLinks.get(code)
  if (message === undefined) throw new GraphError(100, { details: 'The short link does not exist.' })
  const qr_image_url = `${origin}${QR_PATH}?${new URLSearchParams({ code, format })}`
  return { code, prefilled_message: message, deep_link_url: deepLink(code), qr_image_url }
}

/** The format in `fields=qr_image_url.format(PNG)`. */
const formatOf = (fields: unknown): string => /qr_image_url\.format\((SVG|PNG)\)/.exec(String(fields))?.[1] ?? 'SVG'

/** The requested members of a link; by default all but its picture. */
function select(link: Json, fields: unknown): Json {
  const names = fieldNames(fields)?.map(name => name.replace('.format', '')) ?? ['code', 'prefilled_message', 'deep_link_url']
  return Object.fromEntries(Object.entries(link).filter(([name]) => names.includes(name)))
}
