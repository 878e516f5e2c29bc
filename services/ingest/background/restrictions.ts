import type { Logger } from '#shared/process/logger.ts'
import { createEventPublisher, type EventPublisher } from '#shared/queue/publish-events.ts'
import type { Queue } from '#shared/queue/types.ts'
import type { Store } from '#shared/store/connect.ts'
import {
  type ClientChange,
  endRepliesOnly,
  endRestriction,
  findRepliesOnlyEnded,
  findRestrictionsEnded,
} from '#shared/store/numbers/clients.ts'

export interface RestrictionDeps {
  store: Store
  queue: Pick<Queue, 'publish'>
  log: Logger
  now(): Date
}

/**
 * Ends expired restrictions: paused numbers resume, and numbers that could only reply may start conversations again.
 * @throws Outage
 */
export async function endRestrictions(deps: RestrictionDeps): Promise<void> {
  const { store, now } = deps
  const events = createEventPublisher(deps)
  for (const client of await findRestrictionsEnded(store, now())) {
    const change = await endRestriction(store, client, now())
    if (change !== null) await report(deps, events, change, 'number resumed')
  }
  for (const client of await findRepliesOnlyEnded(store, now())) {
    const change = await endRepliesOnly(store, client, now())
    if (change !== null) await report(deps, events, change, 'number unrestricted')
  }
}

async function report(
  { log }: RestrictionDeps,
  events: EventPublisher,
  { client, event }: ClientChange,
  logMessage: string,
): Promise<void> {
  log.info({ tenantId: String(client.tenantId), clientId: String(client._id), reason: 'restriction ended' }, logMessage)
  await events.publish([event], null)
}
