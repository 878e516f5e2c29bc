import { create } from 'zustand'
import { PERSONAL } from './session/session.ts'
import { useSession } from './session/session-store.ts'

/** Texts that were begun and not sent, by conversation. Kept over reloads, until sign-out. */
export const useDrafts = create<{ drafts: Record<string, string> }>(() => ({ drafts: {} }))

const key = () => `${PERSONAL}drafts.${useSession.getState().user?.id ?? ''}`

/** Reads what this person left. */
export function loadDrafts(): void {
  try {
    useDrafts.setState({ drafts: JSON.parse(localStorage.getItem(key()) ?? '{}') as Record<string, string> })
  } catch {
    useDrafts.setState({ drafts: {} })
  }
}

export function setDraft(conversationId: string, text: string): void {
  useDrafts.setState(({ drafts: { [conversationId]: _before, ...others } }) => ({
    drafts: text.trim() === '' ? others : { ...others, [conversationId]: text },
  }))
  keepSoon()
}

let timer: ReturnType<typeof setTimeout> | undefined
function keepSoon(): void {
  clearTimeout(timer)
  timer = setTimeout(keep, 300)
}

function keep(): void {
  clearTimeout(timer)
  // Whoever has signed out leaves nothing.
  if (useSession.getState().user === null) return
  try {
    localStorage.setItem(key(), JSON.stringify(useDrafts.getState().drafts))
  } catch {
    // Storage is full or forbidden: the draft lives as long as the page.
  }
}

/** What was typed in the last moments before the page goes is kept too. */
window.addEventListener('pagehide', keep)
