import type {
  ClientDoc,
  ContactDoc,
  ConversationDoc,
  DiscardedFileDoc,
  EventDoc,
  Id,
  LeadDoc,
  MessageDoc,
  ParkedItemDoc,
  TemplateDoc,
  TimelineEntry,
  WebhookEventDoc,
} from './documents.ts'
import type { TemplateUse } from './template-use.ts'

/** Why an item waits for a message that is not known yet: its row says so, and it may be applied later. */
export const PARKED = 'its message is not known yet'
/** After a day in which it did not come. */
export const DROPPED = 'its message never came'

/** What a batch of webhook items has to know before it can be judged. */
export interface BatchKeys {
  eventIds: string[]
  tenantIds: Id[]
  /** Everyone who wrote or was written to; with the variants of their numbers. */
  waIds: string[]
  userIds: string[]
  /** Messages that items speak about: by Meta's id, or by ours out of the callback data. */
  wamids: string[]
  messageIds: Id[]
  /** Also the contacts to whom the messages went. */
  recipients: boolean
  /** Whom statuses name as the recipients of messages. */
  recipientKeys: RecipientKeys[]
  /** Messages that come with this batch: seldom here already, but something may be parked for them. */
  newWamids: string[]
  /** Whose lead may have to be found or made. */
  leads: { tenantId: Id; clientId: Id; waIds: string[]; userId: string | null }[]
  templates: { wabaId: string; metaTemplateId: string | null; name: string | null; language: string | null }[]
}

/** Keys of somebody to whom a message went: by our id of it where that came along, and by Meta's. */
export interface RecipientKeys {
  messageId: string | null
  wamid: string
  waId: string | null
  userId: string
  username: string | null
}

export type KnownEvent = Pick<WebhookEventDoc, '_id' | 'status' | 'reason'>

/** What stands in the database at the start of the transaction, as far as the batch needs it. */
export interface Loaded {
  known: KnownEvent[]
  contacts: ContactDoc[]
  conversations: ConversationDoc[]
  messages: MessageDoc[]
  leads: LeadDoc[]
  templates: TemplateDoc[]
}

export interface Update<T> {
  _id: Id
  tenantId: Id
  set: Partial<T>
  /** Joins the timeline of a message. */
  entries?: TimelineEntry[]
}
export interface Changes<T> {
  inserts: T[]
  updates: Update<T>[]
}

/** Two contacts, or two conversations of one contact and number, turned out to be one. */
export interface Move {
  tenantId: Id
  fromContactId: Id
  toContactId: Id
  /** Threads that join another one, or only change hands (from = to). */
  conversations: { from: Id; to: Id }[]
}

/** Everything that a batch changes: written in one transaction. */
export interface Plan {
  webhookEvents: {
    inserts: WebhookEventDoc[]
    replaced: WebhookEventDoc[]
  }
  contacts: Changes<ContactDoc>
  conversations: Changes<ConversationDoc>
  messages: Changes<MessageDoc>
  leads: LeadDoc[]
  templates: Update<TemplateDoc>[]
  /** Not in the transaction: many batches count the same template, and would abort each other. */
  templateUses: TemplateUse[]
  clients: Update<ClientDoc>[]
  moves: Move[]
  events: EventDoc[]
  parked: ParkedItemDoc[]
  unparked: string[]
  /** Files that their messages have lost. */
  discarded: DiscardedFileDoc[]
}
