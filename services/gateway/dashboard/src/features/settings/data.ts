import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { get, request } from '../../lib/api/client.ts'
import type { ListPage, Role } from '../../lib/api/types.ts'

export interface SecondFactor {
  isInForce: boolean
  /** The company asks for one. */
  isRequired: boolean
  recoveryCodesLeft: number
}

export interface Enrolment {
  secret: string
  url: string
  /** The same as a QR code, an SVG. */
  qrSvg: string
}

export interface OwnSession {
  id: string
  startedAt: string
  lastUsedAt: string
  userAgent: string | null
  ip: string | null
  isCurrent: boolean
}

/** Settings of the company that a page changes; the API has more. */
export interface CompanySettings {
  timezone: string
  currency: string
  leadsEnabled: boolean
  stopWords: string[]
  sendReadReceipts: boolean
  requireSecondFactor: boolean
  agentsSeeOwnOnly: boolean
  onlyAssigneeReplies: boolean
  maxWaitHours: number
  /** Null: no bound. The other members are given as they came. */
  spendCeiling: ({ amount: number; of?: 'cost' | 'metaCost' } & Record<string, unknown>) | null
  assignment: { mode: 'off' | 'round-robin' | 'least-busy'; capacity: number | null } & Record<string, unknown>
}

export interface ApiKey {
  id: string
  name: string
  prefix: string
  role: Role
  scopes: string[]
  state: 'active' | 'replaced' | 'expired' | 'revoked'
  lastUsedAt: string | null
  expiresAt: string | null
  createdAt: string
}

const KEY = ['settings-page'] as const

const query = <T>(name: string, path: string) =>
  queryOptions({
    queryKey: [...KEY, name],
    queryFn: ({ signal }) => get<T>(path, undefined, signal),
    // No event tells of these.
    staleTime: 0,
  })

export const secondFactorQuery = query<SecondFactor>('second-factor', '/auth/second-factor')
export const sessionsQuery = query<ListPage<OwnSession>>('sessions', '/auth/sessions')
export const companyQuery = query<CompanySettings>('company', '/settings')
export const apiKeysQuery = query<ListPage<ApiKey>>('keys', '/api-keys?limit=100')
export const scopesQuery = query<ListPage<{ scope: string; actions: string[] }>>('scopes', '/api-keys/scopes')

/** A change of what this page shows; it is read again after it. */
export function useSettingsChange<Input, Output>(change: (input: Input) => Promise<Output>) {
  const queries = useQueryClient()
  return useMutation({ mutationFn: change, onSettled: () => queries.invalidateQueries({ queryKey: KEY }) })
}

export const changePassword = (body: { currentPassword: string; newPassword: string }): Promise<undefined> =>
  request('POST', '/auth/password', { body })

export const beginSecondFactor = (): Promise<Enrolment> => request('POST', '/auth/second-factor')
export const confirmSecondFactor = (code: string): Promise<{ recoveryCodes: string[] }> =>
  request('POST', '/auth/second-factor/confirm', { body: { code } })
export const renewRecoveryCodes = (code: string): Promise<{ recoveryCodes: string[] }> =>
  request('POST', '/auth/second-factor/recovery-codes', { body: { code } })
export const removeSecondFactor = (code: string): Promise<undefined> =>
  request('POST', '/auth/second-factor/remove', { body: { code } })

export const endSession = (id: string): Promise<undefined> => request('DELETE', `/auth/sessions/${id}`)

export const changeCompany = (body: Partial<CompanySettings>): Promise<CompanySettings> => request('PATCH', '/settings', { body })

export interface NewKey {
  name: string
  role: Role
  scopes: string[]
  key: string
}

/** The key itself is in this one answer. */
export const createKey = ({ key: idempotencyKey, ...body }: NewKey): Promise<ApiKey & { key: string }> =>
  request('POST', '/api-keys', { body, idempotencyKey })

export const rotateKey = ({ id, key: idempotencyKey }: { id: string; key: string }): Promise<ApiKey & { key: string }> =>
  request('POST', `/api-keys/${id}/rotate`, { body: {}, idempotencyKey })

export const revokeKey = (id: string): Promise<undefined> => request('DELETE', `/api-keys/${id}`)
