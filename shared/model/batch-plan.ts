import type {
  ClientDoc,
  ContactDoc,
  ConversationDoc,
  DiscardedFileDoc,
  ErasedKey,
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

/** Reason of an item that is parked because its message is not stored yet. */
export const PARKED = 'its message is not known yet'
/** Reason of a parked item whose message did not arrive within 24 h. */
export const DROPPED = 'its message never came'

/** Whether an item waited for its message, also one that was dropped: a copy of it is applied if its message is there by now. */
export const hasWaited = ({ status, reason }: Pick<WebhookEventDoc, 'status' | 'reason'>): boolean =>
  status === 'IGNORED' && (reason === PARKED || reason === DROPPED)

/** Keys of everything that a batch of webhook items must load. */
export interface BatchKeys {
  eventIds: string[]
  tenantIds: Id[]
  /** WhatsApp ids of senders and recipients, with the variants of their numbers. */
  waIds: string[]
  userIds: string[]
  /** Groups to which messages were sent, or that were changed. */
  groupIds: string[]
  /** Messages that items refer to, by Meta's id or by ours in the callback data. */
  wamids: string[]
  messageIds: Id[]
  /** Whether to load the recipients of the messages too. */
  recipients: boolean
  /** Recipients that statuses name. */
  recipientKeys: RecipientKeys[]
  /** Everybody whom items name, to be compared with who was erased. */
  people: NamedPerson[]
  /** Messages that arrive with this batch: rarely stored already, but items may be parked for them. */
  newWamids: string[]
  /** People whose lead may have to be found or created. */
  leads: { tenantId: Id; clientId: Id; waIds: string[]; userId: string | null }[]
  templates: { wabaId: string; metaTemplateId: string | null; name: string | null; language: string | null }[]
}

/** Keys of a message's recipient; the message by our id, where the callback data contains it, and by Meta's. */
export interface RecipientKeys {
  messageId: string | null
  wamid: string
  waId: string | null
  userId: string
  username: string | null
}

/** A person in an item. */
export interface NamedPerson {
  tenantId: Id
  /** Phone number in all its forms, and user id. */
  keys: string[]
  /** Time of the item. */
  at: Date
  /** Of a status: the names of its message, which says more about an erasure than its recipient. */
  message: { messageId: string | null; wamid: string } | null
}

export type KnownEvent = Pick<WebhookEventDoc, '_id' | 'status' | 'reason'>

/** Documents that the batch needs. */
export interface Loaded {
  /**
   * Whether rows were looked for that an interrupted try of the same items may have left: webhook events, new messages, and
   * messages that their conversations do not count yet.
   */
  isThorough: boolean
  known: KnownEvent[]
  contacts: ContactDoc[]
  conversations: ConversationDoc[]
  messages: MessageDoc[]
  leads: LeadDoc[]
  templates: TemplateDoc[]
  /** Those whom the batch names, and who were erased a month ago at most. */
  erased?: ErasedKey[]
}

export interface Update<T> {
  _id: Id
  tenantId: Id
  set: Partial<T>
  /** Entries to append to a message's timeline. */
  entries?: TimelineEntry[]
}
export interface Changes<T> {
  inserts: T[]
  updates: Update<T>[]
}

/** Merge of two contacts, with their conversations. */
export interface Move {
  tenantId: Id
  fromContactId: Id
  toContactId: Id
  /** Conversations that are merged into another one, or only change their contact (from = to). */
  conversations: MovedConversation[]
}

export interface MovedConversation {
  from: Id
  to: Id
  /** Messages that `to` had counted: those of `from` are numbered behind them. */
  offset: number
}

/** All changes of a batch. */
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
  /** Counted after everything else: many batches count the same template and would abort each other. */
  templateUses: TemplateUse[]
  clients: Update<ClientDoc>[]
  moves: Move[]
  /** Messages that their conversations show now as they were read: their mark is taken away at the end. */
  projected: Pick<MessageDoc, '_id' | 'tenantId' | 'unprojectedSince'>[]
  events: EventDoc[]
  parked: ParkedItemDoc[]
  unparked: string[]
  /** Files of edited or revoked messages, to be deleted. */
  discarded: DiscardedFileDoc[]
}
