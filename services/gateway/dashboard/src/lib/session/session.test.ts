import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { setDraft } from '../drafts.ts'
import { keepEntry } from '../outbox/outbox-storage.ts'
import { accessToken, restoreSession, signOut } from './session.ts'
import { useSession } from './session-store.ts'

const user = { id: 'u', email: 'a@b', name: 'Amina', role: 'agent' as const, tenantId: 't' }
const session = { accessToken: 'token', expiresIn: 900, user }

/** What the server answers to each path behind `/api/v1/auth`; null: it is not reached. */
let server: Record<string, number | null> = {}
let asked: string[] = []

beforeEach(() => {
  asked = []
  server = { '/refresh': 200, '/logout': 204 }
  vi.stubGlobal('location', { assign: vi.fn(), reload: vi.fn(), origin: 'http://linko' })
  vi.stubGlobal('indexedDB', { deleteDatabase: vi.fn() })
  vi.stubGlobal('fetch', async (url: string) => {
    const path = url.replace('/api/v1/auth', '')
    asked.push(path)
    const status = server[path]
    if (status === null || status === undefined) throw new TypeError('Failed to fetch')
    return status === 200 ? Response.json(session) : new Response(status === 204 ? null : '{}', { status })
  })
  onTestFinished(() => void vi.unstubAllGlobals())
  useSession.setState({ status: 'unknown', user: null, token: null })
})

/** A page that was opened while somebody was signed in, and is opened anew. */
async function openedBefore(): Promise<void> {
  localStorage.setItem('linko.session', '1')
  await restoreSession()
  expect(useSession.getState()).toMatchObject({ status: 'signed-in', user, token: 'token' })
  useSession.setState({ status: 'unknown', user: null, token: null })
}

test('a page that is opened without network knows who was signed in, and goes on when the server answers', async () => {
  await openedBefore()
  server['/refresh'] = null
  await restoreSession()
  expect(useSession.getState()).toMatchObject({ status: 'unreachable', user, token: null })
  await expect(accessToken()).rejects.toMatchObject({ errorCode: 'UNREACHABLE' })
  server['/refresh'] = 200
  expect(await accessToken()).toBe('token')
  expect(useSession.getState().status).toBe('signed-in')
})

test('whose session has ended meanwhile is asked to sign in over the page', async () => {
  await openedBefore()
  server['/refresh'] = null
  await restoreSession()
  server['/refresh'] = 401
  await restoreSession()
  expect(useSession.getState()).toMatchObject({ status: 'expired', user })
})

test('nobody is known who never signed in, or signed out', async () => {
  server['/refresh'] = null
  await restoreSession()
  expect(useSession.getState()).toMatchObject({ status: 'signed-out', user: null })
  server['/refresh'] = 200
  await openedBefore()
  await signOut()
  expect(Object.keys(localStorage)).toEqual([])
})

test('a sign-out that the server did not hear is told when the page is opened next', async () => {
  await openedBefore()
  server['/logout'] = null
  await signOut()
  expect(Object.keys(localStorage)).toEqual(['linko.leaving'])
  useSession.setState({ status: 'unknown', user: null, token: null })
  await restoreSession()
  expect(Object.keys(localStorage)).toEqual(['linko.leaving'])
  server['/logout'] = 204
  asked = []
  await restoreSession()
  expect(asked).toEqual(['/logout'])
  expect(Object.keys(localStorage)).toEqual([])
  expect(useSession.getState().status).toBe('signed-out')
})

test('what is written last is not kept again while the page of the sign-out closes', async () => {
  await openedBefore()
  await restoreSession()
  setDraft('c', 'Confidential')
  await signOut()
  window.dispatchEvent(new Event('pagehide'))
  // A request that was under way fails now.
  const entry = { key: 'k', conversationId: 'c', path: '/messages', body: {}, preview: { type: 'text', text: 'Confidential' } }
  keepEntry({ ...entry, createdAt: '2026-11-30T10:00:00.000Z', state: 'waiting', problem: null })
  expect(Object.keys(localStorage)).toEqual([])
})
