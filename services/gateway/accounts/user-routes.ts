import { z } from 'zod'
import { AVAILABILITIES, type AvailabilityChanged, availabilityChannel } from '#shared/contracts/availability.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { callerOf, route } from '#shared/http/route.ts'
import { setAvailability } from '#shared/store/accounts/users.ts'
import { asTenant } from '#shared/store/tenancy/tenancy.ts'
import type { GatewayDeps } from '../deps.ts'

const Availability = z.object({ availability: z.enum(AVAILABILITIES) })

const availability = route({
  method: 'put',
  path: '/api/v1/users/me/availability',
  action: 'users.availability',
  tag: 'users',
  summary: 'Set your availability for new conversations; automatic assignment respects it',
  body: z.strictObject(Availability.shape),
  returns: Availability,
  async handle(request, deps: GatewayDeps) {
    const { kind, id: userId, homeTenantId: tenantId, name } = callerOf(request)
    if (kind !== 'user') throw new ApiError(403, 'FORBIDDEN', 'An API key has no availability. Sign in as a user.')
    const { availability } = request.body
    // A platform admin who acts in another tenant still belongs to their own.
    await asTenant(tenantId, () => setAvailability(deps.store, tenantId, userId, availability))
    await announce(deps, { tenantId, userId, name, availability })
    return { body: { availability } }
  },
})

export const userRoutes = [availability]

/** Announces a changed availability to connected users. Not durable: a later connection gets it with `session:ready`. */
async function announce({ redis, store, log }: GatewayDeps, changed: AvailabilityChanged): Promise<void> {
  await redis
    .publish(availabilityChannel(store.connection.name), JSON.stringify(changed))
    .catch(error => log.warn({ err: error }, 'availability change not published'))
}
