import { MESSAGE_TYPE } from '../contracts/message-types.ts'
import type { ProjectionJob } from '../contracts/projection-job.ts'
import type { MessageDoc } from '../model/documents.ts'
import { EXCHANGES, webhookKeys } from './topology.ts'
import type { OutgoingMessage } from './types.ts'

/** What a job needs of a message. */
export type Unprojected = Pick<MessageDoc, '_id' | 'tenantId' | 'phoneNumberId' | 'contactKey'>

/** Messages of one job at most. */
const MOST = 200

/** Jobs for the recorder: messages of the same shard travel together, in the order given. */
export function projectionMessages(rows: readonly Unprojected[], traceparent: string | null = null): OutgoingMessage[] {
  const shards = Map.groupBy(rows, ({ phoneNumberId, contactKey }) => webhookKeys.conversation(phoneNumberId, contactKey))
  return [...shards].flatMap(([routingKey, own]) =>
    chunks(own).map(part => ({
      exchange: EXCHANGES.webhook,
      routingKey,
      type: MESSAGE_TYPE.projection,
      body: { v: 1, messages: part.map(jobEntry) } satisfies ProjectionJob,
      messageId: `p:${part[0]?._id}`,
      traceparent,
    })),
  )
}

const jobEntry = ({ _id, tenantId }: Unprojected) => ({ messageId: String(_id), tenantId: String(tenantId) })

const chunks = <T>(rows: T[]): T[][] =>
  Array.from({ length: Math.ceil(rows.length / MOST) }, (_, i) => rows.slice(i * MOST, (i + 1) * MOST))
