/** Shapes of all documents, one interface for each collection. Times are UTC Dates, phone numbers E.164 digits without `+`. */

export type * from './accounts.ts'
export type * from './campaigns.ts'
export type * from './common.ts'
export type * from './erasures.ts'
export type * from './files.ts'
export type * from './flow.ts'
export type * from './housekeeping.ts'
export type * from './inbox.ts'
export type * from './inbox-aids.ts'
export type * from './numbers.ts'
export type * from './people.ts'
export type * from './templates.ts'
