import type { ProductPolicy } from '../domain/messages/marketing-messages.ts'
import type { SentenceKey } from '../domain/sentence.ts'
import type { Common, Id } from './common.ts'

export type CampaignStatus = 'DRAFT' | 'SCHEDULED' | 'RUNNING' | 'PAUSED' | 'DONE' | 'CANCELLED'

/** Why a campaign paused or ended. `by-user`: a person said why, or nothing. */
export type CampaignReason =
  | { key: 'by-user' | 'end-time-passed'; parameters: Record<string, never> }
  | { key: 'template-not-approved'; parameters: { state: string } }
  | { key: 'template-refused'; parameters: { code: string } }

export interface CampaignDoc extends Common {
  tenantId: Id
  name: string
  clientId: Id
  phoneNumberId: string
  wabaId: string
  template: { id: Id; name: string; language: string; category: string }
  /** Columns of the audience by meaning. A variable without a column has the same value for everybody. */
  columns: { to: string; name: string | null; headerMedia: string | null; variables: Record<string, string> }
  variables: Record<string, string>
  headerMedia: { id?: string; link?: string; filename?: string } | null
  /** The campaign's own limit in messages a minute; null: as fast as the number. */
  perMinute: number | null
  /** Sent by the Marketing Messages API, by this policy; missing or null: in the ordinary way. */
  marketingMessages?: ProductPolicy | null
  status: CampaignStatus
  /** Reason for a pause, as people read it. */
  statusReason: string | null
  /** The same as a name and values, for texts in other languages. */
  statusReasonKey?: CampaignReason | null
  startAt: Date | null
  /** Time after which no message of the campaign is sent. */
  endsAt: Date | null
  startedAt: Date | null
  /** When a person last resumed the campaign. */
  resumedAt?: Date | null
  endedAt: Date | null
  audience: {
    source: CampaignSource | null
    state: 'EMPTY' | 'CHECKING' | 'READY' | 'FAILED'
    problem: string | null
    /** The problem as a name and values; rows of earlier versions have none. */
    problemKey?: SentenceKey | null
    /** Generation of the audience; rows of an earlier one no longer count. */
    generation: number
    /** Size of its file. */
    bytes?: number
    /** Number of rows read so far. */
    read: number
    /** Cursor of a source that does not count rows. */
    position: string | null
    since: Date | null
    until: Date | null
    invalid: number
    duplicate: number
    optedOut: number
    recipients: number
    /** Number of recipients by ISO 3166 alpha-2 country or `??`. */
    countries: Record<string, number>
  }
  /** The highest generation that an audience has claimed, given or not. */
  audienceClaims?: number
  /** Last row up to which all recipients have their message. */
  releasedRow: number
  released: number
  /** Number of recipients skipped at the time of sending: opted out meanwhile, or the template had changed. */
  skipped: number
  /** Messages by status, counted periodically: some seconds old while the campaign runs. */
  counts: { queued: number; sent: number; delivered: number; read: number; failed: number }
}

/** Source of an audience: a file in the storage, the tenant's contacts, or those whom another campaign did not reach. */
export type CampaignSource =
  | { kind: 'csv' | 'json' }
  | { kind: 'contacts'; label: string | null; attribute: { name: string; value: string } | null }
  | { kind: 'failed'; campaignId: Id; codes: number[] | null }

export interface RecipientDoc {
  /** `<campaign>:<generation>:<row, 8 digits>`, which sorts in the order of the audience. */
  _id: string
  tenantId: Id
  campaignId: Id
  row: number
  /** Unique key of the person: the first form of the number, or the user id. Null for invalid rows. */
  key: string | null
  /** Recipient as written in the source. */
  to: string
  waId: string | null
  userId: string | null
  name: string | null
  variables: Record<string, string>
  headerMedia: string | null
  state: 'PENDING' | 'SKIPPED' | 'RELEASED'
  reason: 'invalid' | 'duplicate' | 'opted-out' | 'template' | null
  /** Why the row was skipped, as people read it. */
  detail: string | null
  /** The same as names and values, one for each sentence; rows of earlier versions have none. */
  detailKeys?: SentenceKey[]
  messageId: Id | null
}
