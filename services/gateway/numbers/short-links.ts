import { ApiError, notFound } from '#shared/domain/errors.ts'
import type { QrImageFormat, ShortLink } from '#shared/domain/numbers/short-links.ts'
import { MAX_SHORT_LINKS } from '#shared/domain/numbers/short-links.ts'
import type { NumberAccess } from '#shared/meta/numbers/access.ts'
import {
  askShortLink,
  askShortLinks,
  changeShortLink,
  createShortLink,
  deleteShortLink,
  readOneShortLink,
  readShortLinks,
} from '#shared/meta/numbers/short-links.ts'
import type { GatewayDeps } from '../deps.ts'
import { requireExpected } from '../expected.ts'
import { type Failure, refusalText, saidByMeta } from '../meta-failure.ts'
import { accessTo, answerOf, auditedChange, changeFailure, type NumberRequest, unconfirmed } from './meta-access.ts'

/** What a new short link is made of. */
export interface NewShortLink {
  prefilledMessage: string
  qrImageFormat: QrImageFormat
}

type LinkRequest = Omit<NumberRequest, 'params'> & { params: { id: string; code: string } }

/** Most pages that are read of a number's links. */
const MAX_PAGES = 100

/** The short links of a number as Meta has them now. @throws ApiError 404, 409 TOKEN_INVALID, 422 NUMBER_NOT_CONNECTED, 503 */
export async function findShortLinks(request: NumberRequest, deps: GatewayDeps, format: QrImageFormat): Promise<ShortLink[]> {
  return await allLinks(deps, await accessTo(request, deps), format)
}

/**
 * Creates a short link at Meta. The audit entry is written before Meta is asked, and another one when Meta refuses.
 * @param isRepeat whether an earlier attempt may have created it: a link with the same text is then taken as its own
 * @throws ApiError as `findShortLinks`, 422 SHORT_LINK_REFUSED, 502
 */
export async function addShortLink(
  request: NumberRequest,
  deps: GatewayDeps,
  { prefilledMessage, qrImageFormat: format }: NewShortLink,
  isRepeat: boolean,
): Promise<ShortLink> {
  const access = await accessTo(request, deps)
  const created = isRepeat
    ? (await allLinks(deps, access, format)).find(link => link.prefilledMessage === prefilledMessage)
    : undefined
  if (created) return created
  const object = { kind: 'client', id: request.params.id }
  const changes = { shortLink: { before: null, after: prefilledMessage } }
  const data = await auditedChange(request, deps, {
    entry: { action: 'clients.shortLink', object, changes },
    refused: { action: 'clients.shortLinkRefused', object },
    call: () => createShortLink(deps.meta, access, { prefilledMessage, format }),
    failure: changeFailure(refusal),
  })
  const link = readOneShortLink(data)
  if (link === null) throw unconfirmed()
  return link
}

/** Gives a short link another text; its code stays. @throws ApiError as `addShortLink`, 404 for its code, 409 CHANGED_MEANWHILE */
export async function editShortLink(
  request: LinkRequest,
  deps: GatewayDeps,
  { prefilledMessage, expected }: Pick<ShortLink, 'prefilledMessage'> & { expected?: Partial<ShortLink> | undefined },
): Promise<ShortLink> {
  const { code, id } = request.params
  const access = await accessTo(request, deps)
  const before = await getLink(deps, access, code)
  await requireExpected(deps, expected, { tenantId: access.client.tenantId, view: before })
  if (before.prefilledMessage === prefilledMessage) return before
  const object = { kind: 'client', id }
  const changes = {
    code: { before: code, after: code },
    shortLink: { before: before.prefilledMessage, after: prefilledMessage },
  }
  await auditedChange(request, deps, {
    entry: { action: 'clients.shortLink', object, changes },
    refused: { action: 'clients.shortLinkRefused', object },
    call: () => changeShortLink(deps.meta, access, { code, prefilledMessage }),
    failure: changeFailure(refusal),
  })
  return { ...before, prefilledMessage }
}

/** Deletes a short link: it opens no chat any more. @throws ApiError as `editShortLink` */
export async function removeShortLink(request: LinkRequest, deps: GatewayDeps): Promise<void> {
  const { code, id } = request.params
  const access = await accessTo(request, deps)
  const { prefilledMessage } = await getLink(deps, access, code)
  const object = { kind: 'client', id }
  const changes = { code: { before: code, after: null }, shortLink: { before: prefilledMessage, after: null } }
  await auditedChange(request, deps, {
    entry: { action: 'clients.shortLink', object, changes },
    refused: { action: 'clients.shortLinkRefused', object },
    call: () => deleteShortLink(deps.meta, access, code),
    failure: changeFailure(refusal),
  })
}

async function allLinks({ meta }: GatewayDeps, access: NumberAccess, format: QrImageFormat): Promise<ShortLink[]> {
  const links: ShortLink[] = []
  let after: string | null = null
  for (let page = 0; page < MAX_PAGES && links.length <= MAX_SHORT_LINKS; page++) {
    const read: ReturnType<typeof readShortLinks> = readShortLinks(
      answerOf(await askShortLinks(meta, access, { format, after }), refusal),
    )
    links.push(...read.links)
    after = read.after
    if (after === null) break
  }
  return links
}

/** Meta answers 100 for a code that it does not know. */
const UNKNOWN_CODE = 100

async function getLink({ meta }: GatewayDeps, access: NumberAccess, code: string): Promise<ShortLink> {
  const result = await askShortLink(meta, access, code)
  if (result.kind === 'refused' && result.error.code === UNKNOWN_CODE) throw notFound('Short link')
  const link = readOneShortLink(answerOf(result, refusal))
  if (link === null) throw notFound('Short link')
  return link
}

/** Error for what Meta refuses, at the text of the link. */
function refusal(failure: Failure): ApiError {
  if (failure.kind !== 'refused') throw new Error('only a refusal is left')
  const message = refusalText(failure)
  const errors = [{ path: 'prefilledMessage', message }]
  return new ApiError(422, 'SHORT_LINK_REFUSED', message, { errors, extra: saidByMeta(failure) })
}
