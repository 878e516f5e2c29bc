import type { Availability } from '#shared/contracts/availability.ts'

/** Forms of the API that have no schema in `shared/contracts`. */

/** A page of a list. `totalIsExact` is false when counting stopped at its bound. */
export interface ListPage<Item> {
  data: Item[]
  total: number
  totalIsExact: boolean
  page: number
  limit: number
  hasMore: boolean
  nextCursor: string | null
}

export type Role = 'agent' | 'manager' | 'tenant_admin' | 'platform_admin'

export interface SessionUser {
  id: string
  email: string
  name: string
  role: Role
  tenantId: string
  availability?: Availability
}

export interface SessionBody {
  accessToken: string
  /** Seconds. */
  expiresIn: number
  user: SessionUser
}

export interface SignedIn extends SessionBody {
  lastLockedAt: string | null
}

/** What the page needs to know before anybody has signed in. */
export interface DashboardSettings {
  /** Address of the sockets; null: where the page came from. */
  socketUrl: string | null
  /** In development only: people of the demo. */
  demoUsers: { name: string; email: string; password: string; role: Role }[]
}
