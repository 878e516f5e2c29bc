import type { BatchKeys, Loaded } from '../../model/batch-plan.ts'
import type { Store } from '../connect.ts'
import { loadDocuments } from './load.ts'

/** The documents that a fold of the items needs, as if they were new, read in one snapshot. Writes nothing. @throws Outage */
export async function loadPreview(store: Store, keys: BatchKeys): Promise<Loaded> {
  if (keys.tenantIds.length === 0)
    return { isThorough: true, known: [], contacts: [], conversations: [], messages: [], leads: [], templates: [] }
  return await store.transaction(async session => ({
    known: [],
    ...(await loadDocuments(store, keys, { isThorough: true, session })),
  }))
}
