/** Which lane a message travels in: chat replies and API sends, or campaigns. */
export type Lane = 'c' | 'b'

export interface CallbackData {
  lane: Lane
  messageId: string
  attempt: number
}

/** What we send as `biz_opaque_callback_data` and get back in each status: the only proof of an attempt whose answer was lost. */
export function formatCallbackData({ lane, messageId, attempt }: CallbackData): string {
  return `1:${lane}:${messageId}:${attempt}`
}

/** Null for anything that is not ours (another system's sends on the same number). */
export function parseCallbackData(text: unknown): CallbackData | null {
  if (typeof text !== 'string') return null
  const match = /^1:([cb]):([0-9a-f]{24}):(\d{1,6})$/.exec(text)
  if (match === null) return null
  return { lane: match[1] as Lane, messageId: match[2] as string, attempt: Number(match[3]) }
}
