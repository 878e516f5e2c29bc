import type { ScopedUserId } from '../domain/contacts/user-ids.ts'
import type { Referral } from '../domain/inbox/referral.ts'
import type { Common, Id } from './common.ts'

export interface ContactDoc extends Common {
  tenantId: Id
  waId: string | null
  /** Business-scoped user id, the first that became known. waId or userId may be missing, not both. */
  userId: string | null
  /** Business portfolio in which `userId` is valid; null or missing: not known. */
  portfolio?: string | null
  /** User ids of the same person in further portfolios of the tenant. */
  otherUserIds?: ScopedUserId[] | null
  /** Of a group in place of a person: Meta's id of it. Such a contact has no other key. */
  groupId?: string | null
  parentUserId: string | null
  phone: string | null
  name: string | null
  /** Source of the name; one from an agent or from the phone book of the business's app is not overwritten by the profile's. */
  nameSource: 'profile' | 'phone' | 'agent' | null
  /** Time of the last phone book entry for the contact. */
  nameAt?: Date | null
  username: string | null
  /** Words by which a search finds it (`searchKeys`); missing in rows of before, until `migrate`. */
  keys?: string[]
  /** Whether the person opted out of marketing. */
  optOut: boolean
  optOutAt: Date | null
  optOutSource: string | null
  attributes: Record<string, unknown>
  labels?: string[]
  block?: Block | null
  /** The ad or post from which the person came first; missing or null: none. */
  firstReferral?: Referral | null
  /** When somebody deleted the contact's lead: messages then create no other one. */
  leadDeletedAt?: Date | null
  /** Contact that this one was merged into and that holds its keys. */
  joinedWith?: Id | null
  /** Keys for finding a person's data while it is being erased; removed at the end. */
  erasing?: Erasing | null
  erasedAt?: Date | null
}

/** Block of a contact. It is reported to Meta for each number that the person wrote to; Meta may refuse it. */
export interface Block {
  at: Date
  by: Id
  /** PENDING, LIFTING: not yet reported to Meta. REFUSED: reported again when the person writes. */
  state: 'PENDING' | 'DONE' | 'REFUSED' | 'LIFTING'
  problem: string | null
  /** Earliest time of the next try, after an outage. */
  nextAt: Date
}

export interface Erasing {
  waIds: string[]
  userIds: string[]
  /** Replacement for the person's number, so that counts of people remain correct. */
  pseudonym: string
  since: Date
}

export interface PipelineDoc extends Common {
  tenantId: Id
  name: string
  isDefault: boolean
  stages: { _id: Id; name: string; order: number }[]
}

export interface LeadDoc extends Common {
  tenantId: Id
  contactId: Id | null
  name: string
  phone: string | null
  /** Words by which a search finds it (`searchKeys`); missing in rows of before, until `migrate`. */
  keys?: string[]
  status: string
  source: string
  /** That of the contact when a message made the lead; missing or null: none. */
  referral?: Referral | null
  pipelineId: Id
  stageId: Id
}
