import type { Common, Id } from './common.ts'

export interface ContactDoc extends Common {
  tenantId: Id
  waId: string | null
  /** Business-scoped user id. waId or userId may be missing, not both. */
  userId: string | null
  parentUserId: string | null
  phone: string | null
  name: string | null
  /** A name that a person set, here or in the phone book of the business's app, is not overwritten by the profile's. */
  nameSource: 'profile' | 'phone' | 'agent' | null
  /** Last word of the business's own phone book about it. */
  nameAt?: Date | null
  username: string | null
  /** Marketing only. */
  optOut: boolean
  optOutAt: Date | null
  optOutSource: string | null
  attributes: Record<string, unknown>
  block?: Block | null
  /** Somebody removed its lead: no message makes another one, only a person. */
  leadDeletedAt?: Date | null
  /** They turned out to be one person, and that one holds the keys. */
  joinedWith?: Id | null
  /** While everything of the person is being removed: what it is found by. Gone at the end. */
  erasing?: Erasing | null
  erasedAt?: Date | null
}

/** Nobody here wants to hear from a person. Meta is told for each number that the person wrote to; it may refuse. */
export interface Block {
  at: Date
  by: Id
  /** PENDING, LIFTING: Meta is yet to be told. REFUSED: asked again when the person writes. */
  state: 'PENDING' | 'DONE' | 'REFUSED' | 'LIFTING'
  problem: string | null
  /** Not before, after an outage. */
  nextAt: Date
}

export interface Erasing {
  waIds: string[]
  userIds: string[]
  /** Stands where a number stood, so that counts of people stay true. */
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
  status: string
  source: string
  pipelineId: Id
  stageId: Id
}
