/** Reads whose answer several callers share. */
export type NextReads<V> = (key: string, read: () => Promise<V>) => Promise<V>

interface Flight<V> {
  now: Promise<V>
  /** The read of those who came meanwhile. */
  next: Promise<V> | null
}

/**
 * Answers each caller with a read that began after the call, at most one at a time for a key. Who comes while one is under way shares
 * the next one with others, because the present one may have read before them. So a question that many ask at once costs what the
 * database can do, not what they ask.
 */
export function createNextReads<V>(): NextReads<V> {
  const flights = new Map<string, Flight<V>>()

  function start(key: string, read: () => Promise<V>): Promise<V> {
    const flight: Flight<V> = { now: read(), next: null }
    flights.set(key, flight)
    const end = () => {
      if (flight.next === null) flights.delete(key)
    }
    flight.now.then(end, end)
    return flight.now
  }

  return (key, read) => {
    const flight = flights.get(key)
    if (flight === undefined) return start(key, read)
    const begin = () => start(key, read)
    flight.next ??= flight.now.then(begin, begin)
    return flight.next
  }
}
