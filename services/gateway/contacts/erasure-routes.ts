import { createHmac } from 'node:crypto'
import { z } from 'zod'
import { finishErasure } from '#shared/erasure/erase.ts'
import { callerOf, route } from '#shared/http/route.ts'
import { toId } from '#shared/model/ids.ts'
import { beginErasure } from '#shared/store/contacts/erase-begin.ts'
import { recordAudit } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { IdParams } from '../schemas.ts'

const count = z.number().int()
const ErasedView = z.object({
  id: z.string(),
  erasedAt: z.iso.datetime(),
  /** How much was removed. */
  erased: z.object({
    messages: count,
    files: count,
    leads: count,
    notes: count,
    webhookEvents: count,
    deadLetters: count,
    recipients: count,
  }),
})

/** What a crash leaves undone is done by ingest's chores: from the first moment nobody finds the person. */
const erase = route({
  method: 'delete',
  path: '/api/v1/contacts/{id}',
  action: 'contacts.erase',
  tag: 'contacts',
  summary: 'Erase a person for good: name, keys, contents, files, leads, notes, webhooks, rows of audiences. Counts stay',
  params: IdParams,
  returns: ErasedView,
  async handle(request, deps: GatewayDeps) {
    const { tenantId, id: by } = callerOf(request)
    const { contact, events } = await beginErasure(deps.store, {
      tenantId: toId(tenantId),
      contactId: toId(request.params.id),
      by: toId(by),
      pseudonymOf: key => pseudonymOf(deps, tenantId, key),
      now: deps.now(),
    })
    await recordAudit(request, deps, { action: 'contacts.erase', object: { kind: 'contact', id: request.params.id } })
    void deps.events.publish(events, request.traceparent)
    const erasedAt = deps.now()
    const erased = await finishErasure(deps, contact, erasedAt)
    return { body: { id: request.params.id, erasedAt: erasedAt.toISOString(), erased } }
  },
})

export const erasureRoutes = [erase]

/** The same for the same number of a tenant, and to nobody without our secret any number's. */
function pseudonymOf({ config }: GatewayDeps, tenantId: string, key: string): string {
  const secret = createHmac('sha256', config.JWT_SECRET).update('erased people').digest()
  return `erased:${createHmac('sha256', secret).update(`${tenantId}:${key}`).digest('hex').slice(0, 32)}`
}
