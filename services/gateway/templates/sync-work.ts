import type { TemplateAccess } from '#shared/meta/templates.ts'
import type { TemplateCounts, TemplateDoc, TemplateSyncDoc } from '#shared/model/documents.ts'
import { noteSync } from '#shared/store/templates/syncs.ts'
import type { BackgroundDeps } from '../numbers/background-deps.ts'

/** A sync that is being run, and how far it is. */
export interface SyncWork {
  sync: TemplateSyncDoc
  counts: TemplateCounts
  accounts: TemplateSyncDoc['accounts']
}

/** The business account that is being read. */
export type Account = Pick<TemplateDoc, 'tenantId' | 'wabaId'>

export const accountOf = ({ sync }: SyncWork, { client }: TemplateAccess): Account => ({
  tenantId: sync.tenantId,
  wabaId: client.wabaId,
})

/** Writes how far a sync is, which also keeps other processes from taking it over, and what else changes. @throws Outage */
export async function noteProgress(
  { store, now }: BackgroundDeps,
  { sync, counts, accounts }: SyncWork,
  changes: Partial<TemplateSyncDoc> = {},
): Promise<void> {
  await noteSync(store, sync, { counts, accounts, ...changes }, now())
}
