import type { TemplateAccess } from '#shared/meta/templates.ts'
import type { TemplateCounts, TemplateDoc, TemplateSyncDoc } from '#shared/model/documents.ts'
import { updateSync } from '#shared/store/templates/syncs.ts'
import type { BackgroundDeps } from '../numbers/background-deps.ts'

/** Running sync and its progress. */
export interface SyncWork {
  sync: TemplateSyncDoc
  counts: TemplateCounts
  accounts: TemplateSyncDoc['accounts']
}

/** Business account that is being read. */
export type Account = Pick<TemplateDoc, 'tenantId' | 'wabaId'>

export const accountOf = ({ sync }: SyncWork, { client }: TemplateAccess): Account => ({
  tenantId: sync.tenantId,
  wabaId: client.wabaId,
})

/** Writes the progress of a sync and other changes, which also keeps other processes from taking it over. @throws Outage */
export async function noteProgress(
  { store, now }: BackgroundDeps,
  { sync, counts, accounts }: SyncWork,
  changes: Partial<TemplateSyncDoc> = {},
): Promise<void> {
  await updateSync(store, sync, { counts, accounts, ...changes }, now())
}
