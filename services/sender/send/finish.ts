import type { MessageDoc } from '#shared/model/documents.ts'
import type { Logger } from '#shared/process/logger.ts'
import type { Queue } from '#shared/queue/types.ts'
import type { ServerClock } from '#shared/store/clock.ts'
import type { Store } from '#shared/store/connect.ts'
import { finishMessages, makeReady } from '#shared/store/dispatch/finish.ts'
import { findFollowUps } from '#shared/store/dispatch/follow-ups.ts'
import { isProjected, type Settlement } from '#shared/store/dispatch/outcome-writes.ts'
import { saveRecipientKeys } from '#shared/store/dispatch/recipient-keys.ts'
import type { Publishing } from '../publishing.ts'
import { createCollector } from './collector.ts'
import { replayParked } from './replay-parked.ts'

export interface FinishDeps {
  store: Store
  queue: Queue
  publishing: Publishing
  clock: ServerClock
  log: Logger
}

/** Writes outcomes in shared batches, then publishes their events and enqueues the next message of each conversation. */
export function createFinish({ store, queue, publishing, clock, log }: FinishDeps) {
  async function write(batch: Settlement[]): Promise<void> {
    const traceparent = batch.find(settlement => settlement.traceparent)?.traceparent
    const events = await finishMessages(store, batch)
    const ended = batch.filter(({ step }) => step.kind === 'sent' || step.kind === 'failed').map(({ message }) => message)
    const asTemplate = batch
      .filter(({ step }) => step.kind === 'fallback')
      .map(({ message }) => ({ ...message, type: 'template', directSend: null }))
    publishing.enqueue(asTemplate)
    publishing.project(batch.filter(isProjected).map(({ message }) => message))
    const byWamid = new Map(
      batch.flatMap(({ step, message }) => (step.kind === 'sent' && step.wamid !== null ? [[step.wamid, message] as const] : [])),
    )
    const naming = saveRecipientKeys(store, batch, clock.now()).catch(error =>
      log.warn({ err: error }, 'recipient identities not stored'),
    )
    const results = await Promise.allSettled([publishing.publish(events, traceparent), followUp(ended, byWamid), naming])
    for (const result of results) if (result.status === 'rejected') log.warn({ err: result.reason }, 'outcome effects failed')
  }

  /** Enqueues the next messages of conversations, and replays the statuses that arrived before their message had its wamid. */
  async function followUp(ended: MessageDoc[], byWamid: Map<string, MessageDoc>): Promise<void> {
    const now = clock.now()
    const { successors, parked } = await findFollowUps(store, { ended, wamids: [...byWamid.keys()] }, now)
    await Promise.all([makeReady(store, successors, now).then(publishing.enqueue), replayParked(queue, parked, byWamid)])
  }

  const collector = createCollector<Settlement>({
    write,
    onLost: ({ message }, error) => log.error({ err: error, messageId: String(message._id) }, 'outcome not written'),
  })
  return (settlement: Settlement) => collector.add(settlement)
}
