import { useCallback, useSyncExternalStore } from 'react'

/** Whether a media query holds now, such as `WIDE`. For what is not only shown differently, but is something else. */
export function useMediaQuery(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const list = window.matchMedia(query)
      list.addEventListener('change', listener)
      return () => list.removeEventListener('change', listener)
    },
    [query],
  )
  return useSyncExternalStore(subscribe, () => window.matchMedia(query).matches)
}

/** From here on the contact has a column of its own (`three` of the theme). */
export const WIDE = '(min-width: 80rem)'
