import { nextErasureCheck } from '#shared/domain/contacts/erasure.ts'
import { Outage } from '#shared/domain/errors.ts'
import { later } from '#shared/domain/later.ts'
import { checkErasure, type Leftovers } from '#shared/erasure/check.ts'
import type { ErasureDoc } from '#shared/model/documents.ts'
import type { MayGoOn } from '#shared/process/jobs.ts'
import { audit } from '#shared/store/accounts/audit.ts'
import type { Store } from '#shared/store/connect.ts'
import { endCheck, findDueChecks, postponeCheck } from '#shared/store/contacts/erasures.ts'
import type { ErasureDeps } from './finish-erasures.ts'

/**
 * Looks through again what was erased, minutes, a day and a month later, and removes what was under way at the erasure. The last
 * check leaves its counts in the audit log and forgets the erasure. @throws Outage
 */
export async function checkErasures(deps: ErasureDeps, mayGoOn: MayGoOn): Promise<void> {
  const { store, now } = deps
  for (let due = await findDueChecks(store, now()); due.length > 0; due = await findDueChecks(store, now()))
    for (const erasure of due) {
      if (!mayGoOn()) return
      await check(deps, erasure).catch(error => postpone(deps, erasure, error))
    }
}

async function check({ store, storage, log, now }: ErasureDeps, erasure: ErasureDoc): Promise<void> {
  const found = await checkErasure({ store, storage }, erasure, now())
  const ids = { tenantId: String(erasure.tenantId), contactId: String(erasure._id) }
  log.info({ ...ids, check: erasure.checks + 1, ...found }, 'erasure checked')
  // The entry first: after a crash in between the check is made once more.
  if (nextErasureCheck(erasure.at, erasure.checks + 1) === null) await recordCheck(store, erasure, found, now())
  await endCheck(store, erasure)
}

const AGAIN_MS = 60 * 60_000

/** One that cannot be checked keeps no other waiting. @throws Outage */
async function postpone({ store, log, now }: ErasureDeps, erasure: ErasureDoc, error: unknown): Promise<void> {
  if (error instanceof Outage) throw error
  log.error({ err: error, tenantId: String(erasure.tenantId), contactId: String(erasure._id) }, 'erasure not checked')
  await postponeCheck(store, erasure, later(now(), AGAIN_MS))
}

async function recordCheck(store: Store, { _id, tenantId }: ErasureDoc, found: Leftovers, at: Date): Promise<void> {
  const changes = Object.fromEntries(Object.entries(found).map(([name, count]) => [name, { before: null, after: count }]))
  const actor = { kind: 'system' as const, id: null, name: null }
  const object = { kind: 'contact', id: String(_id) }
  await audit(store, { tenantId, actor, action: 'contacts.erasureChecked', object, changes, ip: null }, { at })
}
