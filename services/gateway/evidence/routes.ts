import { z } from 'zod'
import { type EvidenceKey, evidenceKeys } from '#shared/auth/evidence.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { callerOf, route } from '#shared/http/route.ts'
import { zipOf } from '#shared/storage/zip.ts'
import { getMessage } from '#shared/store/inbox/messages.ts'
import { recordAudit } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { IdParams, listOf, wholeList } from '../schemas.ts'
import { evidenceFiles } from './bundle.ts'

const tag = 'messages'
const action = 'messages.evidence'

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
  produces: ['application/zip'],
  async handle(request, deps: GatewayDeps) {
    const message = await getMessage(deps.store, callerOf(request).tenantId, request.params.id)
    const [key] = keysOf(deps)
    const id = String(message._id)
    await recordAudit(request, deps, { action, object: { kind: 'message', id } })
    const headers = { 'content-type': 'application/zip', 'content-disposition': `attachment; filename="evidence-${id}.zip"` }
    return { stream: zipOf(evidenceFiles(deps, message, key)), headers }
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

export const evidenceRoutes = [bundle, keys]

/** @throws ApiError 409 without an encryption key, from which they are derived */
function keysOf({ keyring }: GatewayDeps): [EvidenceKey, ...EvidenceKey[]] {
  const [first, ...more] = keyring ? evidenceKeys(keyring) : []
  if (first === undefined)
    throw new ApiError(409, 'EVIDENCE_KEY_MISSING', 'The installation has no encryption key, so that nothing can be signed.')
  return [first, ...more]
}
