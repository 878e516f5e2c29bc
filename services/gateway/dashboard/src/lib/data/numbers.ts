import { queryOptions, useQuery } from '@tanstack/react-query'
import type { SentenceKey } from '#shared/domain/sentence.ts'
import { get } from '../api/client.ts'
import type { ListPage } from '../api/types.ts'
import { keys } from './keys.ts'

/** Connected number, as far as pages use it. */
export interface NumberView {
  id: string
  /** WhatsApp Business account that it belongs to. */
  wabaId: string
  companyName: string | null
  whatsappNumber: string | null
  verifiedName: string | null
  isPrimary: boolean
  status: 'active' | 'disconnected' | 'suspended' | 'paused'
  pauseReason: string | null
  /** Why it does not send and what to do, as sentences. */
  reason: string | null
  reasonKey: SentenceKey | null
  pauseCode: number | null
  tokenExpiry: string | null
  webhookElsewhere: WebhookElsewhere | null
}

/** Set while Meta sends the number's webhooks to another address than Linko's. */
export interface WebhookElsewhere {
  url: string
  /** Whose address it is. */
  of: 'number' | 'account' | 'app'
  /** Linko's. */
  expected: string
}

export const numbersQuery = queryOptions({
  queryKey: keys.numbers,
  queryFn: ({ signal }) => get<ListPage<NumberView>>('/phone-numbers', undefined, signal),
  select: page => page.data,
  staleTime: 5 * 60_000,
})

/** The tenant's words for a number: never “client 2”. */
export const nameOfNumber = ({ companyName, verifiedName, whatsappNumber }: NumberView): string =>
  companyName ?? verifiedName ?? whatsappNumber ?? '–'

/** The connected numbers; undefined while they are not known. */
export const useNumbers = (): NumberView[] | undefined => useQuery(numbersQuery).data
