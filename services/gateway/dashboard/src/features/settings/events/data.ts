import { infiniteQueryOptions, queryOptions, useMutation, useMutationState, useQueryClient } from '@tanstack/react-query'
import { get, request } from '../../../lib/api/client.ts'
import type { ListPage } from '../../../lib/api/types.ts'
import { keys } from '../../../lib/data/keys.ts'
import type { DeliveryState } from '../sections.ts'

/** An address of the company to which events are posted. */
export interface Subscription {
  id: string
  name: string
  url: string
  /** Empty: all of them. */
  types: string[]
  status: 'enabled' | 'disabled'
  disabledReason: 'user' | 'failing' | 'gone' | null
  failingSince: string | null
  lastDeliveredAt: string | null
  lastProblem: DeliveryProblem | null
  /** Newest first; several while one is being replaced. */
  secrets: { id: string; createdAt: string; expiresAt: string | null }[]
  /** The replay under way. */
  replay: { ordered: number } | null
}

export type DeliveryProblem = 'answer' | 'redirect' | 'timeout' | 'connection' | 'address' | 'secret'

export interface Delivery {
  id: string
  subscriptionId: string
  eventId: string
  type: string
  at: string
  state: DeliveryState
  isTest: boolean
  nextAttemptAt: string | null
  /** The latest 20, oldest first. */
  attempts: Attempt[]
}

export interface Attempt {
  at: string
  durationMs: number
  /** HTTP status; null: no answer came. */
  status: number | null
  /** Null: delivered. */
  problem: DeliveryProblem | null
  /** Beginning of the answer, or the code of the error. */
  detail: string | null
}

const PAGE = 25
/** No event tells of a delivery, so the log is asked for: often while one waits or a replay goes on. */
const WAITING_MS = 2000
const QUIET_MS = 10_000

export const subscriptionsQuery = queryOptions({
  queryKey: [...keys.subscriptions, 'list'],
  queryFn: ({ signal }) => get<ListPage<Subscription>>('/event-subscriptions', undefined, signal),
  select: page => page.data,
  staleTime: 0,
})

export const subscriptionQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.subscriptions, 'one', id],
    queryFn: ({ signal }) => get<Subscription>(`/event-subscriptions/${id}`, undefined, signal),
    staleTime: 0,
    refetchInterval: ({ state: { data } }) => (data?.replay ? WAITING_MS : false),
  })

export const typesQuery = queryOptions({
  queryKey: [...keys.subscriptions, 'types'],
  queryFn: ({ signal }) => get<ListPage<{ type: string }>>('/event-subscriptions/types', undefined, signal),
  select: page => page.data.map(({ type }) => type),
  staleTime: Number.POSITIVE_INFINITY,
})

export const deliveriesQuery = ({ id, replay }: Subscription, state: DeliveryState | undefined) =>
  infiniteQueryOptions({
    queryKey: [...keys.subscriptions, 'deliveries', id, state ?? null],
    queryFn: ({ pageParam, signal }) =>
      get<ListPage<Delivery>>(`/event-subscriptions/${id}/deliveries`, { state, limit: PAGE, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    staleTime: 0,
    refetchInterval: ({ state: { data } }) => (replay || data?.pages.some(hasWaiting) ? WAITING_MS : QUIET_MS),
  })

const hasWaiting = ({ data }: ListPage<Delivery>): boolean => data.some(({ state }) => state === 'pending')

export const bodyQuery = (deliveryId: string) =>
  queryOptions({
    queryKey: [...keys.subscriptions, 'delivery', deliveryId],
    queryFn: ({ signal }) => get<{ body: unknown }>(`/event-deliveries/${deliveryId}`, undefined, signal),
    select: ({ body }) => JSON.stringify(body, null, 2),
  })

/** A change of subscriptions or their deliveries; what is shown of them is read again after it. */
export function useEventsChange<Input, Output>(change: (input: Input) => Promise<Output>) {
  const queries = useQueryClient()
  return useMutation({ mutationFn: change, onSettled: () => queries.invalidateQueries({ queryKey: keys.subscriptions }) })
}

export type About = Pick<Subscription, 'name' | 'url' | 'types'>
type WithSecret = Subscription & { secret: string }

/** The secret is in this one answer. */
export const createSubscription = ({ key: idempotencyKey, ...body }: About & { key: string }): Promise<WithSecret> =>
  request('POST', '/event-subscriptions', { body, idempotencyKey })

export const changeSubscription = ({
  id,
  ...body
}: Partial<About & Pick<Subscription, 'status'>> & { id: string }): Promise<Subscription> =>
  request('PATCH', `/event-subscriptions/${id}`, { body })

export interface Rotation {
  id: string
  /** For how long the old secret goes on. */
  overlapHours: number
  key: string
}

/** As `createSubscription`. */
export const rotateSecret = ({ id, overlapHours, key: idempotencyKey }: Rotation): Promise<WithSecret> =>
  request('POST', `/event-subscriptions/${id}/rotate-secret`, { body: { overlapHours }, idempotencyKey })

const removalOf = (id: string) => [...keys.subscriptions, 'removal', id]

/** Whether it is being deleted, or is deleted: nothing of it is asked for any more. */
export const useIsGoing = (id: string): boolean =>
  useMutationState({ filters: { mutationKey: removalOf(id) }, select: ({ state }) => state.status }).some(
    status => status === 'pending' || status === 'success',
  )

/** What is shown of a deleted one goes with it, so only the list is read again. */
export function useRemoval(subscriptionId: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationKey: removalOf(subscriptionId),
    mutationFn: () => request<undefined>('DELETE', `/event-subscriptions/${subscriptionId}`),
    onSuccess: () => queries.invalidateQueries({ queryKey: subscriptionsQuery.queryKey }),
  })
}

export const sendTest = (id: string): Promise<Delivery> => request('POST', `/event-subscriptions/${id}/test`)

export const replayOne = (deliveryId: string): Promise<Delivery> => request('POST', `/event-deliveries/${deliveryId}/replay`)

export interface Replay {
  id: string
  from: string
  onlyFailed: boolean
}

export const replaySince = ({ id, ...body }: Replay): Promise<Subscription> =>
  request('POST', `/event-subscriptions/${id}/replay`, { body })
