import { audienceFileState } from '#shared/domain/campaigns/audience-file.ts'
import { toId } from '#shared/model/ids.ts'
import type { MayGoOn } from '#shared/process/jobs.ts'
import type { Logger } from '#shared/process/logger.ts'
import { listFiles, type ObjectStorage, type StoredObject } from '#shared/storage/object-storage.ts'
import { audiencePrefix, importPrefix, readAudienceKey } from '#shared/storage/open.ts'
import { listTenantIds } from '#shared/store/accounts/tenants.ts'
import { findFileOwners } from '#shared/store/campaigns/queries.ts'
import type { Store } from '#shared/store/connect.ts'

export interface LeftFilesDeps {
  store: Store
  storage: Pick<ObjectStorage, 'delete' | 'list'>
  log: Logger
  now(): Date
}

/** Longer than any upload and any import: the process of an older file that no row names has died. */
const UNDER_WAY_MS = 3_600_000

/**
 * Deletes uploaded lists of people that nothing reads any more: of imports whose process died, of audiences that were replaced, and
 * of campaigns that have ended. Normally whoever reads a list last deletes it. @throws Outage
 */
export async function deleteLeftFiles(deps: LeftFilesDeps, mayGoOn: MayGoOn): Promise<void> {
  for (const tenantId of await listTenantIds(deps.store)) {
    if (!mayGoOn()) return
    const left = [...(await leftImports(deps, tenantId)), ...(await leftAudiences(deps, tenantId))]
    for (const { key } of left) await deps.storage.delete(key)
    if (left.length > 0) deps.log.info({ tenantId, files: left.length }, 'left files deleted')
  }
}

async function leftImports({ storage, now }: LeftFilesDeps, tenantId: string): Promise<StoredObject[]> {
  return (await listFiles(storage, importPrefix(tenantId))).filter(isOld(now()))
}

async function leftAudiences({ store, storage, now }: LeftFilesDeps, tenantId: string): Promise<StoredObject[]> {
  const files = (await listFiles(storage, audiencePrefix(tenantId))).filter(isOld(now()))
  const read = files.flatMap(file => readAudienceKey(file.key) ?? [])
  const owners = await findFileOwners(store, toId(tenantId), [...new Set(read.map(({ campaignId }) => campaignId))])
  return files.filter(({ key }) => {
    const named = readAudienceKey(key)
    return named !== null && audienceFileState(named.generation, owners.get(named.campaignId) ?? null) !== 'needed'
  })
}

const isOld =
  (now: Date) =>
  ({ storedAt }: StoredObject) =>
    now.getTime() - storedAt.getTime() > UNDER_WAY_MS
