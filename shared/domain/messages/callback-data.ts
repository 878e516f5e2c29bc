import type { Priority } from './priority.ts'

/** Priority letters in the callback data, which Meta limits to 512 characters. Messages in flight carry them. */
const LETTERS = { chat: 'c', campaign: 'b' } as const satisfies Record<Priority, string>

export interface CallbackData {
  priority: Priority
  messageId: string
  attempt: number
}

/** Value of `biz_opaque_callback_data`. Meta returns it in each status: the only proof of an attempt whose answer was lost. */
export function formatCallbackData({ priority, messageId, attempt }: CallbackData): string {
  return `1:${LETTERS[priority]}:${messageId}:${attempt}`
}

/** Reads our callback data; null for anything else, such as that of another system on the same number. */
export function parseCallbackData(text: unknown): CallbackData | null {
  if (typeof text !== 'string') return null
  const match = /^1:([cb]):([0-9a-f]{24}):(\d{1,6})$/.exec(text)
  if (match === null) return null
  return { priority: match[1] === LETTERS.chat ? 'chat' : 'campaign', messageId: match[2] as string, attempt: Number(match[3]) }
}
