import { problemOf, unreachable } from '../api/problem.ts'
import type { SessionBody, SessionUser, SignedIn } from '../api/types.ts'
import { forgetActing } from './acting.ts'
import { useSession } from './session-store.ts'
import { alone, listenToTabs, tellTabs } from './tabs.ts'

/** Set while this browser may hold the cookie of a session, so that a visitor who never signed in is not asked for one. */
const HINT = 'linko.session'
/** Keys of what belongs to one person begin with this, and go with their sign-out. */
export const PERSONAL = 'linko.own.'
/** Who is signed in, so that the page knows whose drafts to show while the server cannot be asked. */
const PERSON = `${PERSONAL}person`
/** Set while the server has not heard of a sign-out. */
const LEAVING = 'linko.leaving'
/** Database of the files that wait to be sent; it goes with the sign-out too. */
export const FILES = 'linko.files'

/**
 * The access token; null for nobody. While the server could not be asked who is signed in, it is asked.
 * @throws Problem when the server still cannot be reached
 */
export async function accessToken(): Promise<string | null> {
  const { status, token } = useSession.getState()
  return status === 'unreachable' ? await renewToken(null) : token
}

let renewing: Promise<string | null> | null = null

/**
 * A newer access token than `old`; null when the session has ended. One tab asks at a time, and the others take its answer: each
 * refresh token is good for one use.
 * @throws Problem when the server cannot be reached
 */
export function renewToken(old: string | null): Promise<string | null> {
  const { token } = useSession.getState()
  if (token !== null && token !== old) return Promise.resolve(token)
  renewing ??= alone('refresh', () => refresh(old)).finally(() => {
    renewing = null
  })
  return renewing
}

async function refresh(old: string | null): Promise<string | null> {
  const { token } = useSession.getState()
  if (token !== null && token !== old) return token
  const response = await post('/refresh', {})
  if (response.status === 401) {
    end()
    return null
  }
  if (!response.ok) throw await problemOf(response)
  return begin((await response.json()) as SessionBody)
}

/** Finds out who is signed in when the page is opened. While the server does not answer, it is who was when it last did. */
export async function restoreSession(): Promise<void> {
  if (read(LEAVING) !== null) await endSession()
  if (read(HINT) === null) return useSession.setState({ status: 'signed-out' })
  try {
    await renewToken(null)
  } catch {
    useSession.setState({ status: 'unreachable', user: keptPerson() })
  }
}

function keptPerson(): SessionUser | null {
  try {
    return JSON.parse(read(PERSON) ?? 'null') as SessionUser | null
  } catch {
    return null
  }
}

/**
 * @param code of the second factor
 * @throws Problem: 401 for a wrong password, `CODE_REQUIRED` where the account has a second factor, 429 after too many tries
 */
export async function signIn(email: string, password: string, code?: string): Promise<SignedIn> {
  const response = await post('/login', { email, password, ...(code && { code }) })
  if (!response.ok) throw await problemOf(response)
  const signedIn = (await response.json()) as SignedIn
  begin(signedIn)
  return signedIn
}

/** Ends the session here and in all tabs, and forgets what belongs to the person. */
export async function signOut(): Promise<void> {
  tellTabs({ kind: 'signed-out' })
  await endSession()
  forget()
}

/** What the server cannot be told now, it is told when the page is opened next. */
async function endSession(): Promise<void> {
  write(LEAVING, '1')
  await post('/logout', {}).then(
    ({ ok }) => ok && remove(LEAVING),
    () => undefined,
  )
}

/** Follows the other tabs: one signs in or out, all do. */
export function followTabs(): void {
  listenToTabs(message => {
    if (message.kind === 'signed-out') forget()
    else accept(message.session)
  })
}

function begin(session: SessionBody): string {
  write(HINT, '1')
  remove(LEAVING)
  tellTabs({ kind: 'session', session })
  accept(session)
  return session.accessToken
}

function accept({ accessToken: token, user }: SessionBody): void {
  const before = useSession.getState().user
  write(PERSON, JSON.stringify(user))
  // Nothing of one person is shown to another one.
  if (before !== null && before.id !== user.id) location.reload()
  else useSession.setState({ status: 'signed-in', user: { ...before, ...user }, token })
}

/** The session has ended by itself: whoever was working sees a dialog over the page, and loses nothing. */
function end(): void {
  remove(HINT)
  const { user } = useSession.getState()
  useSession.setState({ status: user === null ? 'signed-out' : 'expired', token: null })
}

function forget(): void {
  // What ends with the page would otherwise be kept for the next one.
  useSession.setState({ status: 'signed-out', user: null, token: null })
  remove(HINT)
  forgetActing()
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(PERSONAL)) localStorage.removeItem(key)
    indexedDB.deleteDatabase(FILES)
  } catch {
    // Storage is forbidden: nothing is kept in it.
  }
  // A fresh page holds nothing of before in its memory.
  location.assign('/sign-in')
}

async function post(path: string, body: object): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  try {
    return await fetch(`/api/v1/auth${path}`, { method: 'POST', credentials: 'same-origin', headers, body: JSON.stringify(body) })
  } catch (error) {
    throw unreachable(error)
  }
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value)
  } catch {
    // The next page load asks for the password again.
  }
}

function remove(key: string): void {
  try {
    localStorage.removeItem(key)
  } catch {
    // It was never kept.
  }
}
