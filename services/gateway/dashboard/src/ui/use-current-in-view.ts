import { type RefObject, useEffect, useRef } from 'react'

/**
 * Scrolls links that do not all fit until the current one (`aria-current=page`) is to be seen.
 * @param current what is current: another one moves them
 * @returns for the element that scrolls
 */
export function useCurrentInView(current: string): RefObject<HTMLElement | null> {
  const links = useRef<HTMLElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another current link is what moves them
  useEffect(() => {
    links.current?.querySelector('[aria-current=page]')?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [current])
  return links
}
