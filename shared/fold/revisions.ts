import { readContent } from '../meta/content.ts'
import { isObject, type Json, text } from '../meta/json.ts'
import type { EchoItem, MessageItem } from '../meta/webhook.ts'
import type { ClientDoc, MessageContent, MessageDoc } from '../model/documents.ts'
import type { FoldContext } from './context.ts'
import { showInList } from './conversation.ts'
import { emitStatus } from './realtime-events.ts'
import { change, messageByWamid, note, type State, type Tracked, touch } from './state.ts'
import { ignored, PROCESSED, park, type Verdict } from './verdict.ts'

const NOT_THEIRS = ignored('a message that the other side wrote')

/** Nobody changes or takes back what the other side wrote. */
const isOfOther = (doc: MessageDoc, { kind }: MessageItem | EchoItem) =>
  doc.direction !== (kind === 'echo' ? 'OUTBOUND' : 'INBOUND')

const NOTHING: MessageContent = { text: null, media: null, template: null, data: null }

/**
 * One reaction for each side of a message; without an emoji it is taken back. What was taken back stays as an empty emoji,
 * so that an older reaction which comes later does not rise again.
 */
export function applyReaction(
  state: State,
  context: FoldContext,
  client: ClientDoc,
  item: MessageItem | EchoItem,
  reaction: Json,
  direction: 'INBOUND' | 'OUTBOUND',
): Verdict {
  const target = text(reaction.message_id) as string
  const message = messageByWamid(state, client.tenantId, target)
  if (message === undefined) return parkRevision(state, context, item, target)
  const reactions = message.doc.reactions ?? []
  const present = reactions.find(one => one.direction === direction)
  if (present && present.at.getTime() > item.at.getTime()) return ignored('a newer reaction stands')
  const others = reactions.filter(one => one !== present)
  change(message, { reactions: [...others, { emoji: text(reaction.emoji) ?? '', direction, at: item.at }] })
  return revised(state, context, item, message)
}

/** The words of the last edit count; the first ones are not kept. */
export function applyEdit(
  state: State,
  context: FoldContext,
  client: ClientDoc,
  item: MessageItem | EchoItem,
  edit: Json,
): Verdict {
  const target = text(edit.original_message_id) as string
  const message = messageByWamid(state, client.tenantId, target)
  if (message === undefined) return parkRevision(state, context, item, target)
  if (isOfOther(message.doc, item)) return NOT_THEIRS
  const { doc } = message
  note(message, { kind: 'note', at: item.at, key: `edit:${item.wamid}`, detail: 'edited' })
  if (doc.revokedAt || (doc.editedAt && doc.editedAt.getTime() > item.at.getTime())) return PROCESSED
  const { content } = readContent(isObject(edit.message) ? edit.message : {})
  const media = content.media && doc.content.media?.metaId === content.media.metaId ? doc.content.media : content.media
  if (media !== doc.content.media) discardFile(state, context, doc)
  change(message, { content: { ...content, media }, editedAt: item.at })
  return revised(state, context, item, message)
}

/** Taken back by its writer: the words and the media go, the place in the thread stays. */
export function applyRevoke(
  state: State,
  context: FoldContext,
  client: ClientDoc,
  item: MessageItem | EchoItem,
  revoke: Json,
): Verdict {
  const target = text(revoke.original_message_id) as string
  const message = messageByWamid(state, client.tenantId, target)
  if (message === undefined) return parkRevision(state, context, item, target)
  if (isOfOther(message.doc, item)) return NOT_THEIRS
  if (message.doc.revokedAt) return ignored('the message was revoked before')
  discardFile(state, context, message.doc)
  change(message, { content: NOTHING, revokedAt: item.at })
  note(message, { kind: 'note', at: item.at, key: `revoke:${item.wamid}`, detail: 'revoked' })
  return revised(state, context, item, message)
}

/** What we fetched for this message alone; a file that was sent from here may lie in other messages as well. */
function discardFile(state: State, { now }: FoldContext, { tenantId, content, direction, origin }: MessageDoc): void {
  if (content.media === null || (direction === 'OUTBOUND' && origin !== 'phone')) return
  state.discarded.push({ _id: content.media.id, tenantId, createdAt: now })
}

const parkRevision = (state: State, { now }: FoldContext, item: MessageItem | EchoItem, target: string) =>
  park(state, item, target, { status: 'revision', messageId: null, attempt: null }, now)

function revised(state: State, { now }: FoldContext, item: MessageItem | EchoItem, message: Tracked<MessageDoc>): Verdict {
  emitStatus(state, item.eventId, message.doc, now)
  const conversation = showInList(state, message.doc)
  if (conversation) touch(state, conversation, item.eventId)
  return PROCESSED
}
