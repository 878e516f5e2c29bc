import type { AccessClaims } from '#shared/auth/access-token.ts'

/** What the process of the clients is asked: to listen as these. */
export interface ClientJob {
  url: string
  jwtSecret: string
  people: AccessClaims[]
}

export interface ClientReport {
  live: number
  received: { tenantId: string; last: number; hash: number; foreign: number; disorder: number }[]
}
