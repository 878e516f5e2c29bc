import type { Id, PipelineDoc } from '../../model/documents.ts'
import { newId } from '../../model/ids.ts'
import type { Store } from '../connect.ts'

const FIRST_STAGES = ['New', 'Contacted', 'Qualified', 'Won', 'Lost']

/** The default pipeline of a tenant, created if missing. Concurrent callers get the same one. */
export async function ensureDefaultPipeline(store: Store, tenantId: Id): Promise<PipelineDoc> {
  const filter = { tenantId, isDefault: true }
  const present = await store.models.pipelines.findOne(filter).lean()
  if (present) return present
  const stages = FIRST_STAGES.map((name, order) => ({ _id: newId(), name, order }))
  const pipeline = await store.models.pipelines
    .findOneAndUpdate(filter, { $setOnInsert: { name: 'Leads', stages } }, { upsert: true, returnDocument: 'after' })
    .lean()
  return pipeline as PipelineDoc
}
