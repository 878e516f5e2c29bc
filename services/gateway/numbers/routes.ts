import { z } from 'zod'
import { tokenOf } from '#shared/auth/client-tokens.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { numberReasonKey } from '#shared/domain/numbers/reasons.ts'
import { problemSentence, UNREADABLE_TOKEN } from '#shared/domain/numbers/token-health.ts'
import { callerOf, type Reply, type RouteRequest, route } from '#shared/http/route.ts'
import { inspectToken } from '#shared/meta/tokens.ts'
import type { ClientDoc, WebhookElsewhere } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { changesOf } from '#shared/store/accounts/audit.ts'
import {
  type ClientChange,
  editClient,
  getClient,
  listClients,
  type NumberInput,
  pauseClient,
  resumeClient,
} from '#shared/store/numbers/clients.ts'
import { shownPhone } from '#shared/views/views.ts'
import { audited } from '../audit.ts'
import { metaAppOf } from '../config.ts'
import type { GatewayDeps } from '../deps.ts'
import { IdParams, listOf, SentenceKeyView, ShortPaging, wholeList } from '../schemas.ts'
import { AboutNumber } from './about.ts'

const tag = 'numbers'

const NumberView = z.object({
  id: z.string(),
  companyName: z.string().nullable(),
  email: z.string().nullable(),
  /** Id of its person on the tenant's own platform. */
  userId: z.string().nullable(),
  whatsappNumber: z.string().nullable(),
  verifiedName: z.string().nullable(),
  phoneNumberId: z.string(),
  wabaId: z.string(),
  isPrimary: z.boolean(),
  coexistence: z.boolean(),
  status: z.enum(['active', 'disconnected', 'suspended', 'paused']),
  reason: z.string().nullable(),
  /** The reason as a stable name with values, for texts in other languages; null for one that a person gave. */
  reasonKey: SentenceKeyView.nullable(),
  pauseReason: z.string().nullable(),
  /** WhatsApp's error code that caused the pause. */
  pauseCode: z.number().int().nullable(),
  qualityRating: z.string(),
  messagingLimit: z.number().nullable(),
  throughput: z.number(),
  username: z.string().nullable(),
  accountReview: z.enum(['APPROVED', 'REJECTED', 'PENDING', 'DEFERRED']).nullable(),
  maxPhoneNumbers: z.number().int().nullable(),
  /** End of a restriction by WhatsApp, when the number resumes by itself. */
  restrictedUntil: z.iso.datetime().nullable(),
  /** Time until which campaigns wait and only replies are sent, because WhatsApp found too many messages unwanted. */
  campaignsHeldUntil: z.iso.datetime().nullable(),
  /** Restriction to replies: campaigns and templates outside a service window wait. `until` is null if WhatsApp gave no end. */
  repliesOnly: z.object({ reason: z.string(), until: z.iso.datetime().nullable() }).nullable(),
  /** Notices from WhatsApp about the number or its account, newest first. */
  notices: z.array(
    z.object({
      type: z.string(),
      severity: z.enum(['CRITICAL', 'WARNING', 'INFORMATIONAL']),
      text: z.string(),
      at: z.iso.datetime(),
    }),
  ),
  tokenExpiry: z.iso.datetime().nullable(),
  /** Result of the latest token check; null before the first. */
  tokenValid: z.boolean().nullable(),
  tokenScopes: z.array(z.string()),
  tokenCheckedAt: z.iso.datetime().nullable(),
  dataAccessExpiry: z.iso.datetime().nullable(),
  /** WhatsApp's status of the display name and of the number. */
  nameStatus: z.string().nullable(),
  metaStatus: z.string().nullable(),
  webhookElsewhere: z
    .object({ url: z.string(), of: z.enum(['number', 'account', 'app']), expected: z.string() })
    .nullable()
    .describe('Set while WhatsApp sends the webhooks of the number to another address than Linko’s: nothing arrives'),
  healthCheckedAt: z.iso.datetime().nullable(),
  connectedAt: z.iso.datetime().nullable(),
  disconnectedAt: z.iso.datetime().nullable(),
})

/** Read routes under both paths: the older systems call a connected number a client. */
const reads = ['/api/v1/phone-numbers', '/api/v1/clients'].flatMap(path => [
  route({
    method: 'get',
    path,
    action: 'clients.read',
    tag,
    summary: 'List connected numbers, the primary number first',
    query: z.strictObject(ShortPaging),
    returns: listOf(NumberView),
    async handle(request, { store }: GatewayDeps) {
      return { body: wholeList((await listClients(store, callerOf(request).tenantId)).map(numberView), request.query) }
    },
  }),
  route({
    method: 'get',
    path: `${path}/{id}`,
    action: 'clients.read',
    tag,
    summary: 'Get a connected number',
    params: IdParams,
    returns: NumberView,
    async handle(request, { store }: GatewayDeps) {
      return { body: numberView(await getClient(store, callerOf(request).tenantId, request.params.id)) }
    },
  }),
])

const moves = ['/api/v1/phone-numbers', '/api/v1/clients'].flatMap(path => [
  route({
    method: 'post',
    path: `${path}/{id}/pause`,
    action: 'clients.pause',
    tag,
    summary: 'Pause all sends of a number; messages wait',
    params: IdParams,
    body: z.strictObject({ detail: z.string().max(500).default('paused by hand') }),
    returns: NumberView,
    handle: (request, deps: GatewayDeps) => change(request, deps, 'pause', request.body.detail),
  }),
  route({
    method: 'post',
    path: `${path}/{id}/resume`,
    action: 'clients.pause',
    tag,
    summary: 'Resume the sends of a number; 409 TOKEN_INVALID while WhatsApp refuses its token, unless forced',
    params: IdParams,
    body: z.strictObject({ force: z.boolean().default(false) }),
    returns: NumberView,
    handle: (request, deps: GatewayDeps) => change(request, deps, 'resume', '', request.body.force),
  }),
  route({
    method: 'patch',
    path: `${path}/{id}`,
    action: 'clients.write',
    tag,
    summary: 'Change who a number belongs to, or make it the primary number, which sends messages that name no number',
    params: IdParams,
    body: z
      .strictObject({
        ...AboutNumber,
        isPrimary: z.literal(true).optional().describe('Replace the present primary number'),
      })
      .refine(input => Object.keys(input).length > 0, { error: 'Give at least one field to change' }),
    returns: NumberView,
    handle: editNumber,
  }),
])

export const numberRoutes = [...reads, ...moves]

async function editNumber(request: RouteRequest<{ id: string }, unknown, NumberInput>, deps: GatewayDeps): Promise<Reply> {
  const { tenantId, id: by } = callerOf(request)
  const before = await getClient(deps.store, tenantId, request.params.id)
  const entry = audited<ClientDoc>(request, deps, numberEdited(before))
  const after = await editClient(deps.store, before, request.body, by, entry)
  return { body: numberView(after) }
}

/** Audit entry of a changed number. */
export const numberEdited = (before: ClientDoc) => (after: ClientDoc) => ({
  action: 'clients.update',
  object: { kind: 'client', id: String(after._id) },
  changes: changesOf(before, after, ['companyName', 'email', 'userId', 'isPrimary']),
})

async function change(
  request: RouteRequest<{ id: string }, unknown, unknown>,
  deps: GatewayDeps,
  what: 'pause' | 'resume',
  detail: string,
  isForced = false,
): Promise<Reply> {
  const caller = callerOf(request)
  const client = await getClient(deps.store, caller.tenantId, request.params.id)
  if (what === 'resume' && client.status === 'paused' && !isForced) await requireValidToken(deps, client)
  const by = toId(caller.id)
  const where = { tenantId: caller.tenantId, clientId: client._id, by }
  const entry = audited<ClientChange>(request, deps, ({ client: after }) => ({
    action: `clients.${what}`,
    object: { kind: 'client', id: String(client._id) },
    changes: { status: { before: client.status, after: after.status } },
  }))
  const changed =
    what === 'pause'
      ? await pauseClient(deps.store, { ...where, reason: 'manual', detail }, entry)
      : await resumeClient(deps.store, where, entry)
  if (changed === null) throw new ApiError(409, 'NUMBER_STATE', `The number cannot be ${what}d while it is ${client.status}.`)
  void deps.events.publish([changed.event], request.traceparent)
  return { body: numberView(changed.client) }
}

/**
 * Requires that Meta accepts the number's token, since it would otherwise pause again at once. The check passes while Meta is
 * unavailable. @throws ApiError 409 TOKEN_INVALID
 */
async function requireValidToken({ meta, config, keyring }: GatewayDeps, client: ClientDoc): Promise<void> {
  if (keyring === null || client.accessToken === null) return
  const token = tokenOf(keyring, client)
  if (token === null) throw tokenInvalid(UNREADABLE_TOKEN)
  const facts = await inspectToken(meta, metaAppOf(config), token)
  if (facts?.isValid === false) throw tokenInvalid(problemSentence(facts.problem))
}

const tokenInvalid = (sentence: string) =>
  new ApiError(409, 'TOKEN_INVALID', sentence, { detailKey: numberReasonKey(sentence) ?? undefined })

function numberView(doc: ClientDoc): z.infer<typeof NumberView> {
  return {
    id: String(doc._id),
    companyName: doc.companyName ?? null,
    email: doc.email ?? null,
    userId: doc.userId ?? null,
    whatsappNumber: shownPhone(doc.whatsappNumber),
    verifiedName: doc.verifiedName ?? null,
    phoneNumberId: doc.phoneNumberId,
    wabaId: doc.wabaId,
    isPrimary: doc.isPrimary,
    coexistence: doc.coexistence,
    status: doc.status,
    reason: doc.statusReason ?? null,
    reasonKey: numberReasonKey(doc.statusReason),
    pauseReason: doc.pauseReason ?? null,
    pauseCode: doc.pauseCode ?? null,
    qualityRating: doc.qualityRating,
    messagingLimit: doc.messagingLimit ?? null,
    throughput: doc.throughput,
    username: doc.username ?? null,
    accountReview: doc.accountReview ?? null,
    maxPhoneNumbers: doc.maxPhoneNumbers ?? null,
    restrictedUntil: doc.restrictedUntil?.toISOString() ?? null,
    campaignsHeldUntil: doc.campaignsHeldUntil?.toISOString() ?? null,
    repliesOnly: doc.repliesOnly ? { reason: doc.repliesOnly.reason, until: doc.repliesOnly.until?.toISOString() ?? null } : null,
    notices: (doc.notices ?? []).map(({ type, severity, text, at }) => ({ type, severity, text, at: at.toISOString() })),
    tokenExpiry: doc.tokenExpiry?.toISOString() ?? null,
    tokenValid: doc.tokenValid ?? null,
    tokenScopes: doc.tokenScopes ?? [],
    tokenCheckedAt: doc.tokenCheckedAt?.toISOString() ?? null,
    dataAccessExpiry: doc.dataAccessExpiry?.toISOString() ?? null,
    nameStatus: doc.nameStatus ?? null,
    metaStatus: doc.metaStatus ?? null,
    webhookElsewhere: shownWebhook(doc.webhookElsewhere ?? null),
    healthCheckedAt: doc.healthCheckedAt?.toISOString() ?? null,
    connectedAt: doc.connectedAt?.toISOString() ?? null,
    disconnectedAt: doc.disconnectedAt?.toISOString() ?? null,
  }
}

/** Without what may be a secret in the address: user, password, query. */
function shownWebhook(webhook: WebhookElsewhere | null): WebhookElsewhere | null {
  if (webhook === null) return null
  const { origin, pathname } = URL.parse(webhook.url) ?? { origin: '', pathname: '' }
  return { ...webhook, url: `${origin}${pathname}` }
}
