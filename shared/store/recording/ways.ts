import type { ClientSession, mongo } from 'mongoose'
import type { BatchKeys, Loaded } from '../../model/batch-plan.ts'
import type { ContactDoc, MessageDoc } from '../../model/documents.ts'

/** How the documents of a batch are found by its keys. */

/** How a batch is read. */
export interface LoadOptions {
  /**
   * Also looks for rows that should not exist yet: the webhook events of the items, the messages that they insert, and messages
   * that their conversations do not count. Ids and numbers are unique, so a batch that meets such a row without this check fails
   * with a duplicate key and is repeated with it.
   */
  isThorough: boolean
  /** Reads in the snapshot of this transaction. */
  session?: ClientSession
}

/** Documents that the keys of a batch name, and the conversations of its contacts and messages. */
export type Named = Pick<Loaded, 'contacts' | 'conversations' | 'messages'>

/** The fold does not need the payload, which is the largest part of an outbound message. */
export const WITHOUT_PAYLOAD = { payload: 0 } as const

export const inSession = (session: ClientSession | undefined) => (session ? { session } : {})

/** A filter value for a list: a single value as equality. */
export const oneOf = <T>(values: T[]): T | { $in: T[] } => (values.length === 1 ? (values[0] as T) : { $in: values })

export function waysToContacts(keys: BatchKeys, messages: MessageDoc[]): mongo.Filter<ContactDoc>[] {
  const tenantId = oneOf(keys.tenantIds)
  const ways: mongo.Filter<ContactDoc>[] = []
  if (keys.waIds.length > 0) ways.push({ tenantId, waId: { $in: keys.waIds } })
  // In every portfolio: whom an id means there is decided by the number of each item.
  if (keys.userIds.length > 0)
    ways.push({ tenantId, userId: { $in: keys.userIds } }, { tenantId, 'otherUserIds.userId': { $in: keys.userIds } })
  if (keys.groupIds.length > 0) ways.push({ tenantId, groupId: { $in: keys.groupIds } })
  if (keys.recipients && messages.length > 0) ways.push({ tenantId, _id: { $in: messages.map(message => message.contactId) } })
  return ways
}

export function waysToMessages({ tenantIds, messageIds }: BatchKeys, wamids: string[]): mongo.Filter<MessageDoc>[] {
  const tenantId = oneOf(tenantIds)
  const byId = messageIds.length > 0 ? [{ tenantId, _id: { $in: messageIds } }] : []
  return wamids.length > 0 ? [...byId, { tenantId, wamid: { $in: wamids } }] : byId
}

export function missingWamids({ wamids }: BatchKeys, found: MessageDoc[]): string[] {
  const here = new Set(found.map(({ wamid }) => wamid))
  return wamids.filter(wamid => !here.has(wamid))
}
