import { expect, test } from 'vitest'
import type { UserDoc } from '#shared/model/documents.ts'
import type { UserChange } from '#shared/store/accounts/people.ts'
import { type Actor, enabledStatus, requireChange } from './rules.ts'

const user = (fields: Partial<UserDoc>) => ({ _id: 'their', role: 'agent', status: 'active', ...fields }) as unknown as UserDoc
const admin: Actor = { id: 'own', role: 'tenant_admin' }
const platform: Actor = { id: 'own', role: 'platform_admin' }
const gone = { deletedAt: new Date(), status: 'disabled' } as const

test.for<
  [why: string, actor: Actor, before: Partial<UserDoc>, change: UserChange, hasOtherAdmin: boolean, refused: string | null]
>([
  ['an agent is made a manager', admin, {}, { role: 'manager' }, true, null],
  ['an agent is made an admin', admin, {}, { role: 'tenant_admin' }, true, null],
  ['nobody gives a role above their own', admin, {}, { role: 'platform_admin' }, true, 'ROLE_TOO_HIGH'],
  ['nobody changes who is above them, not even a name', admin, { role: 'platform_admin' }, { name: 'A' }, true, 'ROLE_TOO_HIGH'],
  ['nobody disables who is above them', admin, { role: 'platform_admin' }, { status: 'disabled' }, true, 'ROLE_TOO_HIGH'],
  ['an admin may go while another is there', admin, { role: 'tenant_admin' }, { role: 'agent' }, true, null],
  ['the last admin keeps the role', platform, { role: 'tenant_admin' }, { role: 'agent' }, false, 'LAST_ADMIN'],
  ['the last admin stays enabled', platform, { role: 'tenant_admin' }, { status: 'disabled' }, false, 'LAST_ADMIN'],
  ['the last admin stays', platform, { role: 'tenant_admin' }, gone, false, 'LAST_ADMIN'],
  ['an admin who never came may go', platform, { role: 'tenant_admin', status: 'invited' }, gone, false, null],
  ['the last admin is renamed', platform, { role: 'tenant_admin' }, { name: 'A' }, false, null],
  ['nobody changes their own role', platform, { _id: 'own' as never }, { role: 'manager' }, true, 'OWN_ACCOUNT'],
  ['nobody deletes themselves', platform, { _id: 'own' as never, role: 'platform_admin' }, gone, true, 'OWN_ACCOUNT'],
  ['everybody changes their own name', admin, { _id: 'own' as never, role: 'tenant_admin' }, { name: 'A' }, false, null],
])('[AU-09] %s', ([, actor, before, change, hasOtherAdmin, refused]) => {
  const ask = () => requireChange(actor, user(before), change, hasOtherAdmin)
  if (refused === null) expect(ask).not.toThrow()
  else expect(ask).toThrow(expect.objectContaining({ errorCode: refused }))
})

test('who is enabled without a password has still to follow a link', () => {
  expect(enabledStatus({ passwordHash: null })).toBe('invited')
  expect(enabledStatus({ passwordHash: 'x' })).toBe('active')
})
