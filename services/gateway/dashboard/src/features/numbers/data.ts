import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { SentenceKey } from '#shared/domain/sentence.ts'
import { get, request } from '../../lib/api/client.ts'
import type { ListPage } from '../../lib/api/types.ts'
import { keys } from '../../lib/data/keys.ts'
import type { WebhookElsewhere } from '../../lib/data/numbers.ts'

/** A connected number with what Meta says of it. */
export interface NumberDetails {
  id: string
  companyName: string | null
  whatsappNumber: string | null
  verifiedName: string | null
  phoneNumberId: string
  isPrimary: boolean
  coexistence: boolean
  status: 'active' | 'disconnected' | 'suspended' | 'paused'
  reason: string | null
  reasonKey: SentenceKey | null
  pauseReason: string | null
  pauseCode: number | null
  qualityRating: 'GREEN' | 'YELLOW' | 'RED' | 'UNKNOWN'
  messagingLimit: number | null
  throughput: number
  tokenExpiry: string | null
  tokenValid: boolean | null
  webhookElsewhere: WebhookElsewhere | null
}

type StepState = 'PENDING' | 'RUNNING' | 'DONE' | 'SKIPPED' | 'TODO' | 'FAILED'

export interface ConnectionStep {
  key: string
  wabaId: string | null
  phoneNumberId: string | null
  state: StepState
  /** A step that is not required does not hold the number back. */
  required: boolean
  /** Meta's error code and own text; what went wrong and what to do. */
  code: number | null
  metaText: string | null
  sentence: string | null
  cure: string | null
  note: string | null
  /** The three texts by name, for other languages. */
  sentenceKey: SentenceKey | null
  cureKey: SentenceKey | null
  noteKey: SentenceKey | null
}

export interface Connection {
  id: string
  kind: 'signup' | 'token' | 'settings' | 'check' | 'disconnect'
  state: 'OPEN' | 'RUNNING' | 'DONE' | 'FAILED' | 'CANCELLED' | 'EXPIRED'
  numbers: { phoneNumberId: string; whatsappNumber: string | null; verifiedName: string | null }[]
  steps: ConnectionStep[]
  createdAt: string
}

export const CONNECTION = 'connection'
/** While steps run, they are asked for; no event tells of them. */
const RUNNING_MS = 2000

/** The same rows as `numbersQuery` of `lib/data`, with all their members. */
export const numberDetailsQuery = queryOptions({
  queryKey: keys.numbers,
  queryFn: ({ signal }) => get<ListPage<NumberDetails>>('/phone-numbers', undefined, signal),
  select: page => page.data,
})

export const numberQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.numbers, id],
    queryFn: ({ signal }) => get<NumberDetails>(`/phone-numbers/${id}`, undefined, signal),
  })

/** The tenant's words for a number. */
export const nameOfDetails = ({ companyName, verifiedName, whatsappNumber, phoneNumberId }: NumberDetails): string =>
  companyName ?? verifiedName ?? whatsappNumber ?? phoneNumberId

export const connectionQuery = (id: string) =>
  queryOptions({
    queryKey: [CONNECTION, id],
    queryFn: ({ signal }) => get<Connection>(`/connections/${id}`, undefined, signal),
    refetchInterval: ({ state: { data } }) => (data?.state === 'RUNNING' ? RUNNING_MS : false),
    staleTime: 0,
  })

/** Changes a number or its connection; both are read again. */
export function useNumberChange<Input, Output>(change: (input: Input) => Promise<Output>) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSettled: () =>
      Promise.all([queries.invalidateQueries({ queryKey: keys.numbers }), queries.invalidateQueries({ queryKey: [CONNECTION] })]),
  })
}

/** Address of Meta's dialog, valid for ten minutes. */
export const dialogAddress = async ({ coexistence }: { coexistence: boolean }): Promise<string> => {
  const { oauthUrl } = await request<{ oauthUrl: string }>('POST', '/auth/whatsapp/initiate', { body: { coexistence } })
  return oauthUrl
}

export const checkNumber = (id: string): Promise<Connection> => request('POST', `/phone-numbers/${id}/check`)

export const moveNumber = ({ id, to }: { id: string; to: 'pause' | 'resume' }): Promise<NumberDetails> =>
  request('POST', `/phone-numbers/${id}/${to}`, { body: {} })

export interface Stops {
  stops: { messages: number; campaigns: number }
}
export const disconnectNumber = (id: string): Promise<Stops> => request('DELETE', `/phone-numbers/${id}`)

export const continueConnection = ({
  id,
  pin,
}: {
  id: string
  pin?: string
}): Promise<Connection & { oauthUrl: string | null }> =>
  request('POST', `/connections/${id}/continue`, { body: { ...(pin && { pin }) } })
