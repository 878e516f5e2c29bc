import { PERSONAL } from '../session/session.ts'
import { useSession } from '../session/session-store.ts'

/** A message that the server has not accepted yet. Shown at once, kept over reloads, sent once. */
export interface OutboxEntry {
  /** Also the Idempotency-Key: however often it is sent, it becomes one message. */
  key: string
  conversationId: string
  /** Where it goes: `/messages`, `/messages/send-template` … */
  path: string
  body: Record<string, unknown>
  /** What the bubble shows until the message is there. */
  preview: { type: string; text: string | null }
  createdAt: string
  /** `waiting`: tried again by itself. `refused`: somebody must decide. */
  state: 'sending' | 'waiting' | 'refused'
  problem: { errorCode: string; detail: string; requestId: string | null } | null
}

/** One key for each entry: two tabs that write at once do not take each other's away. */
const prefix = () => `${PERSONAL}outbox.${useSession.getState().user?.id ?? ''}.`

/** What this person left in this browser, oldest first. */
export function keptEntries(): OutboxEntry[] {
  try {
    const keys = Object.keys(localStorage).filter(key => key.startsWith(prefix()))
    const entries = keys.flatMap(key => readEntry(localStorage.getItem(key)))
    return entries.sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1))
  } catch {
    return []
  }
}

export function keepEntry(entry: OutboxEntry): void {
  try {
    localStorage.setItem(prefix() + entry.key, JSON.stringify(entry))
  } catch {
    // Storage is full or forbidden: the entry lives as long as the page.
  }
}

export function dropEntry(key: string): void {
  try {
    localStorage.removeItem(prefix() + key)
  } catch {
    // It was never kept.
  }
}

function readEntry(text: string | null): OutboxEntry[] {
  try {
    return text === null ? [] : [JSON.parse(text) as OutboxEntry]
  } catch {
    return []
  }
}
