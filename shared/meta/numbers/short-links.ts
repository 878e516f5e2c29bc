import type { QrImageFormat, ShortLink } from '../../domain/numbers/short-links.ts'
import type { GraphResult, MetaClient } from '../client.ts'
import { isObject, listOf, text } from '../json.ts'
import { readPage } from '../templates.ts'
import { edgeOf, type NumberAccess, signed } from './access.ts'

const EDGE = 'message_qrdls'
const PAGE = 500

const fieldsFor = (format: QrImageFormat) => `code,prefilled_message,deep_link_url,qr_image_url.format(${format})`

/** Requests a page of the short links of a number. @param after cursor of the page before, null for the first */
export const askShortLinks = (
  meta: MetaClient,
  access: NumberAccess,
  { format, after }: { format: QrImageFormat; after: string | null },
): Promise<GraphResult> =>
  meta.graph.get(edgeOf(access, EDGE), {
    ...signed(access),
    query: { fields: fieldsFor(format), limit: PAGE, ...(after && { after }) },
  })

/** Requests one short link. */
export const askShortLink = (meta: MetaClient, access: NumberAccess, code: string): Promise<GraphResult> =>
  meta.graph.get(edgeOf(access, EDGE, code), { ...signed(access), query: { fields: fieldsFor('SVG') } })

/** Creates a short link with its QR code. */
export const createShortLink = (
  meta: MetaClient,
  access: NumberAccess,
  { prefilledMessage, format }: { prefilledMessage: string; format: QrImageFormat },
): Promise<GraphResult> =>
  meta.graph.post(edgeOf(access, EDGE), {
    ...signed(access),
    body: { prefilled_message: prefilledMessage, generate_qr_image: format },
  })

/** Changes the text of a short link, which keeps its code. */
export const changeShortLink = (
  meta: MetaClient,
  access: NumberAccess,
  { code, prefilledMessage }: Pick<ShortLink, 'code' | 'prefilledMessage'>,
): Promise<GraphResult> =>
  meta.graph.post(edgeOf(access, EDGE), { ...signed(access), body: { code, prefilled_message: prefilledMessage } })

/** Deletes a short link: it opens no chat any more. */
export const deleteShortLink = (meta: MetaClient, access: NumberAccess, code: string): Promise<GraphResult> =>
  meta.graph.delete(edgeOf(access, EDGE, code), signed(access))

/** A short link in an answer of Meta's; null without one. */
export function readShortLink(data: unknown): ShortLink | null {
  if (!isObject(data)) return null
  const [code, deepLinkUrl] = [text(data.code), text(data.deep_link_url)]
  if (code === null || deepLinkUrl === null) return null
  return { code, deepLinkUrl, prefilledMessage: text(data.prefilled_message) ?? '', qrImageUrl: text(data.qr_image_url) }
}

/** The short link of an answer about one, which Meta gives with a list around it or without. */
export const readOneShortLink = (data: Record<string, unknown>): ShortLink | null =>
  readShortLink(data.data === undefined ? data : listOf(data.data)[0])

/** Short links of a page and the cursor of the next one; null on the last. */
export function readShortLinks(data: Record<string, unknown>): { links: ShortLink[]; after: string | null } {
  const { rows, after } = readPage(data)
  return { links: rows.flatMap(row => readShortLink(row) ?? []), after }
}
