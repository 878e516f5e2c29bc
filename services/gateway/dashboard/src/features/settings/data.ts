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

export interface TemplateRef {
  name: string
  language: string
}

export interface Price {
  /** MARKETING, UTILITY, AUTHENTICATION or SERVICE; null: any. */
  category: string | null
  /** ISO code; null: any. */
  country: string | null
  /** First day on which it holds; null: since ever. */
  from: string | null
  amount: number
}

export interface SpendCeiling {
  amount: number
  of: 'cost' | 'metaCost'
  /** Per cent of the amount. */
  campaignsStopAt: number
  templatesStopAt: number
}

export interface AssignmentRule {
  /** Null: any. */
  label: string | null
  clientId: string | null
  agentIds: string[]
}

export interface Assignment {
  mode: 'off' | 'round-robin' | 'least-busy'
  capacity: number | null
  capacities: { agentId: string; capacity: number }[]
  rules: AssignmentRule[]
  giveBackMinutes: number | null
}

/** Settings of the company that pages change; the API has more. */
export interface CompanySettings {
  initiateTemplate: TemplateRef | null
  reengageTemplate: TemplateRef | null
  prices: Price[]
  spendCeiling: SpendCeiling | null
  unknownOutcome: 'fail' | 'retry'
  timezone: string
  currency: string
  leadsEnabled: boolean
  stopWords: string[]
  sendReadReceipts: boolean
  requireSecondFactor: boolean
  agentsSeeOwnOnly: boolean
  onlyAssigneeReplies: boolean
  maxWaitHours: number
  /** Null: for ever. */
  keepMessagesDays: number | null
  assignment: Assignment
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

export interface CompanyChange {
  change: Partial<CompanySettings>
  /** The same fields as they were read. */
  expected: Partial<CompanySettings>
}

export const changeCompany = ({ change, expected }: CompanyChange): Promise<CompanySettings> => {
  // Empty lines of a list that is typed into one field are none of its words.
  const words = change.stopWords?.map(word => word.trim()).filter(word => word !== '')
  return request('PATCH', '/settings', { body: { ...change, ...(words && { stopWords: words }), expected } })
}

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
