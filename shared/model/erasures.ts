import type { Id } from './common.ts'

/** An erased person, kept until the last check: what is from before the erasure is recognised by it, and by nothing else. */
export interface ErasureDoc {
  /** Id of the contact. */
  _id: Id
  tenantId: Id
  /** The contact and those that were merged into it. */
  contactIds: Id[]
  /** Keyed hashes of the person's phone numbers, in all their forms, and of the user ids. */
  hashes: string[]
  /** Replacement for the person's number. */
  pseudonym: string
  /** When the erasure began. Later items are of a new person. */
  at: Date
  /** Time of the next check. */
  nextCheckAt: Date
  /** Number of checks so far, see `nextErasureCheck`. */
  checks: number
}

/** A key of a person that was erased, and when the erasure began. */
export interface ErasedKey {
  tenantId: Id
  /** Phone number or user id. */
  key: string
  at: Date
}
