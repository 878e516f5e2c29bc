import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import { get } from '../api/client.ts'
import type { ListPage } from '../api/types.ts'
import { useMay } from '../session/rights.ts'
import { keys } from './keys.ts'
import { isUsedUp, type MessagingLimit, messagingLimitsQuery } from './messaging-limits.ts'

interface NamedTemplate {
  id: string
  name: string
}
interface FailingSubscription {
  id: string
  name: string
  url: string
  status: 'enabled' | 'disabled'
  disabledReason: 'user' | 'failing' | 'gone' | null
  failingSince: string | null
}

/** How often it is asked for what no event tells of. */
const LOOK_MS = 60_000

/** A template that Meta has paused; events of templates ask again. */
const pausedTemplateQuery = queryOptions({
  queryKey: [...keys.templates, 'paused'],
  queryFn: async ({ signal }) =>
    (await get<ListPage<NamedTemplate>>('/templates', { status: 'PAUSED', limit: 1 }, signal)).data[0] ?? null,
  staleTime: 5 * LOOK_MS,
})

/** Dead letters that nobody has dealt with. */
const openLettersQuery = queryOptions({
  queryKey: ['operations', 'open-letters'],
  queryFn: async ({ signal }) => {
    const { data } = await get<{ data: { count: number }[] }>('/dead-letters/groups', undefined, signal)
    return data.reduce((sum, { count }) => sum + count, 0)
  },
  refetchInterval: LOOK_MS,
  staleTime: LOOK_MS,
})

/** A subscription that gets nothing, though nobody has switched it off; events of subscriptions ask again. */
const failingQuery = queryOptions({
  queryKey: [...keys.subscriptions, 'failing'],
  queryFn: async ({ signal }) => {
    const { data } = await get<ListPage<FailingSubscription>>('/event-subscriptions', undefined, signal)
    return (
      data.find(({ status, disabledReason, failingSince }) =>
        status === 'enabled' ? failingSince !== null : disabledReason !== null && disabledReason !== 'user',
      ) ?? null
    )
  },
  refetchInterval: LOOK_MS,
  staleTime: LOOK_MS,
})

const SLOW_META = ['operations', 'slow-meta'] as const
const SLOW_META_LOOK_MS = 30_000

/** Since when this page knows that Meta answers slowly (ms since 1970); null: it does not, or nobody knows. */
function useSlowMeta(): number | null {
  const queries = useQueryClient()
  const { data = null } = useQuery({
    queryKey: SLOW_META,
    queryFn: async ({ signal }) => {
      const { meta } = await get<{ meta: { isSlow: boolean } | null }>('/operations/overview', undefined, signal)
      return meta?.isSlow ? (queries.getQueryData<number | null>(SLOW_META) ?? Date.now()) : null
    },
    refetchInterval: SLOW_META_LOOK_MS,
    staleTime: SLOW_META_LOOK_MS,
    enabled: useMay('operations.overview'),
  })
  return data
}

export interface Troubles {
  pausedTemplate: NamedTemplate | null
  openLetters: number
  failing: FailingSubscription | null
  /** A messaging limit that is used up. */
  fullLimit: MessagingLimit | null
  slowMetaSince: number | null
}

/** What is wrong in the account, as far as the signed-in person may see and mend it. */
export function useTroubles(): Troubles {
  const { data: pausedTemplate = null } = useQuery({ ...pausedTemplateQuery, enabled: useMay('templates.write') })
  const { data: openLetters = 0 } = useQuery({ ...openLettersQuery, enabled: useMay('deadLetters.read') })
  const { data: failing = null } = useQuery({ ...failingQuery, enabled: useMay('subscriptions.read') })
  const { data: limits = [] } = useQuery({ ...messagingLimitsQuery, enabled: useMay('limits.read') })
  return { pausedTemplate, openLetters, failing, fullLimit: limits.find(isUsedUp) ?? null, slowMetaSince: useSlowMeta() }
}
