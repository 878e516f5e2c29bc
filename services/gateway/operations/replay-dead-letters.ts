import type { MessageType } from '#shared/contracts/message-types.ts'
import { RECEIVED_AT_HEADER } from '#shared/contracts/webhook-delivery.ts'
import { ApiError } from '#shared/domain/errors.ts'
import type { DeadLetterDoc, Id } from '#shared/model/documents.ts'
import { EXCHANGES, retryQueue } from '#shared/queue/topology.ts'
import { type OutgoingMessage, PublishError } from '#shared/queue/types.ts'
import { type Preview, previewItems } from '#shared/recording/preview.ts'
import { routingKeyOfItem } from '#shared/recording/routing-key.ts'
import type { Alongside } from '#shared/store/transaction.ts'
import { type Actor, claimDeadLetters, returnDeadLetters, settleReplayed } from '#shared/store/webhooks/dead-letter-moves.ts'
import { moveDeadLetterEvents, retireDeadLetterEvents } from '#shared/store/webhooks/dead-letters.ts'
import type { GatewayDeps } from '../deps.ts'
import { type Candidate, checkReplayable, type DeadLetterOutcome, itemsOf, type ReplayRequest } from './check-dead-letters.ts'
import { readPayload } from './dead-letter-payload.ts'

export interface ReplayedDeadLetter {
  id: string
  outcome: DeadLetterOutcome
  reason: string | null
}
export interface DeadLetterReplay {
  data: ReplayedDeadLetter[]
  changes: Preview['changes']
  events: Preview['events']
}

/**
 * Publishes dead letters again where they were published first, with their own message ids, so that an effect already recorded is
 * not repeated. One that another request is replaying is refused. @throws ApiError 503 when the broker accepts none: nothing changed
 */
export async function replayDeadLetters(
  deps: GatewayDeps,
  deadLetters: readonly DeadLetterDoc[],
  input: ReplayRequest & { by: Actor; traceparent: string; entriesFor: EntriesFor },
): Promise<DeadLetterReplay> {
  const { candidates } = await checkReplayable(deps, deadLetters, input)
  const isGone = ({ deadLetter, skipped }: Candidate) => skipped?.outcome === 'unchanged' && deadLetter.state !== 'REPLAYED'
  const wanted = candidates.filter(one => one.skipped === null || isGone(one))
  const goingOf = (claimed: readonly Id[]) => {
    const mine = new Set(claimed.map(String))
    return wanted.filter(one => one.skipped === null && mine.has(String(one.deadLetter._id)))
  }
  const keys = { _id: { $in: wanted.map(({ deadLetter }) => deadLetter._id) } }
  // Said before it is done: what the broker does not accept is said to be returned.
  const entries = input.entriesFor('replay')
  const { claim, ids } = await claimDeadLetters(deps.store, keys, input.by, (claimed, session) =>
    entries(lettersOf(goingOf(claimed)), session),
  )
  const mine = new Set(ids.map(String))
  const going = goingOf(ids)
  const returned = await send(deps, going, input.traceparent)
  const settled = ids.filter(id => !returned.has(String(id)))
  const lost = lettersOf(going.filter(({ deadLetter }) => returned.has(String(deadLetter._id))))
  await returnDeadLetters(deps.store, { claim, deadLetters: lost, by: input.by }, input.entriesFor('return'))
  await settleReplayed(deps.store, { claim, ids: settled, by: input.by, edit: editOf(going) })
  if (going.length > 0 && returned.size === going.length) throw unavailable()
  const data = candidates.map(candidate => {
    const id = String(candidate.deadLetter._id)
    if (candidate.skipped) return outcomeOf(candidate, candidate.skipped.outcome, candidate.skipped.reason)
    if (!mine.has(id)) return outcomeOf(candidate, 'refused', 'Another request is replaying this dead letter.')
    return returned.has(id)
      ? outcomeOf(candidate, 'refused', 'The broker did not accept the message. Try again.')
      : outcomeOf(candidate, 'replayed', null)
  })
  return { data, changes: [], events: {} }
}

/** What a replay does to dead letters, as the audit log names it. */
export type EntriesFor = (what: 'replay' | 'return') => Alongside<DeadLetterDoc[]>

const lettersOf = (candidates: readonly Candidate[]) => candidates.map(({ deadLetter }) => deadLetter)

/** Dry run of a replay: the changes that webhooks would make; other messages are only reported as replayed. */
export async function previewDeadLetters(
  deps: GatewayDeps,
  deadLetters: readonly DeadLetterDoc[],
  input: ReplayRequest,
): Promise<DeadLetterReplay> {
  const { candidates, reference } = await checkReplayable(deps, deadLetters, input)
  const items = candidates.flatMap(({ read, skipped }) => (skipped === null ? itemsOf(read) : []))
  const { verdicts, changes, events } = await previewItems(deps.store, items, reference, deps.now())
  const previewed = verdicts[Symbol.iterator]()
  const data = candidates.map(candidate => {
    const { read, skipped } = candidate
    if (skipped) return outcomeOf(candidate, skipped.outcome, skipped.reason)
    const own = itemsOf(read).map(() => previewed.next().value as Preview['verdicts'][number])
    const worst = own.toSorted((a, b) => WORST.indexOf(a.outcome) - WORST.indexOf(b.outcome))[0]
    return outcomeOf(candidate, worst?.outcome ?? 'replayed', worst?.reason ?? null)
  })
  return { data, changes, events }
}

const WORST: Preview['verdicts'][number]['outcome'][] = ['failed', 'parked', 'ignored', 'processed']

/** Publishes the candidates. @returns the ids of those that the broker did not accept */
async function send(deps: GatewayDeps, going: readonly Candidate[], traceparent: string): Promise<Set<string>> {
  const eventIds = (candidates: readonly Candidate[]) => candidates.flatMap(({ read }) => itemsOf(read).map(item => item.eventId))
  await moveDeadLetterEvents(deps.store, eventIds(going), 'FAILED')
  const sent = await Promise.allSettled(going.map(candidate => deps.queue.publish(messageOf(candidate, traceparent))))
  const lost = going.filter((_, i) => sent[i]?.status === 'rejected')
  const taken = going.filter((_, i) => sent[i]?.status === 'fulfilled')
  await moveDeadLetterEvents(deps.store, eventIds(lost), 'PENDING')
  await retireDeadLetterEvents(deps.store, taken.flatMap(droppedEventIds))
  const broken = sent.find(one => one.status === 'rejected' && !(one.reason instanceof PublishError))
  if (broken) deps.log.error({ err: (broken as PromiseRejectedResult).reason }, 'dead letter not published')
  return new Set(lost.map(({ deadLetter }) => String(deadLetter._id)))
}

/** Ids of the events that an edited payload no longer contains. */
function droppedEventIds({ deadLetter, payload, read }: Candidate): string[] {
  if (payload === deadLetter.payload) return []
  const kept = new Set(itemsOf(read).map(({ eventId }) => eventId))
  return itemsOf(readPayload(deadLetter, deadLetter.payload)).flatMap(({ eventId }) => (kept.has(eventId) ? [] : eventId))
}

const KNOWN_EXCHANGES: ReadonlySet<string> = new Set(Object.values(EXCHANGES))

function messageOf({ deadLetter, payload, read }: Candidate, traceparent: string): OutgoingMessage {
  const { exchange, routingKey, queue, type, messageId, tenantId, headers } = deadLetter
  const routingKeys = new Set(itemsOf(read).map(routingKeyOfItem))
  const isKnown = KNOWN_EXCHANGES.has(exchange) && exchange !== EXCHANGES.dead
  // An edited webhook is routed by its own recipient key; with several, it keeps the shard it came from.
  const [own] = payload !== deadLetter.payload && routingKeys.size === 1 ? routingKeys : [routingKey]
  const receivedAt = headers[RECEIVED_AT_HEADER]
  return {
    // The default exchange would reach every queue, so the gateway may not publish to it: the delay of 1 s leads to this queue.
    ...(isKnown ? { exchange, routingKey: own as string } : { exchange: retryQueue(1), routingKey: queue }),
    type: type as MessageType,
    body: Buffer.from(payload),
    messageId: (messageId ?? String(deadLetter._id)).slice(0, MAX_ID),
    tenantId: tenantId && String(tenantId),
    traceparent,
    ...((typeof receivedAt === 'number' || typeof receivedAt === 'string') && { headers: { [RECEIVED_AT_HEADER]: receivedAt } }),
  }
}

/** Maximum length of an AMQP short string in bytes. */
const MAX_ID = 255

function editOf(going: readonly Candidate[]) {
  const [one] = going
  if (!one || one.payload === one.deadLetter.payload) return undefined
  return { payload: one.payload, original: one.deadLetter.original ?? one.deadLetter.payload }
}

const outcomeOf = ({ deadLetter }: Candidate, outcome: DeadLetterOutcome, reason: string | null): ReplayedDeadLetter => ({
  id: String(deadLetter._id),
  outcome,
  reason,
})

const unavailable = () =>
  new ApiError(503, 'UNAVAILABLE', 'The message broker is unavailable, and nothing was replayed. Try again in a moment.', {
    headers: { 'retry-after': '5' },
  })
