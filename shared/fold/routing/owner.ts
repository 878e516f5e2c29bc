import type { MessageItem } from '../../meta/webhook.ts'
import type { ConversationDoc, ThreadOwner } from '../../model/documents.ts'
import { change, type Tracked } from '../state.ts'

/**
 * Who answers a customer when a second app of the business does. Meta tells it by nothing but webhooks: what comes as a message is
 * ours, what comes as a copy is somebody else's, and a handover says so.
 */

/** Owner of the thread of a message from the customer. */
export const ownerByMessage = ({ isOfOtherApp, at }: Pick<MessageItem, 'isOfOtherApp' | 'at'>): ThreadOwner => ({
  owner: isOfOtherApp ? 'other' : 'platform',
  role: null,
  at,
})

/**
 * Notes the owner if nothing newer is known. Where nobody else was ever seen, that we are the owner goes without saying, unless a
 * handover said so. @returns whether the owner is another one now
 */
export function noteOwner(conversation: Tracked<ConversationDoc>, seen: ThreadOwner, isHandover = false): boolean {
  const { threadOwner, lastInboundAt } = conversation.doc
  if (!threadOwner && seen.owner === 'platform' && !isHandover) return false
  // Before somebody else was seen, every message was ours, also one that is newer than what arrives now.
  const ours = !threadOwner && lastInboundAt && lastInboundAt.getTime() > seen.at.getTime() ? lastInboundAt : null
  if (ours) change(conversation, { threadOwner: { owner: 'platform', role: null, at: ours } })
  if (ours) return false
  if (threadOwner && threadOwner.at.getTime() > seen.at.getTime()) return false
  const role = seen.role ?? (threadOwner?.owner === seen.owner ? threadOwner.role : null)
  change(conversation, { threadOwner: { ...seen, role } })
  return threadOwner?.owner !== seen.owner
}
