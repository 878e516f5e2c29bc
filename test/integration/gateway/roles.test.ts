import { Types } from 'mongoose'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { routes } from '#services/gateway/routes.ts'
import { createApiKey } from '#shared/auth/api-keys.ts'
import { ACTIONS, type Action, ROLES } from '#shared/auth/policy.ts'
import type { Id, Role } from '#shared/model/documents.ts'
import { asTenant } from '#shared/store/tenancy/tenancy.ts'
import { ROUTE_ROWS, type RouteRow } from '#test/support/route-rows.ts'
import { createWorld } from '#test/support/world.ts'
import { type Gateway, openGateway, PEOPLE, type Person } from '#test/support/worlds/gateway.ts'
import { tokenOf, userByEmail } from '#test/support/worlds/realtime.ts'

vi.setConfig({ testTimeout: 120_000 })

const PERSON_OF: Record<Role, Person> = { agent: 'agent', manager: 'manager', tenant_admin: 'admin', platform_admin: 'platform' }
const stack = new AsyncDisposableStack()
let gateway: Gateway
/** Tokens of people and keys that may not come in any more. */
let shutOut: { disabledUser: string; closedUser: string; closedKey: string }
let demo: Id

beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld())))
  demo = (await userByEmail(gateway.store, PEOPLE.agent)).tenantId
  const closed = (await gateway.store.models.tenants.create({ name: 'Closed', status: 'deactivated' } as never))._id
  const tokens = await Promise.all([user(demo, 'disabled'), user(closed, 'active')])
  const key = await keyOf(closed, 'tenant_admin', ['*'])
  shutOut = { disabledUser: tokens[0], closedUser: tokens[1], closedKey: key }
})
afterAll(() => stack.disposeAsync())

/** Token of a new tenant admin. */
async function user(tenantId: Id, status: 'active' | 'disabled'): Promise<string> {
  const email = `${new Types.ObjectId()}@example.com`
  const row = { tenantId, email, name: 'A', passwordHash: null, role: 'tenant_admin', status }
  const { models } = gateway.store
  await asTenant(tenantId, async () => await models.users.create(row as never))
  return tokenOf(await userByEmail(gateway.store, email), 3_600_000)
}

const keyOf = async (tenantId: Id, role: Role, scopes: string[]) =>
  (await asTenant(tenantId, () => createApiKey(gateway.store, { tenantId, name: 'key', role, scopes }))).key

const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`

test('[AU-13] every route has a row in test/support/route-rows.ts, and every row has a route', () => {
  expect(Object.keys(ROUTE_ROWS).toSorted()).toEqual(routes.map(nameOf).toSorted())
})

test('[AU-13] every route names an action of the policy, or is public by its row', () => {
  for (const route of routes) {
    if (route.action !== null) expect(ACTIONS).toContain(route.action)
    expect([nameOf(route), route.action === null]).toEqual([nameOf(route), ROUTE_ROWS[nameOf(route)]?.least === null])
  }
})

const guarded = routes.flatMap(route => {
  const row = ROUTE_ROWS[nameOf(route)]
  return route.action !== null && row?.least ? [[nameOf(route), { ...route, action: route.action }, row] as const] : []
})

describe('of the people and keys that may and may not', () => {
  test.for(guarded)('[AU-04] [AU-10] [AU-13] %s', async ([, { method, path, action }, row]) => {
    // Of things that do not exist: who may gets another refusal than 403.
    const at = path.replace('{sessionId}', '00000000-0000-4000-8000-000000000000').replace(/\{\w+\}/g, '0'.repeat(24))
    const body = method === 'get' ? undefined : {}
    const ask = async (who: { as?: Person; token?: string }) => {
      const answer = await gateway.call(method.toUpperCase(), at, { ...who, body })
      expect(answer.status).toBeLessThan(500)
      return answer
    }
    const refusal = async (who: { as?: Person; token?: string }) => {
      const { status, body } = await ask(who)
      return status === 401 || status === 403 ? `${status} ${body.errorCode}` : 'none'
    }

    expect(await refusal({})).toBe('401 UNAUTHENTICATED')
    for (const role of ROLES)
      expect([role, await refusal({ as: PERSON_OF[role] })]).toEqual([role, mayCall(row, role) ? 'none' : '403 FORBIDDEN'])
    expect(await refusal({ token: shutOut.disabledUser })).toBe('401 UNAUTHENTICATED')
    expect(await refusal({ token: shutOut.closedUser })).toBe('403 TENANT_INACTIVE')
    expect(await refusal({ token: shutOut.closedKey })).toBe('403 TENANT_INACTIVE')

    const others = ACTIONS.filter(other => other !== action)
    expect(await refusal({ token: await keyOf(demo, 'platform_admin', others) })).toBe('403 FORBIDDEN')
    const withScope = await refusal({ token: await keyOf(demo, row.least as Role, [action satisfies Action]) })
    // Some of these find fault with the empty body first.
    if (row.isOfPeople) expect(['none', '403 FORBIDDEN']).toContain(withScope)
    else expect(withScope).toBe('none')
  })
})

const mayCall = ({ least }: RouteRow, role: Role) => least !== null && ROLES.indexOf(role) >= ROLES.indexOf(least)
