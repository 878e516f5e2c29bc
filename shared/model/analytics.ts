import type { AnsweredWait, Cell, Counts } from '../domain/analytics/contribution.ts'
import type { Id } from './common.ts'

/** Counters of one cell. */
export interface AnalyticsCellDoc extends Cell {
  /** Hash of tenant, generation and cell, so that a cell exists once. */
  _id: string
  tenantId: Id
  /** Counters of another generation than the tenant's are being built, or are left over. */
  generation: number
  counts: Counts
}

/** What of a message is in the counters: counted again, only the difference is added. */
export interface CountedMessageDoc {
  /** Id of the message. */
  _id: Id
  tenantId: Id
  generation: number
  /** Null for an answer that counts nowhere: only its wait is kept. */
  cell: Cell | null
  counts: Counts
  /** Wait that the message ended; null: it answers nobody. */
  wait: AnsweredWait | null
}

/** Money of one calendar month in millionths, by currency. */
export interface CountedSpend {
  own?: Record<string, number>
  meta?: Record<string, number>
}

/** How far the counters of a tenant have come. */
export interface AnalyticsStateDoc {
  /** Id of the tenant. */
  _id: Id
  tenantId: Id
  /** Counters of this generation are shown; 0 before the first have been built. */
  generation: number
  /** `seq` of the last event that was counted. */
  cursor: number
  /** When everything up to then had been counted. */
  countedAt: Date | null
  /** Time zone in which days begin. */
  timezone: string
  /** Spend by month, `2026-11`. */
  months: Record<string, CountedSpend>
  /** The next generation while it is built from the rows; null: none is. */
  rebuild: AnalyticsRebuild | null
}

export interface AnalyticsRebuild {
  generation: number
  /** `seq` of the last event before the rows were read: events after it are counted when the rows have been. */
  cursor: number
  timezone: string
  months: Record<string, CountedSpend>
  /** Message that was counted last, the newest first; null before the first one. */
  after: { at: Date; id: Id } | null
}

/** A conversation that was closed by somebody. */
export interface ClosingDoc {
  _id: Id
  tenantId: Id
  conversationId: Id
  clientId: Id
  /** To whom the conversation was assigned. */
  assignedTo: Id | null
  /** First message of the customer since the conversation was closed before; null: the customer has not written since. */
  openedAt: Date | null
  closedAt: Date
  /** Generation of the counters that contain it; 0: none. */
  countedIn: number
}
