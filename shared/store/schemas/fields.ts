import { Schema, Types } from 'mongoose'

/** Building blocks of the schemas. An optional field is stored as null, so that filters and views handle one case. */
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
/** Author, last editor and soft delete of a document. */
export const common = {
  createdBy: id,
  updatedBy: id,
  deletedAt: date,
}

/** Options that refuse unknown fields in documents, updates and filters, instead of dropping them silently. */
export const strictly = {
  strict: 'throw',
  strictQuery: 'throw',
  minimize: false,
  versionKey: false,
  autoIndex: false,
  autoCreate: false,
} as const

/** `strictly`, with `createdAt` and `updatedAt`. */
export const stamped = { ...strictly, timestamps: true } as const
/** `strictly`, with `createdAt` only. */
export const created = { ...strictly, timestamps: { createdAt: true, updatedAt: false } } as const
/** Options of documents inside documents. */
export const inner = { _id: false, strict: 'throw', minimize: false } as const

/** The ad or post that brought a customer; missing where there is none. */
export const referral = {
  type: new Schema({ sourceId: text, sourceType: text, headline: text, ctwaClid: text, at: requiredDate }, inner),
  default: undefined,
}

/** Filters of partial indexes for fields that hold a string or an id. A query with a value for the field can use the index. */
export const isText = { $gt: '' }
export const isId = { $gt: new Types.ObjectId('0'.repeat(24)) }
export const isDate = { $gt: new Date(0) }
/** Matches a missing and a null field. */
export const notDeleted = { deletedAt: null }
