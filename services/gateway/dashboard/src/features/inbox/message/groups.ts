import type { MessageView } from '#shared/contracts/views.ts'

/** Messages of one author within this time stand together. */
const GROUP_MS = 180_000

const authorOf = ({ direction, sentBy, origin, author }: MessageView) =>
  `${direction} ${sentBy?.kind} ${sentBy?.id} ${origin} ${author?.waId} ${author?.userId}`

/** Whether a message begins a new group behind `before`, by author and time. */
export function beginsGroup(message: MessageView, before: MessageView | undefined): boolean {
  if (before === undefined || before.type === 'handover' || authorOf(message) !== authorOf(before)) return true
  return Date.parse(message.createdAt) - Date.parse(before.createdAt) > GROUP_MS
}
