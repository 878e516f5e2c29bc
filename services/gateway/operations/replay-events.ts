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
import type { Alongside } from '#shared/store/transaction.ts'
import { claimDeadLetters, returnDeadLetters, settleReplayed } from '#shared/store/webhooks/dead-letter-moves.ts'
import { closeWebhookEvents, type EventOwner, reopenWebhookEvents } from '#shared/store/webhooks/webhook-events.ts'
import type { GatewayDeps } from '../deps.ts'

/** Outcomes of a replay. `replayed`: published to the recorder. The last four are the forecasts of a dry run. */
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
  /** Outcome without a replay; null when it can be replayed. */
  skipped: ReplayedEvent | null
}

/** Who replays events, and the audit entry of so many that are published; after a failure it is said again with none. */
export interface ReplayBy {
  id: Id
  name: string
  traceparent: string
  entryFor(replayed: number): Alongside<null>
}

/**
 * Publishes stored events to the recorder again. Processed ones keep their effect and are skipped; failed and ignored ones are
 * decided again. @throws ApiError 503 when the broker is unavailable: nothing changed
 */
export async function replayEvents(
  deps: GatewayDeps,
  owner: EventOwner,
  events: readonly WebhookEventDoc[],
  { id, name, traceparent, entryFor }: ReplayBy,
): Promise<Replay> {
  const { candidates } = await preview(deps, owner, events)
  const going = candidates.filter(({ skipped }) => skipped === null)
  const eventIds = going.map(({ event }) => event._id)
  const by = { id, name, at: deps.now() }
  await reopenWebhookEvents(deps.store, owner, eventIds, entryFor(going.length))
  const keys = { messageId: { $in: eventIds }, type: MESSAGE_TYPE.webhook }
  const deadLetters = { ...(await claimDeadLetters(deps.store, keys, by)), by }
  try {
    await Promise.all(going.map(candidate => publish(deps, owner, candidate, traceparent)))
  } catch (error) {
    await returnDeadLetters(deps.store, { ...deadLetters, deadLetters: deadLetters.ids.map(_id => ({ _id })) })
    const events = going.map(({ event }) => event)
    await closeWebhookEvents(deps.store, owner, events, entryFor(0))
    if (!(error instanceof PublishError)) throw error
    throw new ApiError(
      503,
      'UNAVAILABLE',
      'The message broker is unavailable, and nothing was replayed. Try again in a moment.',
      {
        headers: { 'retry-after': '5' },
        cause: error,
      },
    )
  }
  await settleReplayed(deps.store, deadLetters)
  return { data: candidates.map(({ event, skipped }) => skipped ?? outcomeOf(event, 'replayed', null)), changes: [], events: {} }
}

/** Dry run of a replay: the decisions and changes of the recorder; writes and publishes nothing. */
export async function previewReplay(deps: GatewayDeps, owner: EventOwner, events: readonly WebhookEventDoc[]): Promise<Replay> {
  const { candidates, reference } = await preview(deps, owner, events)
  const items = candidates.flatMap(({ item, skipped }) => (skipped === null && item ? [item] : []))
  const { verdicts, changes, events: eventCounts } = await previewItems(deps.store, items, reference, deps.now())
  const previewed = verdicts[Symbol.iterator]()
  const data = candidates.map(({ event, skipped }) => {
    if (skipped) return skipped
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
  const candidates: Candidate[] = read.map(one => ({ ...one, skipped: skipOutcome(one, owner, reference) }))
  return { candidates, reference }
}

function skipOutcome(
  { event, item }: Omit<Candidate, 'skipped'>,
  owner: EventOwner,
  reference: ReferenceData,
): ReplayedEvent | null {
  if (event.status === 'PROCESSED') return outcomeOf(event, 'unchanged', 'The event has already been processed.')
  if (item === null) return outcomeOf(event, 'refused', 'The payload contains no readable event.')
  // A number may have moved to another tenant; its earlier events stay with the earlier one.
  const [client] = clientsOf(reference, item)
  if (owner !== null && String(client?.tenantId) !== String(owner))
    return outcomeOf(event, 'refused', 'The number is no longer connected to this account.')
  return null
}

const outcomeOf = ({ _id }: WebhookEventDoc, outcome: ReplayedEvent['outcome'], reason: string | null): ReplayedEvent => ({
  id: _id,
  outcome,
  reason,
})

/** The single item of a stored event; null if its payload does not yield exactly this event. */
function itemOf({ _id, payload, receivedAt }: WebhookEventDoc): WebhookItem | null {
  const [item, ...others] = parseWebhook(bodyOf(payload), receivedAt)
  return item && others.length === 0 && item.eventId === _id ? item : null
}

/** Webhook body; one that MongoDB could not store as a document is kept as text in `json`. */
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
