/** A message that is to be read out. */
export interface Spoken {
  id: string
  /** Who wrote; null: nobody knows the name. */
  name: string | null
  at: string
  /** Null: a message without text. */
  text: string | null
}

/** One thing that a screen reader says: a message, or how many came. */
export type Announcement = { key: string; message: Spoken } | { key: string; count: number }

/** More messages than this in a batch are counted instead of read out. */
export const MOST_SPOKEN = 3
/** For how long messages are gathered behind the last announcement (ms). */
export const BATCH_MS = 5000

/** What to say of messages that came together: each of a few, or how many they are. */
export const announcementsOf = (messages: readonly Spoken[]): Announcement[] => {
  const [first] = messages
  if (first === undefined) return []
  return messages.length > MOST_SPOKEN
    ? [{ key: `${first.id} ${messages.length}`, count: messages.length }]
    : messages.map(message => ({ key: message.id, message }))
}

/**
 * Gathers new messages and hands on what to say. The first is said at once, those that follow within 5 s together. Each message is
 * said once, however often it is told.
 */
export function createAnnouncer(say: (announcements: Announcement[]) => void, batchMs = BATCH_MS) {
  const told = new Set<string>()
  let waiting: Spoken[] = []
  let timer: ReturnType<typeof setTimeout> | null = null
  const flush = () => {
    timer = null
    if (waiting.length === 0) return
    const messages = waiting
    waiting = []
    // Silence again for as long, so that a stream of messages is told every 5 s.
    timer = setTimeout(flush, batchMs)
    say(announcementsOf(messages))
  }
  return {
    add(message: Spoken): void {
      if (told.has(message.id)) return
      told.add(message.id)
      waiting.push(message)
      // Those of one moment are one batch.
      timer ??= setTimeout(flush, 0)
    },
    stop(): void {
      if (timer !== null) clearTimeout(timer)
      timer = null
      waiting = []
    },
  }
}
