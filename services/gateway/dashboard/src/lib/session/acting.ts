import { useSession } from './session-store.ts'

/** Another account in which a platform admin acts, in this tab only. The server writes every request into that account's audit log. */
export interface Acting {
  id: string
  name: string
  /** Who does; nobody else takes it over. */
  userId: string
}

const KEY = 'linko.acting'
let acting = kept()

/** The account in which the signed-in person acts; null: their own. */
export function actingNow(): Acting | null {
  const { user } = useSession.getState()
  return acting !== null && user?.role === 'platform_admin' && user.id === acting.userId ? acting : null
}

/** Paths of what belongs to the person or to the platform, and not to the account in which somebody acts. */
const OWN = /^\/(auth|tenants|users\/me)(\/|\?|$)/

/** Header by which the API acts in that account. `path` begins behind `/api/v1`. */
export function actingHeaders(path: string): Record<string, string> {
  const now = actingNow()
  return now === null || OWN.test(path) ? {} : { 'x-organization-id': now.id }
}

/** From now on this tab is in the account. A fresh page has nothing of the former one in its memory. */
export function actIn(tenant: { id: string; name: string }): void {
  const { user } = useSession.getState()
  if (user === null) return
  keep({ id: tenant.id, name: tenant.name, userId: user.id })
  location.assign('/inbox?tab=all')
}

/** Back into one's own account. */
export function stopActing(): void {
  forgetActing()
  location.assign('/tenants')
}

export function forgetActing(): void {
  acting = null
  try {
    sessionStorage.removeItem(KEY)
  } catch {
    // It was never kept.
  }
}

/** Kept for reloads of this tab; a browser that forbids storage acts in no other account. */
function keep(next: Acting): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(next))
    acting = next
  } catch {
    acting = null
  }
}

function kept(): Acting | null {
  try {
    const value = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Partial<Acting> | null
    const { id, name, userId } = value ?? {}
    return typeof id === 'string' && typeof name === 'string' && typeof userId === 'string' ? { id, name, userId } : null
  } catch {
    return null
  }
}
