import { byMessage, joinOwners, type ThreadOwner } from '../../domain/inbox/thread-owner.ts'
import type { ConversationDoc } from '../../model/documents.ts'
import { change, type Tracked } from '../state.ts'

/**
 * Notes who answers a customer, in any order of what is seen. Where nobody else was ever seen, that we are the owner goes without
 * saying, unless a handover said so.
 * @param lastOwnAt when the customer last wrote before: until somebody else is seen, every message is ours
 * @returns whether the owner is another one now
 */
export function noteOwner(
  conversation: Tracked<ConversationDoc>,
  seen: ThreadOwner,
  lastOwnAt: Date | null = conversation.doc.lastInboundAt,
): boolean {
  const { threadOwner } = conversation.doc
  if (!threadOwner && seen.owner === 'platform' && !seen.handover) return false
  const before = threadOwner ?? (lastOwnAt && byMessage('platform', lastOwnAt))
  const after = before ? joinOwners(before, seen) : seen
  change(conversation, { threadOwner: after })
  return before?.owner !== after.owner
}
