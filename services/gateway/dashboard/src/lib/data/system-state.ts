import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query'
import { getPublic } from '../api/client.ts'

const KEY = ['system-state'] as const
const LOOK_MS = 15_000
/** While a server is away: who waits for it wants to know soon that it is back. */
const AWAY_MS = 5000

type Presence = 'ready' | 'away'
type Answer = Record<'queue' | 'database', Presence>

export interface SystemState extends Answer {
  /** Since when this page knows each to be so (ms since 1970). */
  since: Record<keyof Answer, number>
}

/** Whether messages flow; looked at every 15 s while the page is in front. Undefined while nobody knows. */
export function useSystemState(): SystemState | undefined {
  const queries = useQueryClient()
  return useQuery({
    queryKey: KEY,
    queryFn: async ({ signal }) => {
      const before = queries.getQueryData<SystemState>(KEY)
      const state = stateAfter(before, await getPublic<Answer>('/dashboard/state', signal), Date.now())
      if (before?.database === 'away' && state.database === 'ready') readAgain(queries)
      return state
    },
    refetchInterval: ({ state: { data } }) => (data?.queue === 'away' || data?.database === 'away' ? AWAY_MS : LOOK_MS),
    staleTime: LOOK_MS,
    // The badge tells when the server cannot be reached.
    retry: false,
  }).data
}

function stateAfter(before: SystemState | undefined, { queue, database }: Answer, now: number): SystemState {
  const sinceOf = (name: keyof Answer, value: Presence) => (before?.[name] === value ? before.since[name] : now)
  return { queue, database, since: { queue: sinceOf('queue', queue), database: sinceOf('database', database) } }
}

/** What could not be read while the database was away. */
const readAgain = (queries: QueryClient) =>
  void queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== KEY[0] })
