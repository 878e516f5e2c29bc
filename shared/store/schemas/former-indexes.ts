import type { CollectionName } from '../models.ts'
import { isText } from './fields.ts'

/** An index with the options that MongoDB's `createIndexes` takes. */
export interface IndexDefinition {
  key: Record<string, unknown>
  name: string
  [option: string]: unknown
}

/**
 * Indexes that schemas of earlier versions declared and no statement uses any more: `migrate` drops them. Each has its last
 * definition, for an index of the same name with another key, filter or uniqueness is an operator's own. An index whose declaration is
 * removed from a schema moves here; one that is changed keeps its name and needs no entry.
 */
export const FORMER_INDEXES: readonly { on: CollectionName; index: IndexDefinition }[] = [
  // People are found by their search words (`tenant_keys`).
  { on: 'contacts', index: { key: { tenantId: 1, phone: 1 }, name: 'tenant_phone' } },
  { on: 'contacts', index: { key: { tenantId: 1, name: 1 }, name: 'tenant_name' } },
  {
    on: 'contacts',
    index: { key: { tenantId: 1, username: 1 }, name: 'tenant_username', partialFilterExpression: { username: isText } },
  },
  { on: 'conversations', index: { key: { tenantId: 1, 'contact.phone': 1 }, name: 'tenant_phone' } },
  { on: 'conversations', index: { key: { tenantId: 1, 'contact.name': 1 }, name: 'tenant_name' } },
]
