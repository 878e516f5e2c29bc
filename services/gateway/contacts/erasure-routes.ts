import { createHmac } from 'node:crypto'
import { z } from 'zod'
import { finishErasure } from '#shared/erasure/erase.ts'
import { callerOf, route } from '#shared/http/route.ts'
import { toId } from '#shared/model/ids.ts'
import { beginErasure } from '#shared/store/contacts/erase-begin.ts'
import { audited } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { IdParams } from '../schemas.ts'

const count = z.number().int()
const ErasedView = z.object({
  id: z.string(),
  erasedAt: z.iso.datetime(),
  /** Number of removed records by kind. */
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

/**
 * Erases a contact. The contact is hidden in one transaction before anything is removed; a removal that a crash interrupts is
 * finished by ingest's background jobs.
 */
const erase = route({
  method: 'delete',
  path: '/api/v1/contacts/{id}',
  action: 'contacts.erase',
  tag: 'contacts',
  summary: 'Erase a contact permanently: identifiers, messages, files, leads, notes, webhooks and audience rows; counts remain',
  params: IdParams,
  returns: ErasedView,
  async handle(request, deps: GatewayDeps) {
    const { tenantId, id: by } = callerOf(request)
    const order = {
      tenantId: toId(tenantId),
      contactId: toId(request.params.id),
      by: toId(by),
      pseudonymOf: (key: string) => pseudonymOf(deps, tenantId, key),
      now: deps.now(),
    }
    const object = { kind: 'contact', id: request.params.id }
    const entry = audited(request, deps, () => ({ action: 'contacts.erase', object }))
    const { contact, events } = await beginErasure(deps.store, order, entry)
    void deps.events.publish(events, request.traceparent)
    const erasedAt = deps.now()
    const erased = await finishErasure(deps, contact, erasedAt)
    return { body: { id: request.params.id, erasedAt: erasedAt.toISOString(), erased } }
  },
})

export const erasureRoutes = [erase]

/** Pseudonym of a recipient key: stable within a tenant, and not reversible without `JWT_SECRET`. */
function pseudonymOf({ config }: GatewayDeps, tenantId: string, key: string): string {
  const secret = createHmac('sha256', config.JWT_SECRET).update('erased people').digest()
  return `erased:${createHmac('sha256', secret).update(`${tenantId}:${key}`).digest('hex').slice(0, 32)}`
}
