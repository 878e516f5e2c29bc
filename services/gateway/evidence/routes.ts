import { z } from 'zod'
import { type EvidenceKey, evidenceKeys } from '#shared/auth/evidence.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { REDACTIONS } from '#shared/domain/messages/redact.ts'
import { callerOf, type Reply, route } from '#shared/http/route.ts'
import { zipOf } from '#shared/storage/zip.ts'
import { getConversation } from '#shared/store/inbox/conversations.ts'
import { getMessage, messageIdsBetween } from '#shared/store/inbox/messages.ts'
import { recordAudit } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { IdParams, listOf, Time, wholeList } from '../schemas.ts'
import { evidenceFiles } from './bundle.ts'

const tag = 'messages'
const action = 'messages.evidence'

/** Most messages of one bundle. */
const MOST_MESSAGES = 1000

const Redact = z
  .string()
  .regex(/^(content|people)(,(content|people))?$/, 'Must be content, people, or both, separated by a comma')
  .transform(text => REDACTIONS.filter(what => text.split(',').includes(what)))
  .default([])
  .describe('What is left out: `content` (texts, files), `people` (names and numbers of the customer)')

const EvidenceKeyView = z.object({
  fingerprint: z.string().describe('What the verifier is told, by another way than the bundle'),
  publicKey: z.string().describe('PEM'),
  isPresent: z.boolean().describe('Whether new bundles are signed with it'),
})

const bundle = route({
  method: 'get',
  path: '/api/v1/messages/by-id/{id}/evidence',
  action,
  tag,
  summary:
    'Evidence about a message as a signed ZIP: raw webhooks, attempts, reports, hops; checked by `npm run verify-evidence`',
  params: IdParams,
  query: z.strictObject({ redact: Redact }),
  produces: ['application/zip'],
  async handle(request, deps: GatewayDeps) {
    const { tenantId } = callerOf(request)
    const message = await getMessage(deps.store, tenantId, request.params.id)
    const conversation = await getConversation(deps.store, tenantId, String(message.conversationId))
    const [key] = keysOf(deps)
    const id = String(message._id)
    await recordAudit(request, deps, { action, object: { kind: 'message', id } })
    const about = { kind: 'message' as const, messageId: id, externalMessageId: message.wamid ?? null }
    const subject = { conversation, messageIds: [message._id], from: message.createdAt, about }
    return zipReply(id, evidenceFiles(deps, subject, key, request.query.redact))
  },
})

const conversationBundle = route({
  method: 'get',
  path: '/api/v1/conversations/{id}/evidence',
  action,
  tag,
  summary: 'Evidence about the messages of a conversation in a range of time, as a signed ZIP',
  params: IdParams,
  query: z.strictObject({
    from: Time.describe('Messages at this time or later'),
    to: Time.describe(`Messages before this time; at most ${MOST_MESSAGES} in all`),
    redact: Redact,
  }),
  produces: ['application/zip'],
  async handle(request, deps: GatewayDeps) {
    const { tenantId } = callerOf(request)
    const conversation = await getConversation(deps.store, tenantId, request.params.id)
    const { from, to, redact } = request.query
    const id = String(conversation._id)
    const messageIds = await messageIdsBetween(deps.store, tenantId, id, { from, to }, MOST_MESSAGES + 1)
    if (messageIds.length === 0) throw new ApiError(404, 'NOT_FOUND', 'The conversation has no message in this time.')
    if (messageIds.length > MOST_MESSAGES)
      throw new ApiError(
        422,
        'EVIDENCE_TOO_LARGE',
        `The conversation has more than ${MOST_MESSAGES} messages in this time. Choose a shorter one.`,
        { parameters: { most: MOST_MESSAGES } },
      )
    const [key] = keysOf(deps)
    await recordAudit(request, deps, { action, object: { kind: 'conversation', id } })
    const range = { from: from.toISOString(), to: to.toISOString() }
    const about = { kind: 'conversation' as const, conversationId: id, ...range, messages: messageIds.length }
    return zipReply(id, evidenceFiles(deps, { conversation, messageIds, from, about }, key, redact))
  },
})

const keys = route({
  method: 'get',
  path: '/api/v1/evidence-keys',
  action,
  tag,
  summary: 'Public keys of the installation that bundles of evidence are signed with, the present one first',
  returns: listOf(EvidenceKeyView),
  async handle(_request, deps: GatewayDeps) {
    const shown = keysOf(deps).map(({ fingerprint, publicKey }, i) => ({ fingerprint, publicKey, isPresent: i === 0 }))
    return { body: wholeList(shown) }
  },
})

export const evidenceRoutes = [bundle, conversationBundle, keys]

function zipReply(id: string, files: ReturnType<typeof evidenceFiles>): Reply {
  const headers = { 'content-type': 'application/zip', 'content-disposition': `attachment; filename="evidence-${id}.zip"` }
  return { stream: zipOf(files), headers }
}

/** @throws ApiError 409 without an encryption key, from which they are derived */
function keysOf({ keyring }: GatewayDeps): [EvidenceKey, ...EvidenceKey[]] {
  const [first, ...more] = keyring ? evidenceKeys(keyring) : []
  if (first === undefined)
    throw new ApiError(409, 'EVIDENCE_KEY_MISSING', 'The installation has no encryption key, so that nothing can be signed.')
  return [first, ...more]
}
