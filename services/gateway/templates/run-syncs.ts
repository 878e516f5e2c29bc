import type { TemplateAccess } from '#shared/meta/templates.ts'
import type { TemplateSyncDoc } from '#shared/model/documents.ts'
import { inParallel } from '#shared/process/in-parallel.ts'
import type { MayGoOn } from '#shared/process/jobs.ts'
import { claimSync, isSyncDue } from '#shared/store/templates/syncs.ts'
import type { BackgroundDeps } from '../numbers/background-deps.ts'
import { accessesOf } from './access.ts'
import { readAccount } from './read-account.ts'
import { noteProgress, type SyncWork } from './sync-work.ts'

/** Syncs that run at the same time. */
const WIDTH = 3
const MOST_ATTEMPTS = 5
/** When Meta cannot answer now, the first wait before the next attempt; later ones are longer. */
const AGAIN_MS = 30_000
const NO_ACCESS = 'No number can read the templates: none is connected, or no access token can be opened'

/**
 * Runs the syncs that are due: reads all templates of a tenant's accounts from Meta. When the lease is lost or the process stops,
 * it ends between two pages and another process continues. @returns 0 if none is due. @throws Outage
 */
export async function runSyncs(deps: BackgroundDeps, mayGoOn: MayGoOn): Promise<number> {
  if (!(await isSyncDue(deps.store, deps.now()))) return 0
  const next = async () => (mayGoOn() ? await claimSync(deps.store, deps.now()) : null)
  await inParallel([...Array(WIDTH).keys()], WIDTH, async () => {
    for (let sync = await next(); sync !== null; sync = await next()) await runSync(deps, sync, mayGoOn)
  })
  return 1
}

async function runSync(deps: BackgroundDeps, sync: TemplateSyncDoc, mayGoOn: MayGoOn): Promise<void> {
  const work: SyncWork = { sync, counts: { ...sync.counts }, accounts: [...sync.accounts] }
  const accesses = await accessesOf(deps, sync.tenantId)
  if (accesses.size === 0) return await finish(deps, work, NO_ACCESS)
  const hasEnded = await readAccounts(deps, work, accesses, mayGoOn)
  if (!hasEnded) return
  const errors = work.accounts.flatMap(({ wabaId, error }) => (error ? [`${wabaId}: ${error}`] : []))
  await finish(deps, work, errors.length > 0 ? errors.join('; ') : null)
}

/** Reads the accounts that an earlier attempt has not read. @returns false when another attempt has to follow */
async function readAccounts(
  deps: BackgroundDeps,
  work: SyncWork,
  accesses: ReadonlyMap<string, TemplateAccess>,
  mayGoOn: MayGoOn,
): Promise<boolean> {
  for (const [wabaId, access] of accesses) {
    if (work.accounts.some(account => account.wabaId === wabaId)) continue
    const outcome = await readAccount(deps, work, access, mayGoOn)
    if (outcome.kind !== 'done') {
      await (outcome.kind === 'later' ? postpone(deps, work, outcome) : handOver(deps, work))
      return false
    }
    work.accounts.push({ wabaId, error: outcome.error })
    await noteProgress(deps, work)
  }
  return true
}

async function postpone(deps: BackgroundDeps, work: SyncWork, { why, waitMs }: { why: string; waitMs: number }): Promise<void> {
  const { attempts } = work.sync
  if (attempts >= MOST_ATTEMPTS) return await finish(deps, work, why)
  const dueAt = new Date(deps.now().getTime() + Math.max(waitMs, AGAIN_MS * attempts))
  await noteProgress(deps, work, { status: 'PENDING', error: why, dueAt, heldUntil: null })
}

/** Leaves the sync to another process at once. It does not count as an attempt. */
async function handOver(deps: BackgroundDeps, work: SyncWork): Promise<void> {
  const attempts = work.sync.attempts - 1
  await noteProgress(deps, work, { status: 'PENDING', attempts, dueAt: deps.now(), heldUntil: null })
}

async function finish(deps: BackgroundDeps, work: SyncWork, error: string | null): Promise<void> {
  const { sync, counts } = work
  const status = error === null ? 'DONE' : 'FAILED'
  await noteProgress(deps, work, { status, isOpen: false, error, heldUntil: null })
  const fields = { tenantId: String(sync.tenantId), sync: sync._id, attempts: sync.attempts, ...counts }
  if (error === null) deps.log.info(fields, 'templates read')
  else deps.log.warn({ ...fields, accounts: work.accounts.length }, 'templates not read')
}
