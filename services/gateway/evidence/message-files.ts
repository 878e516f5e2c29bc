import {
  contentWithoutContent,
  messageWithoutContent,
  type Redaction,
  withoutContent,
  withoutPeople,
} from '#shared/domain/messages/redact.ts'
import type { ConversationDoc, MessageDoc } from '#shared/model/documents.ts'
import { nullIfGone } from '#shared/storage/object-storage.ts'
import { mediaKey } from '#shared/storage/open.ts'
import type { ZipEntry } from '#shared/storage/zip.ts'
import { asTenant } from '#shared/store/tenancy/tenancy.ts'
import { timelineOf } from '#shared/views/timeline.ts'
import { traceOf } from '#shared/views/trace.ts'
import { messageDetailView } from '#shared/views/views.ts'
import { mediaName } from '../contacts/export-person.ts'
import type { GatewayDeps } from '../deps.ts'
import { readTraceFacts } from './trace.ts'

type Deps = Pick<GatewayDeps, 'store' | 'storage'>

/** What is left out of the files of a bundle. */
interface Left {
  content: boolean
  /** Names and numbers of the customer; null: they stay. */
  people: readonly string[] | null
}

export function leftOutOf({ contact, candidateName }: ConversationDoc, redact: readonly Redaction[]): Left {
  const { name, phone, username } = contact
  const known = [name, phone, username, candidateName].filter(part => typeof part === 'string' && part !== '') as string[]
  return { content: redact.includes('content'), people: redact.includes('people') ? known : null }
}

/** The files of a bundle about one message. */
export async function* filesOfMessage(
  { store, storage }: Deps,
  message: MessageDoc,
  { folder, at, left }: { folder: string; at: Date; left: Left },
): AsyncGenerator<ZipEntry> {
  const { tenantId, content, payload, contactKey } = message
  const facts = await asTenant(String(tenantId), () => readTraceFacts(store, message))
  const shown = (value: unknown) => (left.people ? withoutPeople(value, [...left.people, contactKey]) : value)
  const json = (name: string, value: unknown): ZipEntry => ({
    ...{ name: `${folder}${name}`, at },
    content: `${JSON.stringify(shown(value), null, 2)}\n`,
  })
  const view = messageDetailView(message, at)
  yield json('message.json', left.content ? { ...view, content: contentWithoutContent(view.content) } : view)
  yield json('timeline.json', timelineOf(message, at).steps)
  yield json('trace.json', traceOf(message, facts, at))
  if (payload) yield json('request.json', left.content ? messageWithoutContent(payload) : payload)
  const webhooks = facts.webhooks.map(({ _id, receivedAt, processedAt, status, payload: body }) => ({
    ...{ id: _id, receivedAt, processedAt, status },
    payload: left.content ? withoutContent(body) : body,
  }))
  yield json('webhooks.json', webhooks)
  if (left.content || content.media?.state !== 'STORED') return
  const file = await storage.get(mediaKey(tenantId, content.media.id)).catch(nullIfGone)
  if (file !== null) yield { name: `${folder}${mediaName(message)}`, at: message.at, content: file }
}
