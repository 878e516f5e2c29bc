import type { Priority } from './priority.ts'

/** Letters on the wire: the text has to fit into 512 characters, and messages that are under way carry them. */
const LETTERS = { chat: 'c', campaign: 'b' } as const satisfies Record<Priority, string>

export interface CallbackData {
  priority: Priority
  messageId: string
  attempt: number
}

/** What we send as `biz_opaque_callback_data` and get back in each status: the only proof of an attempt whose answer was lost. */
export function formatCallbackData({ priority, messageId, attempt }: CallbackData): string {
  return `1:${LETTERS[priority]}:${messageId}:${attempt}`
}

/** Null for anything that is not ours (another system's sends on the same number). */
export function parseCallbackData(text: unknown): CallbackData | null {
  if (typeof text !== 'string') return null
  const match = /^1:([cb]):([0-9a-f]{24}):(\d{1,6})$/.exec(text)
  if (match === null) return null
  return { priority: match[1] === LETTERS.chat ? 'chat' : 'campaign', messageId: match[2] as string, attempt: Number(match[3]) }
}
