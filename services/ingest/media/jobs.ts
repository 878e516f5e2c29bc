import type { MediaJob } from '#shared/contracts/media-job.ts'
import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import type { MessageDoc } from '#shared/model/documents.ts'
import type { Logger } from '#shared/process/logger.ts'
import { EXCHANGES } from '#shared/queue/topology.ts'
import type { OutgoingMessage, Queue } from '#shared/queue/types.ts'

type Row = Pick<MessageDoc, '_id' | 'tenantId'>

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

/** Publishes jobs after the commit of their rows, without waiting for the broker: a background job requeues lost jobs. */
export function publishMediaJobs({ queue, log }: { queue: Pick<Queue, 'publish'>; log: Logger }, rows: readonly Row[]): void {
  for (const row of rows) queue.publish(mediaJobMessage(row)).catch(error => log.warn({ err: error }, 'media job not published'))
}
