import { create } from 'zustand'
import { PERSONAL } from '../lib/session/session.ts'

const KEY = `${PERSONAL}hidden-banners`
const MOST_KEPT = 50

const useStore = create<{ hidden: string[] }>(() => ({ hidden: read() }))

/** Banners that somebody has hidden, until the state that they tell of changes. */
export function useHidden(): { hidden: string[]; hide(key: string): void } {
  const hidden = useStore(state => state.hidden)
  return {
    hidden,
    hide(key) {
      const next = [...hidden, key].slice(-MOST_KEPT)
      useStore.setState({ hidden: next })
      try {
        localStorage.setItem(KEY, JSON.stringify(next))
      } catch {
        // Hidden until the page is loaded again.
      }
    },
  }
}

function read(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]')
    return Array.isArray(kept) ? kept.filter(key => typeof key === 'string') : []
  } catch {
    return []
  }
}
