import { Schema, Types } from 'mongoose'

/** Building blocks of the schemas: what may be missing is stored as null, so that a filter and a view need one case. */
export const id = { type: Schema.Types.ObjectId, default: null }
export const requiredId = { type: Schema.Types.ObjectId, required: true }
export const text = { type: String, default: null }
export const requiredText = { type: String, required: true }
export const date = { type: Date, default: null }
export const requiredDate = { type: Date, required: true }
export const number = { type: Number, default: null }
export const flag = { type: Boolean, default: false }
export const anything = { type: Schema.Types.Mixed, default: null }
export const requiredAnything = { type: Schema.Types.Mixed, required: true }
/** Who made and changed a document, and its soft delete. */
export const common = {
  createdBy: id,
  updatedBy: id,
  deletedAt: date,
}

/** Unknown fields are refused, in documents, updates and filters alike: nothing is dropped in silence. */
export const strictly = {
  strict: 'throw',
  strictQuery: 'throw',
  minimize: false,
  versionKey: false,
  autoIndex: false,
  autoCreate: false,
} as const

/** `createdAt` and `updatedAt` by mongoose. */
export const stamped = { ...strictly, timestamps: true } as const
/** `createdAt` only. */
export const created = { ...strictly, timestamps: { createdAt: true, updatedAt: false } } as const
/** Documents inside documents. */
export const inner = { _id: false, strict: 'throw', minimize: false } as const

/** Filters of partial indexes: strings and ids that are there. A query with a value for the field may use the index. */
export const isText = { $gt: '' }
export const isId = { $gt: new Types.ObjectId('0'.repeat(24)) }
/** Missing and null alike. */
export const notDeleted = { deletedAt: null }
