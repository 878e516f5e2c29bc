import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import { RECEIVED_AT_HEADER } from '#shared/contracts/webhook-delivery.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { clientsOf, type ReferenceData } from '#shared/fold/context.ts'
import { isObject } from '#shared/meta/json.ts'
import { parseWebhook, type WebhookItem } from '#shared/meta/webhook.ts'
import type { Id, WebhookEventDoc } from '#shared/model/documents.ts'
import { EXCHANGES } from '#shared/queue/topology.ts'
import { PublishError } from '#shared/queue/types.ts'
import { type Preview, previewItems } from '#shared/recording/preview.ts'
import { readReferenceData } from '#shared/recording/reference-data.ts'
import { routingKeyOfItem } from '#shared/recording/routing-key.ts'
import { claimDeadLetters, returnDeadLetters, settleReplayed } from '#shared/store/webhooks/dead-letter-moves.ts'
import { closeWebhookEvents, type EventOwner, reopenWebhookEvents } from '#shared/store/webhooks/webhook-events.ts'
import type { GatewayDeps } from '../deps.ts'

/** `replayed`: on its way to the recorder. The last four are what a dry run foretells. */
export const REPLAY_OUTCOMES = ['replayed', 'unchanged', 'refused', 'processed', 'ignored', 'parked', 'failed'] as const
export type ReplayOutcome = (typeof REPLAY_OUTCOMES)[number]

export interface ReplayedEvent {
  id: string
  outcome: ReplayOutcome
  reason: string | null
}
export interface Replay {
  data: ReplayedEvent[]
  changes: Preview['changes']
  events: Preview['events']
}

interface Candidate {
  event: WebhookEventDoc
  item: WebhookItem | null
  /** Why it is not replayed; null when it is. */
  left: ReplayedEvent | null
}

/**
 * Sends stored events the way of every webhook once more: what was processed keeps its effect and is not sent at all, what
 * failed or was ignored is judged anew by the recorder. @throws ApiError 503 when the broker takes nothing: all stands as before
 */
export async function replayEvents(
  deps: GatewayDeps,
  owner: EventOwner,
  events: readonly WebhookEventDoc[],
  { id, name, traceparent }: { id: Id; name: string; traceparent: string },
): Promise<Replay> {
  const { candidates } = await preview(deps, owner, events)
  const going = candidates.filter(({ left }) => left === null)
  const eventIds = going.map(({ event }) => event._id)
  const by = { id, name, at: deps.now() }
  const deadLetters = {
    ...(await claimDeadLetters(deps.store, { messageId: { $in: eventIds }, type: MESSAGE_TYPE.webhook }, by)),
    by,
  }
  await reopenWebhookEvents(deps.store, owner, eventIds)
  try {
    await Promise.all(going.map(candidate => publish(deps, owner, candidate, traceparent)))
  } catch (error) {
    await returnDeadLetters(deps.store, deadLetters)
    await closeWebhookEvents(
      deps.store,
      owner,
      going.map(({ event }) => event),
    )
    if (!(error instanceof PublishError)) throw error
    throw new ApiError(503, 'UNAVAILABLE', 'The broker is away: nothing was replayed', {
      headers: { 'retry-after': '5' },
      cause: error,
    })
  }
  await settleReplayed(deps.store, deadLetters)
  return { data: candidates.map(({ event, left }) => left ?? outcomeOf(event, 'replayed', null)), changes: [], events: {} }
}

/** The same on paper: what the recorder would make of them, and nothing is written or sent. */
export async function previewReplay(deps: GatewayDeps, owner: EventOwner, events: readonly WebhookEventDoc[]): Promise<Replay> {
  const { candidates, reference } = await preview(deps, owner, events)
  const items = candidates.flatMap(({ item, left }) => (left === null && item ? [item] : []))
  const { verdicts, changes, events: eventCounts } = await previewItems(deps.store, items, reference, deps.now())
  const previewed = verdicts[Symbol.iterator]()
  const data = candidates.map(({ event, left }) => {
    if (left) return left
    const { outcome, reason } = previewed.next().value as Preview['verdicts'][number]
    return outcomeOf(event, outcome, reason)
  })
  return { data, changes, events: eventCounts }
}

async function preview(deps: GatewayDeps, owner: EventOwner, events: readonly WebhookEventDoc[]) {
  const read = events.map(event => ({ event, item: itemOf(event) }))
  const reference = await readReferenceData(
    deps.store,
    read.flatMap(({ item }) => item ?? []),
  )
  const candidates: Candidate[] = read.map(one => ({ ...one, left: whyLeft(one, owner, reference) }))
  return { candidates, reference }
}

function whyLeft({ event, item }: Omit<Candidate, 'left'>, owner: EventOwner, reference: ReferenceData): ReplayedEvent | null {
  if (event.status === 'PROCESSED') return outcomeOf(event, 'unchanged', 'it has been processed')
  if (item === null) return outcomeOf(event, 'refused', 'its payload holds no event that can be read')
  // A number may have moved: its past belongs to whoever had it then.
  const [client] = clientsOf(reference, item)
  if (owner !== null && String(client?.tenantId) !== String(owner))
    return outcomeOf(event, 'refused', 'its number is not connected to this account any more')
  return null
}

const outcomeOf = ({ _id }: WebhookEventDoc, outcome: ReplayedEvent['outcome'], reason: string | null): ReplayedEvent => ({
  id: _id,
  outcome,
  reason,
})

/** The very event; what MongoDB did not take as a document was kept as a text. */
function itemOf({ _id, payload, receivedAt }: WebhookEventDoc): WebhookItem | null {
  const [item, ...others] = parseWebhook(bodyOf(payload), receivedAt)
  return item && others.length === 0 && item.eventId === _id ? item : null
}

function bodyOf(payload: Record<string, unknown>): unknown {
  if (typeof payload.json !== 'string') return payload
  try {
    const body: unknown = JSON.parse(payload.json)
    return isObject(body) ? body : {}
  } catch {
    return {}
  }
}

const publish = ({ queue }: GatewayDeps, owner: EventOwner, { event, item }: Candidate, traceparent: string) =>
  queue.publish({
    exchange: EXCHANGES.webhook,
    routingKey: routingKeyOfItem(item as WebhookItem),
    type: MESSAGE_TYPE.webhook,
    body: bodyOf(event.payload),
    messageId: event._id.slice(0, 255),
    tenantId: owner && String(owner),
    traceparent,
    headers: { [RECEIVED_AT_HEADER]: event.receivedAt.getTime() },
  })
