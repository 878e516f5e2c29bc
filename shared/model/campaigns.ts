import type { Common, Id } from './common.ts'

export type CampaignStatus = 'DRAFT' | 'SCHEDULED' | 'RUNNING' | 'PAUSED' | 'DONE' | 'CANCELLED'

export interface CampaignDoc extends Common {
  tenantId: Id
  name: string
  clientId: Id
  phoneNumberId: string
  wabaId: string
  template: { id: Id; name: string; language: string; category: string }
  /** Which column of the audience tells what. A variable that names none has the same value for everybody. */
  columns: { to: string; name: string | null; headerMedia: string | null; variables: Record<string, string> }
  variables: Record<string, string>
  headerMedia: { id?: string; link?: string; filename?: string } | null
  /** Fewer a minute than the number could. */
  perMinute: number | null
  status: CampaignStatus
  /** Why it is paused, for people. */
  statusReason: string | null
  startAt: Date | null
  /** Nothing of it goes out later. */
  endsAt: Date | null
  startedAt: Date | null
  /** When a person last let it go on. */
  resumedAt?: Date | null
  endedAt: Date | null
  audience: {
    source: CampaignSource | null
    state: 'EMPTY' | 'CHECKING' | 'READY' | 'FAILED'
    problem: string | null
    /** Of the newest audience: rows of one that it replaced are not its own. */
    generation: number
    /** Rows read, of which the next one follows. */
    read: number
    /** Where the source goes on, if it does not count rows. */
    position: string | null
    since: Date | null
    until: Date | null
    invalid: number
    duplicate: number
    optedOut: number
    recipients: number
    /** ISO 3166 alpha-2 or `??` to how many. */
    countries: Record<string, number>
  }
  /** All recipients up to this row have their message. */
  releasedRow: number
  released: number
  /** Left out at the moment of sending: opted out meanwhile, or the template had changed. */
  skipped: number
  /** Counted from the messages, not by them: some seconds old while it runs. */
  counts: { queued: number; sent: number; delivered: number; read: number; failed: number }
}

/** A file in the storage, the tenant's contacts, or those whom another campaign did not reach. */
export type CampaignSource =
  | { kind: 'csv' | 'json' }
  | { kind: 'contacts'; label: string | null; attribute: { name: string; value: string } | null }
  | { kind: 'failed'; campaignId: Id; codes: number[] | null }

export interface RecipientDoc {
  /** `<campaign>:<generation>:<row, 8 digits>`: in the order of the audience. */
  _id: string
  tenantId: Id
  campaignId: Id
  row: number
  /** Nobody twice: the first form of the person's number, or the user id. Null for rows that go nowhere. */
  key: string | null
  /** As it was written. */
  to: string
  waId: string | null
  userId: string | null
  name: string | null
  variables: Record<string, string>
  headerMedia: string | null
  state: 'PENDING' | 'SKIPPED' | 'RELEASED'
  reason: 'invalid' | 'duplicate' | 'opted-out' | 'template' | null
  detail: string | null
  messageId: Id | null
}
