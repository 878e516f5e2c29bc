import type { ConversationDoc, UserDoc } from '#shared/model/documents.ts'
import type { MayGoOn } from '#shared/process/jobs.ts'
import { audit } from '#shared/store/accounts/audit.ts'
import { findAssignedTo, findLeavers, markReleased, release } from '#shared/store/inbox/assignment.ts'
import { asTenant } from '#shared/store/tenancy/tenancy.ts'
import type { BackgroundDeps } from '../numbers/background-deps.ts'

type Deps = Pick<BackgroundDeps, 'store' | 'events' | 'now' | 'log'>

const USERS = 20
const BATCH = 100
/** Requests that saw the user as an active one have ended by then. */
const UNDER_WAY_MS = 30_000

/**
 * Gives back the conversations of users who were disabled or deleted, so that somebody sees them: also closed ones, which their
 * customers may open again. Each is told by its event and noted in the audit log. @returns how many were given back. @throws Outage
 */
export async function releaseLeft(deps: Deps, mayGoOn: MayGoOn): Promise<number> {
  let count = 0
  for (const user of await findLeavers(deps.store, USERS))
    if (mayGoOn()) count += await asTenant(user.tenantId, () => releaseOf(deps, user, mayGoOn))
  return count
}

async function releaseOf(deps: Deps, user: UserDoc, mayGoOn: MayGoOn): Promise<number> {
  const { store, events, now, log } = deps
  const left = await findAssignedTo(store, user, BATCH)
  let count = 0
  for (const conversation of left) {
    if (!mayGoOn()) return count
    const told = await release(store, conversation, now(), session => note(deps, user, conversation, session))
    if (told.length > 0) count++
    void events.publish(told, null)
  }
  const ids = { tenantId: String(user.tenantId), userId: String(user._id) }
  if (count > 0) log.info({ ...ids, count }, 'conversations of a user who left released')
  const isSettled = now().getTime() - user.updatedAt.getTime() >= UNDER_WAY_MS
  if (left.length === 0 && isSettled) await markReleased(store, user, now())
  return count
}

const note = (
  { store, now }: Deps,
  user: UserDoc,
  { _id, tenantId }: ConversationDoc,
  session: Parameters<Parameters<typeof release>[3]>[0],
): Promise<void> =>
  audit(
    store,
    {
      tenantId,
      actor: { kind: 'system', id: null, name: null },
      action: 'conversations.release',
      object: { kind: 'conversation', id: String(_id) },
      changes: { assignedTo: { before: { id: String(user._id), name: user.name }, after: null } },
      ip: null,
    },
    { session, at: now() },
  )
