import { create } from 'zustand'

/** Ids of the list as it is shown, so that keys can go from one conversation to the next. */
export const useShownIds = create<{ ids: string[] }>(() => ({ ids: [] }))

/** The neighbour of a conversation in the list; the first one when it is not in it; null at the end. */
export function nextOf(id: string | null, step: 1 | -1): string | null {
  const { ids } = useShownIds.getState()
  const at = id === null ? -1 : ids.indexOf(id)
  if (at < 0) return ids[0] ?? null
  return ids[at + step] ?? null
}
