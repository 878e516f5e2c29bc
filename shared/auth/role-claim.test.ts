import { expect, test } from 'vitest'
import { parseRoleMap, roleOfClaims } from './role-claim.ts'

const map = parseRoleMap('ops=platform_admin, admins = tenant_admin,support=agent,a=b=manager')

test.for<[claims: Record<string, unknown>, claim: string | null, role: string | null]>([
  [{ roles: ['support'] }, 'roles', 'agent'],
  [{ roles: 'support' }, 'roles', 'agent'],
  [{ roles: ['support', 'ops', 'admins'] }, 'roles', 'platform_admin'],
  [{ roles: ['a=b'] }, 'roles', 'manager'],
  [{ roles: ['strangers'] }, 'roles', null],
  [{ roles: [{ support: true }, 5, null] }, 'roles', null],
  [{}, 'roles', null],
  [{ realm_access: { roles: ['admins'] } }, 'realm_access.roles', 'tenant_admin'],
  [{ 'https://example.com/roles': ['admins'] }, 'https://example.com/roles', 'tenant_admin'],
  [{ roles: ['admins'] }, 'constructor.name', null],
  [{ roles: ['admins'] }, null, null],
])('claims %j by %s stand for %s', ([claims, claim, role]) => {
  expect(roleOfClaims(claims, { claim, map })).toBe(role)
})

test.for(['admins', '=agent', 'admins=root', 'admins=agent,x'])('%s is no map', text => {
  expect(() => parseRoleMap(text)).toThrow(/write|no role/)
})
