import { readContent } from '../meta/content.ts'
import { isObject, type Json, text } from '../meta/json.ts'
import type { EchoItem, MessageItem } from '../meta/webhook.ts'
import type { ClientDoc, MessageDoc } from '../model/documents.ts'
import { EMPTY_CONTENT } from '../model/erased-message.ts'
import type { FoldContext } from './context.ts'
import { updateLastMessage } from './conversation.ts'
import { emitStatus } from './realtime-events.ts'
import { change, messageByWamid, note, type State, type Tracked, touch } from './state.ts'
import { ignored, PROCESSED, park, type Verdict } from './verdict.ts'

const OF_OTHER_SIDE = ignored('a message of the other side')
const NO_LONGER_KEPT = ignored('the content of the message is no longer kept')

/** Whether the message was written by the other side, which alone may edit or revoke it. */
const isOfOtherSide = (doc: MessageDoc, { kind }: MessageItem | EchoItem) =>
  doc.direction !== (kind === 'echo' ? 'OUTBOUND' : 'INBOUND')

/**
 * Sets the reaction of one side to a message. A removed reaction is stored as an empty emoji, so that an older one that
 * arrives later does not reappear.
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
  if (message.doc.emptiedAt) return NO_LONGER_KEPT
  const reactions = message.doc.reactions ?? []
  const present = reactions.find(one => one.direction === direction)
  if (present && present.at.getTime() > item.at.getTime()) return ignored('a newer reaction was already applied')
  const others = reactions.filter(one => one !== present)
  change(message, { reactions: [...others, { emoji: text(reaction.emoji) ?? '', direction, at: item.at }] })
  return revised(state, context, item, message)
}

/** Applies an edit; the newest content counts, and the original is not kept. */
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
  if (isOfOtherSide(message.doc, item)) return OF_OTHER_SIDE
  const { doc } = message
  if (doc.emptiedAt) return NO_LONGER_KEPT
  note(message, { kind: 'note', at: item.at, key: `edit:${item.wamid}`, detail: 'edited' })
  if (doc.revokedAt || (doc.editedAt && doc.editedAt.getTime() > item.at.getTime())) return PROCESSED
  const { content } = readContent(isObject(edit.message) ? edit.message : {})
  const media = content.media && doc.content.media?.metaId === content.media.metaId ? doc.content.media : content.media
  if (media !== doc.content.media) discardFile(state, context, doc)
  change(message, { content: { ...content, media }, editedAt: item.at })
  return revised(state, context, item, message)
}

/** Applies a revocation: text and media are removed, the message stays in the conversation. */
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
  if (isOfOtherSide(message.doc, item)) return OF_OTHER_SIDE
  if (message.doc.revokedAt) return ignored('message already revoked')
  discardFile(state, context, message.doc)
  change(message, { content: EMPTY_CONTENT, revokedAt: item.at })
  note(message, { kind: 'note', at: item.at, key: `revoke:${item.wamid}`, detail: 'revoked' })
  return revised(state, context, item, message)
}

/** Marks the downloaded file of a message for deletion. A file sent from here is kept: other messages may use it. */
function discardFile(state: State, { now }: FoldContext, { tenantId, content, direction, origin }: MessageDoc): void {
  if (content.media === null || (direction === 'OUTBOUND' && origin !== 'phone')) return
  state.discarded.push({ _id: content.media.id, tenantId, createdAt: now })
}

const parkRevision = (state: State, { now }: FoldContext, item: MessageItem | EchoItem, target: string) =>
  park(state, item, target, { status: 'revision', messageId: null, attempt: null }, now)

function revised(state: State, { now }: FoldContext, item: MessageItem | EchoItem, message: Tracked<MessageDoc>): Verdict {
  emitStatus(state, item.eventId, message.doc, now)
  const conversation = updateLastMessage(state, message.doc)
  if (conversation) touch(state, conversation, item.eventId)
  return PROCESSED
}
