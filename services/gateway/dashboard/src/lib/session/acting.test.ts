import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { get } from '../api/client.ts'
import type { SessionUser } from '../api/types.ts'
import { keepEntry, keptEntries } from '../outbox/outbox-storage.ts'
import { actIn, actingHeaders, actingNow, forgetActing } from './acting.ts'
import { useSession } from './session-store.ts'

const BETA = { id: '0000000000000000000000bb', name: 'Beta' }
const user = (more: Partial<SessionUser> = {}): SessionUser => ({
  ...{ id: 'u1', email: 'p@example.com', name: 'Platform', role: 'platform_admin' as const, tenantId: 'own' },
  ...more,
})
const signedIn = (more?: Partial<SessionUser>) => useSession.setState({ status: 'signed-in', token: 't', user: user(more) })

beforeEach(() => {
  forgetActing()
  signedIn()
  vi.stubGlobal('location', { assign: vi.fn(), origin: 'http://linko' })
  onTestFinished(() => void vi.unstubAllGlobals())
})

test('requests go into the other account, but not those of one’s own session and of the platform', async () => {
  expect(actingHeaders('/conversations')).toEqual({})
  actIn(BETA)
  expect(location.assign).toHaveBeenCalledWith('/inbox?tab=all')
  for (const path of ['/conversations', '/tenantsettings', '/users?limit=1'])
    expect(actingHeaders(path)).toEqual({ 'x-organization-id': BETA.id })
  for (const path of ['/auth/me', '/users/me/availability', '/tenants', '/tenants/x/status', '/tenants?q=a'])
    expect(actingHeaders(path)).toEqual({})
  const sent: unknown[] = []
  vi.stubGlobal('fetch', async (_url: string, { headers }: RequestInit) => {
    sent.push((headers as Record<string, string>)['x-organization-id'])
    return Response.json({})
  })
  await get('/labels')
  await get('/auth/sessions')
  expect(sent).toEqual([BETA.id, undefined])
})

test('nobody else takes it over, and no role that may not', () => {
  actIn(BETA)
  expect(actingNow()?.name).toBe('Beta')
  signedIn({ id: 'u2' })
  expect(actingNow()).toBeNull()
  signedIn({ role: 'tenant_admin' })
  expect(actingHeaders('/conversations')).toEqual({})
})

test('what waits to be sent stays in the account in which it was written', () => {
  const entry = { key: 'k1', conversationId: 'c', path: '/messages', body: {}, preview: { type: 'text', text: 'a' } }
  keepEntry({ ...entry, createdAt: '2026-11-29T10:00:00.000Z', state: 'waiting', problem: null })
  expect(keptEntries()).toHaveLength(1)
  actIn(BETA)
  expect(keptEntries()).toEqual([])
  keepEntry({ ...entry, key: 'k2', createdAt: '2026-11-29T10:00:00.000Z', state: 'waiting', problem: null })
  expect(keptEntries().map(({ key }) => key)).toEqual(['k2'])
  forgetActing()
  expect(keptEntries().map(({ key }) => key)).toEqual(['k1'])
})
