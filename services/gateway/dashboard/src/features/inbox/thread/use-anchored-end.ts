import { type RefObject, useCallback, useLayoutEffect, useRef } from 'react'

/** How far from its end a list still counts as read to the end (px). */
const NEAR_PX = 60

/**
 * Keeps the end of a list in sight until the reader scrolls away from it.
 * @param last changes with what stands last @returns whether the end is in sight; `top`: where the list was last seen or put (px)
 */
export function useAnchoredEnd(
  scroller: RefObject<HTMLElement | null>,
  last: string,
): { isAtEnd: RefObject<boolean>; top: RefObject<number> } {
  const isAtEnd = useRef(true)
  // A move of ours and one of the reader may come as one scroll event.
  const top = useRef(0)
  const stayAtEnd = useCallback(() => {
    const element = scroller.current
    if (!isAtEnd.current || !element) return
    element.scrollTop = element.scrollHeight
    top.current = element.scrollTop
  }, [scroller])
  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return
    const look = () => {
      const isNear = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX
      // What comes late makes the list longer before its scroll event is heard: only who goes up leaves the end.
      isAtEnd.current = isNear || (isAtEnd.current && element.scrollTop >= top.current)
      top.current = element.scrollTop
    }
    element.addEventListener('scroll', look, { passive: true })
    // The composer grows and shrinks below it.
    const sizes = new ResizeObserver(stayAtEnd)
    sizes.observe(element)
    // Pictures get their height when they have come.
    if (element.lastElementChild) sizes.observe(element.lastElementChild)
    return () => {
      element.removeEventListener('scroll', look)
      sizes.disconnect()
    }
  }, [scroller, stayAtEnd])
  // biome-ignore lint/correctness/useExhaustiveDependencies: it follows what is last
  useLayoutEffect(stayAtEnd, [last, stayAtEnd])
  return { isAtEnd, top }
}
