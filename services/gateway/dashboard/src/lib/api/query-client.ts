import { QueryClient } from '@tanstack/react-query'
import { Problem } from './problem.ts'

const MOST_TRIES = 3
const SHORTEST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 15_000

/** Whether a failed read is tried again: what may pass by itself, a few times. */
export const mayRetry = (failures: number, error: unknown): boolean =>
  failures < MOST_TRIES && (!(error instanceof Problem) || error.isPassing)

/** Pause before the next try (ms): what the server asks for, otherwise growing. */
export const pauseBefore = (failures: number, error: unknown): number =>
  error instanceof Problem && error.retryAfterS !== null
    ? error.retryAfterS * 1000
    : Math.min(LONGEST_PAUSE_MS, SHORTEST_PAUSE_MS * 2 ** failures)

export const createQueryClient = (): QueryClient =>
  new QueryClient({
    defaultOptions: {
      queries: {
        retry: mayRetry,
        retryDelay: pauseBefore,
        // Events keep what is cached fresh; what no event covers says so with a `staleTime` of its own.
        staleTime: 60_000,
        gcTime: 10 * 60_000,
        refetchOnWindowFocus: false,
        // The realtime client knows better than the browser what was missed.
        refetchOnReconnect: false,
        networkMode: 'always',
      },
      mutations: { networkMode: 'always', retry: false },
    },
  })
