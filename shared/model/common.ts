import type { Id } from './ids.ts'

export type { Id } from './ids.ts'

export interface Common {
  _id: Id
  createdAt: Date
  updatedAt: Date
  createdBy?: Id | null
  updatedBy?: Id | null
  deletedAt?: Date | null
}
