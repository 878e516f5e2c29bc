import type { BatchKeys, Loaded } from '../../model/batch-plan.ts'
import type { Store } from '../connect.ts'
import { loadDocuments } from './load.ts'

/** What items would be judged by if they had never come, in one snapshot; nothing is written. @throws Outage when MongoDB is away */
export async function loadPreview(store: Store, keys: BatchKeys): Promise<Loaded> {
  if (keys.tenantIds.length === 0) return { known: [], contacts: [], conversations: [], messages: [], leads: [], templates: [] }
  return await store.transaction(async session => ({ known: [], ...(await loadDocuments(store.raw, keys, session, true)) }))
}
