import { setTimeout as sleep } from 'node:timers/promises'
import type { MediaJob } from '#shared/contracts/media-job.ts'
import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import type { MessageDoc } from '#shared/model/documents.ts'
import type { Logger } from '#shared/process/logger.ts'
import { EXCHANGES } from '#shared/queue/topology.ts'
import type { OutgoingMessage, Queue } from '#shared/queue/types.ts'
import type { Store } from '#shared/store/connect.ts'
import { findForgottenMedia } from '#shared/store/inbox/media.ts'

type Row = Pick<MessageDoc, '_id' | 'tenantId'>

const SWEEP_MS = 15_000
/** A job that waits for its next try stands in the delay queues for up to ten minutes. */
const FORGOTTEN_MS = 30 * 60_000
const BATCH = 200

export function mediaJobMessage({ _id, tenantId }: Row): OutgoingMessage {
  const body: MediaJob = { v: 1, messageId: String(_id), tenantId: String(tenantId) }
  return {
    exchange: EXCHANGES.media,
    routingKey: 'media',
    type: MESSAGE_TYPE.media,
    body,
    messageId: `media:${body.messageId}`,
    tenantId: body.tenantId,
  }
}

/** After the commit; nobody waits for it, for what is lost here is found by the sweep. */
export function publishMediaJobs({ queue, log }: { queue: Pick<Queue, 'publish'>; log: Logger }, rows: readonly Row[]): void {
  for (const row of rows)
    queue.publish(mediaJobMessage(row)).catch(error => log.warn({ err: error }, 'media job left to the sweep'))
}

/** Publishes forgotten jobs again, now and then; twice the same is harmless. */
export function startMediaSweep(
  { store, queue, log }: { store: Store; queue: Queue; log: Logger },
  { everyMs = SWEEP_MS, forgottenMs = FORGOTTEN_MS } = {},
): AsyncDisposable {
  const stop = new AbortController()
  const running = (async () => {
    while (!stop.signal.aborted) {
      try {
        const rows = await findForgottenMedia(store, new Date(Date.now() - forgottenMs), BATCH)
        publishMediaJobs({ queue, log }, rows)
        if (rows.length > 0) log.info({ count: rows.length }, 'forgotten media jobs published again')
      } catch (error) {
        log.warn({ err: error }, 'media sweep')
      }
      await sleep(everyMs, undefined, { signal: stop.signal, ref: false }).catch(() => undefined)
    }
  })()
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}
