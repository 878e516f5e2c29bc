import type { Types } from 'mongoose'

export type Id = Types.ObjectId

export interface Common {
  _id: Id
  createdAt: Date
  updatedAt: Date
  createdBy?: Id | null
  updatedBy?: Id | null
  deletedAt?: Date | null
}
