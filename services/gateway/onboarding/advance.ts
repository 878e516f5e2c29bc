import { inParallel } from '#shared/process/in-parallel.ts'
import { endAbandoned, findConnectionsDue } from '#shared/store/numbers/connections.ts'
import { asTenant } from '#shared/store/tenancy/tenancy.ts'
import type { ConnectionJobDeps } from '../numbers/background-deps.ts'
import { runConnection } from './run.ts'

const BATCH = 50
const WIDTH = 4
/** Time for the steps of one connection in a round. */
const BUDGET_MS = 30_000
const DAY_MS = 86_400_000

/**
 * Goes on with connections whose next step is due: after a wait for Meta, and those whose executor died. @returns how many there
 * were. @throws Outage
 */
export async function advanceConnections(deps: ConnectionJobDeps): Promise<number> {
  const due = await findConnectionsDue(deps.store, deps.now(), BATCH)
  await inParallel(due, WIDTH, async connection => {
    await asTenant(connection.tenantId, () => runConnection(deps, connection, BUDGET_MS))
  })
  return due.length
}

/** Ends dialogs that did not return, and failed connections that nobody has continued for a day. Their secrets are emptied. */
export async function endAbandonedConnections({ store, now, log }: ConnectionJobDeps): Promise<void> {
  const count = await endAbandoned(store, now(), new Date(now().getTime() - DAY_MS))
  if (count > 0) log.info({ count }, 'abandoned connections ended')
}
