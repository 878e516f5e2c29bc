import { useEffect, useLayoutEffect, useRef } from 'react'

/** Pixels above the upper edge within which older messages are asked for. */
const AHEAD = 1200

interface Older {
  scroller: React.RefObject<HTMLElement | null>
  /** What stands above the oldest message while there are older ones. */
  mark: React.RefObject<HTMLElement | null>
  oldestId: string | undefined
  /** There are older ones, and they are neither asked for nor refused just now. */
  mayLoad: boolean
  load(): void
}

/** Asks for older messages before the reader comes to the oldest, and leaves what is read where it is when they come. */
export function useOlder({ scroller, mark, oldestId, mayLoad, load }: Older): void {
  const before = useRef({ oldestId, height: 0 })
  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return
    const { height } = before.current
    const hasCome = before.current.oldestId !== undefined && before.current.oldestId !== oldestId
    before.current = { oldestId, height: element.scrollHeight }
    // Browsers keep the place by themselves, but not at the very top; some never do.
    if (hasCome && (element.scrollTop < 1 || !CSS.supports('overflow-anchor', 'auto')))
      element.scrollTop += element.scrollHeight - height
  })
  useEffect(() => {
    const target = mark.current
    if (!target || !mayLoad) return
    const watch = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) load()
      },
      { root: scroller.current, rootMargin: `${AHEAD}px 0px 0px` },
    )
    watch.observe(target)
    return () => watch.disconnect()
  }, [scroller, mark, mayLoad, load])
}
