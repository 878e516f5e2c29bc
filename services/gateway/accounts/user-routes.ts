import { z } from 'zod'
import { AVAILABILITIES, type AvailabilityChanged, availabilityChannel } from '#shared/contracts/availability.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { callerOf, route } from '#shared/http/route.ts'
import { setAvailability } from '#shared/store/accounts/users.ts'
import type { GatewayDeps } from '../deps.ts'

const Availability = z.object({ availability: z.enum(AVAILABILITIES) })

const availability = route({
  method: 'put',
  path: '/api/v1/users/me/availability',
  action: 'users.availability',
  tag: 'users',
  summary: 'Say whether I take new conversations; colleagues see it at once, and automatic assignment heeds it',
  body: z.strictObject(Availability.shape),
  returns: Availability,
  async handle(request, deps: GatewayDeps) {
    const { kind, id: userId, homeTenantId: tenantId, name } = callerOf(request)
    if (kind !== 'user') throw new ApiError(403, 'FORBIDDEN', 'An API key is no agent')
    const { availability } = request.body
    await setAvailability(deps.store, tenantId, userId, availability)
    await tell(deps, { tenantId, userId, name, availability })
    return { body: { availability } }
  },
})

export const userRoutes = [availability]

/** Not durable: who connects later is told by `session:ready`. */
async function tell({ redis, store, log }: GatewayDeps, changed: AvailabilityChanged): Promise<void> {
  await redis
    .publish(availabilityChannel(store.connection.name), JSON.stringify(changed))
    .catch(error => log.warn({ err: error }, 'availability not announced'))
}
