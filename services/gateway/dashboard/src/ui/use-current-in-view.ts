import { useCallback } from 'react'

/**
 * Scrolls links that do not all fit until the current one (`aria-current=page`) is to be seen.
 * @param current what is current: another one moves them
 * @returns ref of the element that scrolls
 */
export function useCurrentInView(current: string): (links: HTMLElement | null) => void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: another current link is what moves them
  return useCallback(
    links => links?.querySelector('[aria-current=page]')?.scrollIntoView({ block: 'nearest', inline: 'center' }),
    [current],
  )
}
