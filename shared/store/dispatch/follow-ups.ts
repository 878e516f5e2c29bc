import type { MessageDoc, ParkedItemDoc } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { orOutage } from '../outage.ts'
import { makeReady, SEND_JOB_FIELDS } from './finish.ts'
import { type InConversation, UNFINISHED_INDEX, unfinishedOf } from './take.ts'

/** What the end of messages makes possible. */
export interface FollowUps {
  /** The next message of each conversation, if it waits for the one that has ended. */
  successors: MessageDoc[]
  parked: ParkedItemDoc[]
}

/**
 * The messages that waited for others of their conversations, and the parked statuses of wamids, which arrived before the wamid
 * was stored and did not name their message.
 *
 * Called after the outcomes are written. A later message is postponed first and then looks for its predecessor; a status is parked
 * first and then looks for its wamid. Both sides write before they read, so at least one of the two finds the other's row.
 * @throws Outage
 */
export async function findFollowUps(
  store: Store,
  { ended, wamids }: { ended: readonly InConversation[]; wamids: readonly string[] },
  now: Date,
): Promise<FollowUps> {
  if (ended.length === 0) return { successors: [], parked: [] }
  const stages = [
    unfinishedOf(ended, now),
    { $project: { ...SEND_JOB_FIELDS, 'dispatch.priority': 1, 'dispatch.reason': 1 } },
    // Descending: 'chat' comes before 'campaign'.
    { $sort: { conversationId: 1 as const, 'dispatch.priority': -1 as const, _id: 1 as const } },
    { $group: { _id: '$conversationId', first: { $first: '$$ROOT' } } },
    { $match: { 'first.dispatch.reason': 'predecessor' } },
    ...(wamids.length > 0 ? [{ $unionWith: { coll: 'parkedItems', pipeline: parkedOf(wamids) } }] : []),
  ]
  type Found = { first: MessageDoc } | { parked: ParkedItemDoc }
  const found = await orOutage(store.raw.messages.aggregate<Found>(stages, UNFINISHED_INDEX).toArray())
  return {
    successors: found.flatMap(row => ('first' in row ? row.first : [])),
    parked: found.flatMap(row => ('parked' in row ? row.parked : [])),
  }
}

const parkedOf = (wamids: readonly string[]) => [{ $match: { wamid: { $in: wamids } } }, { $project: { parked: '$$ROOT' } }]

/**
 * Makes the next message of each conversation READY if it waited for an earlier one. @see findFollowUps
 * @returns the messages, for the caller to enqueue. @throws Outage
 */
export async function releaseSuccessors(
  store: Store,
  conversations: readonly InConversation[],
  now: Date,
): Promise<MessageDoc[]> {
  const { successors } = await findFollowUps(store, { ended: conversations, wamids: [] }, now)
  return await makeReady(store, successors, now)
}
