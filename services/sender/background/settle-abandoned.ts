import type { Dispatch, MessageDoc } from '#shared/model/documents.ts'
import type { Logger } from '#shared/process/logger.ts'
import type { ServerClock } from '#shared/store/clock.ts'
import type { Store } from '#shared/store/connect.ts'
import { finishMessages } from '#shared/store/dispatch/finish.ts'
import type { Settlement } from '#shared/store/dispatch/outcome-writes.ts'
import { findAbandoned } from '#shared/store/dispatch/sweeps.ts'
import { liveOwners } from '#shared/store/leases.ts'
import { unknownStep } from '../send/settle.ts'
import { SENDER } from './heartbeat.ts'
import type { RoundRobin } from './round-robin.ts'

export interface AbandonedDeps {
  store: Store
  clock: ServerClock
  log: Logger
  roundRobin: RoundRobin
  owner: string
  unknownDeadlineMs: number
}

const BATCH = 500

/** Sets attempts to UNKNOWN whose sender died, or that took longer than a call may. @returns how many. @throws Outage */
export async function settleAbandoned(deps: AbandonedDeps): Promise<number> {
  const now = deps.clock.now()
  const live = await liveOwners(deps.store, SENDER)
  // A list without this sender's heartbeat is not reliable for the others either.
  if (!live.includes(deps.owner)) return 0
  const rows = await findAbandoned(deps.store, now, live, BATCH)
  if (rows.length > 0) deps.log.warn({ count: rows.length }, 'attempts abandoned')
  const settlementOf = (row: MessageDoc) => abandoned(row, now, deps.unknownDeadlineMs)
  for (const [phoneNumberId, own] of Map.groupBy(rows, row => row.phoneNumberId))
    await deps.roundRobin.isolate({ job: 'settle abandoned attempts', phoneNumberId }, () =>
      finishMessages(deps.store, own.map(settlementOf)),
    )
  return rows.length
}

const abandoned = (message: MessageDoc, at: Date, unknownDeadlineMs: number): Settlement => ({
  message,
  at,
  step: unknownStep({ at, unknownDeadlineMs }),
  entry: {
    kind: 'note',
    at,
    attempt: (message.dispatch as Dispatch).attempt,
    outcome: 'unknown',
    detail: 'The sender stopped during this attempt. It is unknown whether WhatsApp accepted it.',
  },
})
