import type { QueryClient, QueryKey } from '@tanstack/react-query'

/** Runs the work of a name after `ms`, once for all calls that come meanwhile: the last one's. */
function createThrottle(ms: number): (name: string, work: () => void) => void {
  const waiting = new Map<string, () => void>()
  return (name, work) => {
    const isWaiting = waiting.has(name)
    waiting.set(name, work)
    if (isWaiting) return
    setTimeout(() => {
      const last = waiting.get(name)
      waiting.delete(name)
      last?.()
    }, ms)
  }
}

/** Asks again for what is cached under a key, after `ms` and once for all calls that come meanwhile. */
export function createRefetch(ms: number): (queries: QueryClient, queryKey: QueryKey) => void {
  const throttle = createThrottle(ms)
  return (queries, queryKey) => throttle(JSON.stringify(queryKey), () => void queries.invalidateQueries({ queryKey }))
}
