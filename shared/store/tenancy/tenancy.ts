import type { Aggregate, Document, Query, Schema } from 'mongoose'
import { isAcrossTenants, UnscopedQuery } from './context.ts'
import { checkUpdate, scopeDocument, scopeFilter, scopePipeline } from './scope.ts'

export { acrossTenants, asTenant, currentTenant, currentViewer, UnscopedQuery } from './context.ts'

type Fields = Record<string, unknown>

const FILTERED = [
  'find',
  'findOne',
  'countDocuments',
  'distinct',
  'deleteOne',
  'deleteMany',
  'findOneAndDelete',
  'updateOne',
  'updateMany',
  'findOneAndUpdate',
  'replaceOne',
  'findOneAndReplace',
] as const
const REPLACING = new Set(['replaceOne', 'findOneAndReplace'])

/**
 * Restricts every operation of a model to one tenant: the filter's `tenantId`, or the one of `asTenant`. With neither, the
 * operation throws UnscopedQuery before it reaches the server.
 */
// biome-ignore lint/suspicious/noExplicitAny: a plugin takes schemas of any document
export function tenancy(schema: Schema<any>): void {
  schema.pre([...FILTERED], { document: false, query: true }, scopeQuery)
  schema.pre('estimatedDocumentCount', refuseEstimate)
  schema.pre('aggregate', scopeAggregate)
  schema.pre('insertMany', scopeInserts)
  schema.pre('bulkWrite', scopeBulk)
  schema.pre('validate', { document: true, query: false }, scopeNew)
  schema.pre('save', scopeSave)
}

function scopeQuery(this: Query<unknown, unknown>): void {
  const operation = (this as unknown as { op: string }).op
  const what = `${this.model.modelName}.${operation}`
  const filter = this.getFilter() as Fields
  scopeFilter(what, filter)
  const update = this.getUpdate() as Fields | null
  if (update === null || update === undefined || isAcrossTenants()) return
  if (REPLACING.has(operation)) update.tenantId ??= filter.tenantId
  checkUpdate(what, update, filter.tenantId)
}

/** Refuses `estimatedDocumentCount`, which counts the whole collection and takes no filter. */
function refuseEstimate(this: Query<unknown, unknown>): void {
  if (!isAcrossTenants()) throw new UnscopedQuery(`${this.model.modelName}.estimatedDocumentCount counts every tenant`)
}

function scopeAggregate(this: Aggregate<unknown>): void {
  const pipeline = this.pipeline() as unknown as Fields[]
  const scoped = scopePipeline(`${this.model().modelName}.aggregate`, pipeline)
  pipeline.splice(0, pipeline.length, ...scoped)
}

function scopeInserts(this: { modelName: string }, documents: Fields | Fields[]): void {
  for (const document of [documents].flat()) scopeDocument(`${this.modelName}.insertMany`, document)
}

interface BulkOperation {
  filter?: Fields
  update?: unknown
  replacement?: Fields
  document?: Fields
}

function scopeBulk(this: { modelName: string }, operations: object[]): void {
  if (isAcrossTenants()) return
  for (const operation of operations) {
    const [kind, body] = Object.entries(operation)[0] as [string, BulkOperation]
    const what = `${this.modelName}.bulkWrite ${kind}`
    if (kind === 'insertOne') {
      scopeDocument(what, body.document ?? {})
      continue
    }
    body.filter ??= {}
    scopeFilter(what, body.filter)
    if (body.replacement) body.replacement.tenantId ??= body.filter.tenantId
    checkUpdate(what, body.update ?? body.replacement, body.filter.tenantId)
  }
}

/** Sets the tenant of a new document before its validation, which requires one. */
function scopeNew(this: Document): void {
  if (this.isNew && !isAcrossTenants()) this.set('tenantId', scoped(this))
}

/** Refuses to save a document under another tenant, and adds the tenant to the filter of the update. */
function scopeSave(this: Document): void {
  if (isAcrossTenants()) return
  const tenantId = scoped(this)
  if (!this.isNew && this.isModified('tenantId')) throw new UnscopedQuery('save changes the tenant of a document')
  if (!this.isNew) this.$where = { ...this.$where, tenantId }
}

function scoped(document: Document): unknown {
  const fields: Fields = { tenantId: document.get('tenantId') }
  scopeDocument('save', fields)
  return fields.tenantId
}
