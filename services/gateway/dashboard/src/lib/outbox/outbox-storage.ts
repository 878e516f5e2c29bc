import type { Refusal } from '../server/say.ts'
import { actingNow } from '../session/acting.ts'
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
  preview: { type: string; text: string | null; template?: string }
  /** What the server answers, when it is no message. */
  answer?: 'note'
  /** A file that is uploaded first. Its content lies in `file-storage.ts`. */
  file?: OutboxFile
  createdAt: string
  /** `waiting`: tried again by itself. `refused`: somebody must decide. */
  state: 'sending' | 'waiting' | 'refused'
  problem: (Refusal & { requestId: string | null }) | null
}

export interface OutboxFile {
  name: string
  type: string
  /** Bytes. */
  size: number
  /** Where it goes: it is the message, or the file in the header of a template. */
  into: 'message' | 'headerMedia'
  /** Text under it. */
  caption?: string
  /** A voice message, recorded here. */
  isVoice?: true
  /** What the server made of it, so that it is not uploaded again. */
  uploaded?: UploadedFile
}

/** A file that the server has: its id, and the kind of message that it becomes. */
export interface UploadedFile {
  id: string
  kind: 'image' | 'video' | 'audio' | 'document' | 'sticker'
}

/**
 * One key for each entry: two tabs that write at once do not take each other's away. What was written in another account waits until
 * its writer acts there again.
 */
function prefix(): string {
  const acting = actingNow()
  return `${PERSONAL}outbox.${acting ? `in.${acting.id}.` : ''}${useSession.getState().user?.id ?? ''}.`
}

/** What this person left in this browser, oldest first. */
export function keptEntries(): OutboxEntry[] {
  try {
    const keys = Object.keys(localStorage).filter(key => key.startsWith(prefix()))
    const entries = keys.flatMap(key => readEntry(localStorage.getItem(key)))
    for (const { key } of entries) kept.add(key)
    return entries.sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1))
  } catch {
    return []
  }
}

/** Entries that were in the storage once. */
const kept = new Set<string>()

export function keepEntry(entry: OutboxEntry): void {
  // A request that the sign-out has cut off.
  if (useSession.getState().user === null) return
  try {
    localStorage.setItem(prefix() + entry.key, JSON.stringify(entry))
    kept.add(entry.key)
  } catch {
    // Storage is full or forbidden: the entry lives as long as the page.
  }
}

/** Whether another tab has sent an entry meanwhile, or taken it back. */
export function isDoneElsewhere(key: string): boolean {
  try {
    return kept.has(key) && localStorage.getItem(prefix() + key) === null
  } catch {
    return false
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
