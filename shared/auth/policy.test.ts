import { expect, test } from 'vitest'
import { ACTIONS, type Action, can, capRole, mayGrant, ROLES, roleFromForeign } from './policy.ts'

test.for<[Action, string[]]>([
  ['conversations.read', ['agent', 'manager', 'tenant_admin', 'platform_admin']],
  ['messages.send', ['agent', 'manager', 'tenant_admin', 'platform_admin']],
  ['templates.list', ['agent', 'manager', 'tenant_admin', 'platform_admin']],
  ['conversations.assign', ['manager', 'tenant_admin', 'platform_admin']],
  ['templates.write', ['manager', 'tenant_admin', 'platform_admin']],
  ['deadLetters.read', ['manager', 'tenant_admin', 'platform_admin']],
  ['webhookEvents.read', ['manager', 'tenant_admin', 'platform_admin']],
  ['analytics.read', ['manager', 'tenant_admin', 'platform_admin']],
  ['users.write', ['tenant_admin', 'platform_admin']],
  ['clients.write', ['tenant_admin', 'platform_admin']],
  ['auditLog.read', ['tenant_admin', 'platform_admin']],
  ['tenants.any', ['platform_admin']],
])('%s is for %j', ([action, roles]) => {
  expect(ROLES.filter(role => can(role, action))).toEqual(roles)
})

test('a platform admin may do everything in the table', () => {
  expect(ACTIONS.filter(action => !can('platform_admin', action))).toEqual([])
})

test('an action that is not in the table is forbidden, also the names of inherited properties', () => {
  for (const action of ['conversations.destroy', 'toString', '__proto__', 'constructor']) {
    expect(can('platform_admin', action as Action)).toBe(false)
  }
})

test('an unknown role is allowed nothing', () => {
  expect(ACTIONS.filter(action => can('root' as never, action))).toEqual([])
})

test('a requested role never exceeds the own one', () => {
  expect(capRole('platform_admin', 'agent')).toBe('agent')
  expect(capRole('agent', 'tenant_admin')).toBe('agent')
  expect(mayGrant('tenant_admin', 'platform_admin')).toBe(false)
  expect(mayGrant('tenant_admin', 'tenant_admin')).toBe(true)
})

test('[AU-11] [AU-12] role names of the former systems are mapped, unknown ones are not', () => {
  expect(roleFromForeign('SYSTEM_ADMINS', 'agent')).toBe('platform_admin')
  expect(roleFromForeign('COMPANIE_ROLES', 'manager')).toBe('manager')
  expect(roleFromForeign('SELLER', 'manager')).toBe('agent')
  expect(roleFromForeign('toString', 'manager')).toBeNull()
})
