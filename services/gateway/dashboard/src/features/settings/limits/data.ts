import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { get, request } from '../../../lib/api/client.ts'
import { isSame } from '../../../ui/form/draft.ts'

export interface OwnLimit {
  limit: number | null
  used: number | null
  own: number | null
  /** What the platform allows. */
  ceiling: number | null
}

export interface ShownLimits {
  messagesPerMinute: OwnLimit
  messagesPerDay: OwnLimit
  numbers: { id: string; whatsappNumber: string | null; throughput: number; maxPerSecond: number | null }[]
}

/** Limits as they are changed; null: none. */
export interface Limits {
  messagesPerMinute: number | null
  messagesPerDay: number | null
  numbers: { id: string; maxPerSecond: number | null }[]
}

const KEY = ['limits'] as const

export const limitsQuery = queryOptions({
  queryKey: KEY,
  queryFn: ({ signal }) => get<ShownLimits>('/limits', undefined, signal),
  staleTime: 0,
})

interface Change<T = number | null> {
  before: T
  after: T
}

/** What other limits would do to what waits. Seconds are null while a number is held. */
export interface Preview {
  before: {
    clientId: string
    classes: { class: 'chat' | 'campaign'; waiting: number; isExact: boolean; reasons: Record<string, number> }[]
  }[]
  effects: EffectOnNumber[]
}

export interface EffectOnNumber {
  clientId: string
  whatsappNumber: string | null
  /** Whether the change names it; another number may change because of what it shares. */
  isNamed: boolean
  shares: ('minute' | 'day' | 'account' | 'messagingLimit')[]
  messagesPerSecond: Change<number>
  secondsLeft: { chat: Change; campaign: Change }
  campaigns: { id: string; name: string; left: number; secondsLeft: Change }[]
}

/** A change of limits as the API takes it, with what it replaces. */
export type LimitsInput = Partial<Limits> & { expected: Partial<Limits> }

/** What a change of limits would do; nothing is saved. */
export const previewQuery = ({ expected: _, ...change }: LimitsInput) =>
  queryOptions({
    queryKey: [...KEY, 'preview', change],
    queryFn: ({ signal }) => request<Preview>('POST', '/limits/preview', { body: change, signal }),
    staleTime: 0,
    enabled: Object.keys(change).length > 0,
    placeholderData: keepPreviousData,
  })

/** Of the numbers those alone whose rate is another, and what they had. */
export function onlyChanged(change: Partial<Limits>, expected: Partial<Limits>): LimitsInput {
  if (!change.numbers) return { ...change, expected }
  const before = expected.numbers ?? []
  const numbers = change.numbers.filter(one => !before.some(other => isSame(other, one)))
  const isNamed = ({ id }: { id: string }) => numbers.some(one => one.id === id)
  return { ...change, numbers, expected: { ...expected, numbers: before.filter(isNamed) } }
}
