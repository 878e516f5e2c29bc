import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { get, request } from '../../../lib/api/client.ts'
import type { LabelView } from '../../../lib/data/inbox-aids.ts'
import { keys } from '../../../lib/data/keys.ts'

interface Counted {
  count: number
  /** False: there are more. */
  isExact: boolean
}

/** Where a label is used. */
export interface LabelUses {
  conversations: Counted
  contacts: Counted
  /** Saved views of everybody that filter by it. */
  views: number
  /** Rules of the assignment that name it. */
  rules: number
}

export const usesQuery = (id: string) =>
  queryOptions({
    // Apart from the labels: an event of a label that is deleted must not ask for its uses again.
    queryKey: ['label-uses', id],
    queryFn: ({ signal }) => get<LabelUses>(`/labels/${id}/uses`, undefined, signal),
    // No event tells of each use.
    staleTime: 0,
  })

export type LabelFields = Pick<LabelView, 'name' | 'color' | 'description'>

/** A change of the labels; they are read again after it. */
export function useLabelChange<Input, Output>(change: (input: Input) => Promise<Output>) {
  const queries = useQueryClient()
  return useMutation({ mutationFn: change, onSettled: () => queries.invalidateQueries({ queryKey: keys.labels }) })
}

export const createLabel = ({ key: idempotencyKey, ...body }: LabelFields & { key: string }): Promise<LabelView> =>
  request('POST', '/labels', { body, idempotencyKey })

export interface LabelEdit {
  id: string
  change: Partial<LabelFields>
  expected: Partial<LabelFields>
}

export const changeLabel = ({ id, change, expected }: LabelEdit): Promise<LabelView> =>
  request('PATCH', `/labels/${id}`, { body: { ...change, expected } })

export const removeLabel = (id: string): Promise<undefined> => request('DELETE', `/labels/${id}`)
