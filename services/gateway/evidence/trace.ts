import { messageEventId, statusEventId } from '#shared/meta/webhook.ts'
import type { MessageDoc, WebhookEventDoc } from '#shared/model/documents.ts'
import type { Store } from '#shared/store/connect.ts'
import { findTracedEvents, findWebhooks } from '#shared/store/inbox/trace.ts'
import type { Named, TraceFacts } from '#shared/views/trace.ts'

/** What is stored about a message beside its row, with the webhooks themselves. */
type Facts = Omit<TraceFacts, 'webhooks'> & { webhooks: WebhookEventDoc[] }

export async function readTraceFacts(store: Store, message: MessageDoc): Promise<Facts> {
  const names = namesOf(message)
  const ids = names.map(({ id }) => id)
  const [webhooks, events] = await Promise.all([findWebhooks(store, message, ids), findTracedEvents(store, message, ids)])
  return { names, webhooks, events }
}

/**
 * Ids that the webhooks about a message have. A row's id follows from what the webhook says, so that no index from messages to
 * webhooks is needed; whom a report named is one of a few keys.
 */
export function namesOf({ wamid, previousIds, timeline, contactKey, direction, origin }: MessageDoc): Named[] {
  const wamids = [...(wamid ? [wamid] : []), ...(previousIds ?? [])]
  const came = direction === 'INBOUND' || origin === 'phone' || origin === 'app'
  const own = came ? wamids.map(id => ({ id: messageEventId(id), about: null })) : []
  const reports = timeline.filter(({ kind }) => kind === 'status')
  const recipients = [contactKey, null]
  const ofReports = reports.flatMap(({ key, status = null }) => {
    const [name = '', timestamp, code] = (key ?? '').split(':')
    const said = { name, timestamp: timestamp || null, code: code || null }
    return wamids.flatMap(id =>
      recipients.map(recipient => ({ id: statusEventId({ wamid: id, recipient, ...said }), about: status })),
    )
  })
  return [...own, ...ofReports]
}
