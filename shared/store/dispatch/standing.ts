import type { SendJob } from '../../contracts/send-job.ts'
import type { ConversationDoc, Dispatch, Id } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { orOutage } from '../outage.ts'
import { conversationIds, tenantIds, UNFINISHED_INDEX, unfinishedOf } from './take.ts'

/** The earliest unfinished message of a conversation. */
export interface Head {
  messageId: string
  state: Dispatch['state']
  nextStepAt: Date | null
}

/** What decides whether the messages of conversations may be sent now. */
export interface Standing {
  /** The earliest unfinished chat message of each conversation. */
  heads: Map<string, Head>
  /** End of the customer service window of each conversation. */
  windows: Map<string, Date | null>
  /** Conversations whose person was erased: nothing is sent in them. */
  erased: Set<string>
}

/**
 * Reads the standing of the conversations of the jobs. Only the earliest unfinished chat message of a conversation may be sent, and
 * no campaign message before it. Messages scheduled for later are skipped, and those that a restriction holds while replies may be
 * sent, and attempts that have been without an answer for 15 s. @throws Outage
 */
export async function findStanding(store: Store, jobs: readonly SendJob[], now: Date): Promise<Standing> {
  if (jobs.length === 0) return { heads: new Map(), windows: new Map(), erased: new Set() }
  type HeadRow = { _id: Id; head: FoundHead }
  type WindowRow = Pick<ConversationDoc, '_id' | 'windowExpiresAt' | 'erased'>
  const stages = [
    unfinishedOf(jobs, now),
    { $match: { 'dispatch.priority': 'chat' } },
    { $project: { conversationId: 1, state: '$dispatch.state', nextStepAt: '$dispatch.nextStepAt' } },
    { $sort: { conversationId: 1, _id: 1 } },
    { $group: { _id: '$conversationId', head: { $first: { id: '$_id', state: '$state', nextStepAt: '$nextStepAt' } } } },
    // A union costs less than a second command, and a join is made row by row.
    { $unionWith: { coll: 'conversations', pipeline: [conversationsOf(jobs), { $project: { windowExpiresAt: 1, erased: 1 } }] } },
  ]
  const found = await orOutage(store.raw.messages.aggregate<HeadRow | WindowRow>(stages, UNFINISHED_INDEX).toArray())
  const standing: Standing = { heads: new Map(), windows: new Map(), erased: new Set() }
  for (const row of found) {
    if ('head' in row) standing.heads.set(String(row._id), headOf(row.head))
    else standing.windows.set(String(row._id), row.windowExpiresAt)
    if ('erased' in row && row.erased) standing.erased.add(String(row._id))
  }
  return standing
}

/** The tenant is an expression, so that only `_id` can choose the index: a union takes no hint. */
const conversationsOf = (jobs: readonly SendJob[]) => ({
  $match: { _id: { $in: conversationIds(jobs) }, $expr: { $in: ['$tenantId', tenantIds(jobs)] } },
})

type FoundHead = Omit<Head, 'messageId'> & { id: Id }
const headOf = ({ id, state, nextStepAt }: FoundHead): Head => ({ messageId: String(id), state, nextStepAt })

/** Whether a message can be taken: READY, or WAITING and due. */
export function mayBeTaken(head: Head, now: Date): boolean {
  if (head.state === 'READY') return true
  return head.state === 'WAITING' && head.nextStepAt !== null && head.nextStepAt <= now
}
