/** The shape of every document, one interface a collection. Times are UTC Dates, phone numbers E.164 digits without `+`. */

export type * from './documents/accounts.ts'
export type * from './documents/campaigns.ts'
export type * from './documents/common.ts'
export type * from './documents/files.ts'
export type * from './documents/flow.ts'
export type * from './documents/housekeeping.ts'
export type * from './documents/inbox.ts'
export type * from './documents/numbers.ts'
export type * from './documents/people.ts'
export type * from './documents/templates.ts'
