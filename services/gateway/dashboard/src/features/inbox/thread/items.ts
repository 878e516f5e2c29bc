import type { MessageView, NoteView } from '#shared/contracts/views.ts'
import type { OutboxEntry } from '../../../lib/outbox/outbox.ts'

/** A row of a thread. */
export type Item = { kind: 'message'; message: MessageView } | { kind: 'note'; note: NoteView }

export const idOf = (item: Item): string => (item.kind === 'message' ? item.message.id : item.note.id)
export const timeOf = (item: Item): string => (item.kind === 'message' ? item.message.createdAt : item.note.createdAt)

/**
 * Messages and notes in their order, at the end what waits for its time. Notes from before the first loaded message come with its page.
 * @param isWhole whether there are no older messages
 */
export function itemsOf(messages: readonly MessageView[], notes: readonly NoteView[], isWhole: boolean): Item[] {
  const first = messages[0]?.createdAt
  const shown = isWhole || first === undefined ? notes : notes.filter(({ createdAt }) => createdAt >= first)
  const itemOf = (message: MessageView) => ({ kind: 'message' as const, message })
  const items: Item[] = [
    ...messages.filter(message => !isScheduled(message)).map(itemOf),
    ...shown.map(note => ({ kind: 'note' as const, note })),
  ]
  const later = messages.filter(isScheduled).sort((a, b) => ((a.sendAt ?? '') < (b.sendAt ?? '') ? -1 : 1))
  return [...items.sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : timeOf(a) > timeOf(b) ? 1 : 0)), ...later.map(itemOf)]
}

const isScheduled = ({ waiting, status }: MessageView): boolean => status === 'QUEUED' && waiting?.reason === 'scheduled'

/** The loaded messages, and behind them those that only wait for their time. */
export function withScheduled(loaded: readonly MessageView[], scheduled: readonly MessageView[]): MessageView[] {
  const known = new Set(loaded.map(({ id }) => id))
  return [...loaded, ...scheduled.filter(({ id }) => !known.has(id))]
}

/**
 * Our reactions on the messages that they are about, instead of as messages of their own: those that were sent, and those on their
 * way. What failed, and what is about a message that is not loaded, stays what it is.
 */
export function foldReactions(
  messages: readonly MessageView[],
  entries: readonly OutboxEntry[],
): { messages: MessageView[]; entries: OutboxEntry[] } {
  const own = new Map<string, { emoji: string; at: string }>()
  const isFolded = (target: MessageView | undefined, emoji: unknown, at: string): boolean => {
    if (target) own.set(target.id, { emoji: typeof emoji === 'string' ? emoji : '', at })
    return target !== undefined
  }
  const byWamid = new Map(messages.map(message => [message.externalMessageId, message]))
  const byId = new Map(messages.map(message => [message.id, message]))
  const others = messages.filter(({ type, direction, status, content, createdAt }) => {
    if (type !== 'reaction' || direction !== 'OUTBOUND' || status === 'FAILED') return true
    const { message_id: wamid, emoji } = (content.data ?? {}) as { message_id?: string; emoji?: string }
    return !isFolded(wamid === undefined ? undefined : byWamid.get(wamid), emoji, createdAt)
  })
  const otherEntries = entries.filter(({ preview, state, body, createdAt }) => {
    if (preview.type !== 'reaction' || state === 'refused') return true
    const { message_id: id = '', emoji } = (body.reaction ?? {}) as { message_id?: string; emoji?: string }
    return !isFolded(byId.get(id), emoji, createdAt)
  })
  return { messages: others.map(message => withOwn(message, own.get(message.id))), entries: otherEntries }
}

function withOwn(message: MessageView, own: { emoji: string; at: string } | undefined): MessageView {
  const known = message.reactions.find(({ direction }) => direction === 'OUTBOUND')
  // One from our phone may be newer.
  if (own === undefined || (known && known.at > own.at)) return message
  const theirs = message.reactions.filter(({ direction }) => direction !== 'OUTBOUND')
  return { ...message, reactions: own.emoji === '' ? theirs : [...theirs, { ...own, direction: 'OUTBOUND' }] }
}
