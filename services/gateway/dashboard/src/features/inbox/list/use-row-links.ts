import { defaultStringifySearch, useRouter, useSearch } from '@tanstack/react-router'
import { type MouseEvent, type PointerEvent, useMemo } from 'react'
import { searchOfList } from '../search.ts'

/** A pointer that rests on a row for this long is likely to open it. */
const INTENT_MS = 50

const idAt = (target: EventTarget) =>
  target instanceof Element ? target.closest<HTMLElement>('a[data-conversation]')?.dataset.conversation : undefined

/** What the browser does by itself: another tab, another window, a download. */
const isForBrowser = (event: MouseEvent) =>
  event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.defaultPrevented

/**
 * Addresses of the rows, and what a click on one does, for the whole list at once. A `Link` of the router in each row would cost more
 * than everything else in it, at every change of the address.
 */
export function useRowLinks() {
  const router = useRouter()
  const search = useSearch({ from: '/shell/inbox/{-$conversationId}' })
  return useMemo(() => {
    const list = searchOfList(search)
    const query = defaultStringifySearch(list)
    const targetOf = (conversationId: string) =>
      ({ to: '/inbox/{-$conversationId}', params: { conversationId }, search: list }) as const
    let resting: ReturnType<typeof setTimeout> | undefined
    return {
      hrefOf: (conversationId: string) => `/inbox/${conversationId}${query}`,
      onClick(event: MouseEvent) {
        const id = idAt(event.target)
        if (id === undefined || isForBrowser(event)) return
        event.preventDefault()
        void router.navigate(targetOf(id))
      },
      /** Loads a conversation ahead. */
      onPointerOver({ target }: PointerEvent) {
        clearTimeout(resting)
        const id = idAt(target)
        if (id !== undefined) resting = setTimeout(() => void router.preloadRoute(targetOf(id)), INTENT_MS)
      },
      onPointerLeave: () => clearTimeout(resting),
    }
  }, [router, search])
}
