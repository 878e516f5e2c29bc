import { expect, test } from 'vitest'
import { can } from '#shared/auth/policy.ts'
import { NAV, type NavItem, phoneBar } from './nav.ts'

const ROLES = ['agent', 'manager', 'tenant_admin', 'platform_admin'] as const

test.for(ROLES)('the bar of a phone has at most five entries for a %s, and no page is lost', role => {
  const allowed = NAV.filter(({ action }) => action === null || can(role, action))
  const { bar, more } = phoneBar(allowed)
  // More is the fifth.
  expect(bar.length).toBeLessThanOrEqual(4)
  expect(bar[0]?.to).toBe('/inbox/{-$conversationId}')
  expect(new Set([...bar, ...more])).toEqual(new Set(allowed))
})

test('managers have what runs in the bar before what is looked up, in the order of the rail', () => {
  const pages = ['/inbox/{-$conversationId}', '/contacts', '/templates', '/campaigns', '/numbers', '/analytics', '/operations']
  const { bar, more } = phoneBar(pages.map(to => ({ to })) as NavItem[])
  expect(bar.map(({ to }) => to as string)).toEqual(['/inbox/{-$conversationId}', '/campaigns', '/numbers', '/operations'])
  expect(more.map(({ to }) => to as string)).toEqual(['/contacts', '/templates', '/analytics'])
})
