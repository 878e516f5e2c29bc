import { z } from 'zod'
import { MAX_PREFILLED_MESSAGE, QR_IMAGE_FORMATS } from '#shared/domain/numbers/short-links.ts'
import { callerOf, route } from '#shared/http/route.ts'
import type { GatewayDeps } from '../deps.ts'
import { expectedOf } from '../expected.ts'
import { idempotencyKeyOf, withIdempotencyKey } from '../idempotency.ts'
import { IdParams, listOf, ShortPaging, wholeList } from '../schemas.ts'
import { addShortLink, editShortLink, findShortLinks, removeShortLink } from './short-links.ts'

const tag = 'numbers'
const path = '/api/v1/phone-numbers/{id}/short-links'

const ShortLinkView = z.object({
  code: z.string().describe("WhatsApp's id of the link, and its end"),
  prefilledMessage: z
    .string()
    .describe('Text that stands in the chat that the link opens, and that the customer only has to send'),
  deepLinkUrl: z.string().describe('The link'),
  qrImageUrl: z.string().nullable().describe('Address at WhatsApp of the link as a QR code'),
})

const PrefilledMessage = z.string().trim().min(1).max(MAX_PREFILLED_MESSAGE)
const QrFormat = z.enum(QR_IMAGE_FORMATS).default('SVG').describe('Format of the QR code at `qrImageUrl`')
const LinkParams = IdParams.extend({ code: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'Must be the code of a short link') })

const list = route({
  method: 'get',
  path,
  action: 'clients.write',
  tag,
  summary: 'Short links of a number, each also a QR code, that open a chat with a text; read from WhatsApp',
  params: IdParams,
  query: z.strictObject({ ...ShortPaging, qrImageFormat: QrFormat }),
  returns: listOf(ShortLinkView),
  async handle(request, deps: GatewayDeps) {
    const { qrImageFormat, ...paging } = request.query
    return { body: wholeList(await findShortLinks(request, deps, qrImageFormat), paging) }
  },
})

const add = route({
  method: 'post',
  path,
  action: 'clients.write',
  idempotent: true,
  tag,
  summary: 'Create a short link of a number with its QR code at WhatsApp; a number may have 2,000',
  params: IdParams,
  body: z.strictObject({ prefilledMessage: PrefilledMessage, qrImageFormat: QrFormat }),
  status: 201,
  returns: ShortLinkView,
  async handle(request, deps: GatewayDeps) {
    const { body, params } = request
    const input = { what: 'short link', id: params.id, body }
    const key = idempotencyKeyOf(request.headers)
    return withIdempotencyKey(deps, callerOf(request).tenantId, key, input, async ({ isRepeat }) => ({
      status: 201,
      body: await addShortLink(request, deps, body, isRepeat),
    }))
  },
})

const change = route({
  method: 'patch',
  path: `${path}/{code}`,
  action: 'clients.write',
  tag,
  summary: 'Change the text of a short link; the link and its QR code stay the same',
  params: LinkParams,
  body: z.strictObject({
    prefilledMessage: PrefilledMessage,
    expected: expectedOf(z.strictObject({ prefilledMessage: z.string().optional() })),
  }),
  returns: ShortLinkView,
  handle: async (request, deps: GatewayDeps) => ({ body: await editShortLink(request, deps, request.body) }),
})

const remove = route({
  method: 'delete',
  path: `${path}/{code}`,
  action: 'clients.write',
  tag,
  summary: 'Delete a short link: it opens no chat any more, nor does its QR code',
  params: LinkParams,
  status: 204,
  async handle(request, deps: GatewayDeps) {
    await removeShortLink(request, deps)
    return {}
  },
})

export const shortLinkRoutes = [list, add, change, remove]
