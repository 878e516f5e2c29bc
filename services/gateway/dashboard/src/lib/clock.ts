import { useSyncExternalStore } from 'react'

/** One timer for everything that shows time passing: rings, countdowns, “2 min ago”. */
function createTicker(everyMs: number) {
  const listeners = new Set<() => void>()
  let now = Date.now()
  let timer: ReturnType<typeof setInterval> | undefined
  const tick = () => {
    now = Date.now()
    for (const listener of listeners) listener()
  }
  return {
    subscribe(listener: () => void) {
      if (listeners.size === 0) {
        now = Date.now()
        timer = setInterval(tick, everyMs)
        document.addEventListener('visibilitychange', tick)
      }
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
        if (listeners.size > 0) return
        clearInterval(timer)
        document.removeEventListener('visibilitychange', tick)
      }
    },
    now: () => now,
  }
}

const minutes = createTicker(20_000)
const seconds = createTicker(1000)

/** The time (ms since 1970), as fresh as a clock that shows minutes needs it. */
export const useMinute = (): number => useSyncExternalStore(minutes.subscribe, minutes.now)
/** The time (ms since 1970), every second. For what counts seconds, and only while it is shown. */
export const useSecond = (): number => useSyncExternalStore(seconds.subscribe, seconds.now)
