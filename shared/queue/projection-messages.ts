import { MESSAGE_TYPE } from '../contracts/message-types.ts'
import type { ProjectionJob } from '../contracts/projection-job.ts'
import type { UnprojectedMessage } from '../model/documents.ts'
import { chunks } from './chunks.ts'
import { EXCHANGES, webhookKeys } from './topology.ts'
import type { OutgoingMessage } from './types.ts'

/** Messages of one job at most. */
const MOST = 200

/** Jobs for the recorder: messages of the same shard travel together, in the order given. */
export function projectionMessages(rows: readonly UnprojectedMessage[], traceparent: string | null = null): OutgoingMessage[] {
  const shards = Map.groupBy(rows, ({ phoneNumberId, contactKey }) => webhookKeys.conversation(phoneNumberId, contactKey))
  return [...shards].flatMap(([routingKey, own]) =>
    chunks(own, MOST).map(part => ({
      exchange: EXCHANGES.webhook,
      routingKey,
      type: MESSAGE_TYPE.projection,
      body: { v: 1, messages: part.map(jobEntry) } satisfies ProjectionJob,
      messageId: `p:${part[0]?._id}`,
      traceparent,
    })),
  )
}

const jobEntry = ({ _id, tenantId }: UnprojectedMessage) => ({ messageId: String(_id), tenantId: String(tenantId) })
