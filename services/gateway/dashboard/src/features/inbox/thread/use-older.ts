import { useEffect, useLayoutEffect, useRef } from 'react'

/** Pixels above the upper edge within which older messages are asked for. */
const AHEAD = 1200

interface Older {
  scroller: React.RefObject<HTMLElement | null>
  /** Where the list was last seen or put (px). */
  top: React.RefObject<number>
  /** What stands above the oldest message while there are older ones. */
  mark: React.RefObject<HTMLElement | null>
  /** There are older ones, and they are neither asked for nor refused just now. */
  mayLoad: boolean
  load(): void
}

/** Asks for older messages before the reader comes to the oldest, and leaves what is read where it is when they come. */
export function useOlder({ scroller, top, mark, mayLoad, load }: Older): void {
  const before = useRef<{ first: HTMLElement | null; at: number }>({ first: null, at: 0 })
  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return
    const { first: known, at } = before.current
    const first = element.querySelector<HTMLElement>('[data-message]')
    if (known?.isConnected && known !== first) {
      const moved = topIn(element, known) - at
      // Browsers keep the place by themselves, some never, and none near the top, where what is read changes too: its author goes up.
      const isKept = Math.abs(element.scrollTop - top.current) > moved / 2
      if (!isKept) element.scrollTop += moved
      top.current = element.scrollTop
    }
    before.current = { first, at: first === null ? 0 : topIn(element, first) }
  })
  useEffect(() => {
    const target = mark.current
    if (!target || !mayLoad) return
    const watch = new IntersectionObserver(
      // A busy browser tells of several moves at once: the last one counts.
      moves => {
        if (moves.at(-1)?.isIntersecting) load()
      },
      { root: scroller.current, rootMargin: `${AHEAD}px 0px 0px` },
    )
    watch.observe(target)
    return () => watch.disconnect()
  }, [scroller, mark, mayLoad, load])
}

/** Where something begins in what is scrolled (px). */
const topIn = (scroller: HTMLElement, element: HTMLElement): number =>
  element.getBoundingClientRect().top - scroller.getBoundingClientRect().top + scroller.scrollTop
