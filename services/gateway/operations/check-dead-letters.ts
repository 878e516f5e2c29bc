import { clientsOf, type ReferenceData } from '#shared/fold/context.ts'
import { PARKED } from '#shared/model/batch-plan.ts'
import type { DeadLetterDoc, WebhookEventDoc } from '#shared/model/documents.ts'
import { readReferenceData } from '#shared/recording/reference-data.ts'
import { sendJobFor } from '#shared/store/dispatch/take.ts'
import { findMessage } from '#shared/store/inbox/messages.ts'
import { asTenant } from '#shared/store/tenancy/tenancy.ts'
import { findDeadLetterEvents } from '#shared/store/webhooks/dead-letters.ts'
import type { GatewayDeps } from '../deps.ts'
import { type DeadLetterPayload, readPayload } from './dead-letter-payload.ts'

/** Outcomes of a replay. `replayed`: published. The last four are the forecasts of a dry run for webhooks. */
export const DEAD_LETTER_OUTCOMES = ['replayed', 'unchanged', 'refused', 'processed', 'ignored', 'parked', 'failed'] as const
export type DeadLetterOutcome = (typeof DEAD_LETTER_OUTCOMES)[number]

/** Dead letter whose replay is requested. */
export interface Candidate {
  deadLetter: DeadLetterDoc
  payload: string
  read: DeadLetterPayload
  /** Outcome without a replay, null when it can be replayed. `unchanged`: its effect is already there. */
  skipped: { outcome: DeadLetterOutcome; reason: string } | null
}

export interface ReplayRequest {
  /** Replaces the payload of the dead letter. */
  payload?: string | undefined
  /** Whether the caller is a platform admin, who alone may edit events. */
  isPlatform: boolean
}

type Events = Awaited<ReturnType<typeof findDeadLetterEvents>>

/** Decides which dead letters can be replayed and with which payload; writes nothing. */
export async function checkReplayable(
  { store }: Pick<GatewayDeps, 'store'>,
  deadLetters: readonly DeadLetterDoc[],
  input: ReplayRequest,
): Promise<{ candidates: Candidate[]; reference: ReferenceData }> {
  const read = deadLetters.map(deadLetter => {
    const payload = input.payload ?? deadLetter.payload
    return { deadLetter, payload, read: readPayload(deadLetter, payload) }
  })
  const items = read.flatMap(one => itemsOf(one.read))
  const reference = await readReferenceData(store, items)
  const events = await findDeadLetterEvents(
    store,
    items.map(({ eventId }) => eventId),
  )
  const candidates: Candidate[] = []
  for (const one of read) candidates.push({ ...one, skipped: await skipReason(store, one, input, reference, events) })
  return { candidates, reference }
}

/** Webhook items of a payload; none for other message types. */
export const itemsOf = (read: DeadLetterPayload) => (read.kind === 'webhook' ? read.items : [])

async function skipReason(
  store: GatewayDeps['store'],
  { deadLetter, payload, read }: Omit<Candidate, 'skipped'>,
  { isPlatform }: ReplayRequest,
  reference: ReferenceData,
  events: Events,
): Promise<Candidate['skipped']> {
  if (deadLetter.state === 'REPLAYED') return { outcome: 'unchanged', reason: 'The dead letter has already been replayed.' }
  if (deadLetter.state === 'DISCARDED') return refused('The dead letter has been discarded.')
  if (read.kind === 'unreadable') return refused(`The payload cannot be read: ${read.problem}.`)
  const isEdited = payload !== deadLetter.payload
  const foreign = await foreignReason(store, deadLetter, read, { isEdited, isPlatform }, reference, events)
  if (foreign !== null) return refused(foreign)
  if (isEdited && read.kind === 'events' && !isPlatform) return refused('Only a platform admin can edit events.')
  const isDone = read.kind === 'webhook' && read.items.every(({ eventId }) => isSettled(events.get(eventId)))
  return isDone ? { outcome: 'unchanged', reason: 'The event has already been processed.' } : null
}

/** Reason why a payload reaches beyond the tenant of its dead letter; null if it does not, or if the caller may reach beyond it. */
async function foreignReason(
  store: GatewayDeps['store'],
  { tenantId }: DeadLetterDoc,
  read: DeadLetterPayload,
  { isEdited, isPlatform }: { isEdited: boolean; isPlatform: boolean },
  reference: ReferenceData,
  events: Events,
): Promise<string | null> {
  if (tenantId === null) return null
  const own = String(tenantId)
  if (read.kind === 'webhook') {
    const isOwn = ({ tenantId: owner }: { tenantId: unknown }) => String(owner) === own
    const reached = read.items.map(item => clientsOf(reference, item))
    if (!reached.every(numbers => numbers.some(isOwn))) return 'The number is not connected to this account.'
    const known = read.items.flatMap(({ eventId }) => events.get(eventId) ?? [])
    if (!known.every(event => event.tenantId === null || isOwn(event))) return 'The event does not belong to this account.'
    return isPlatform || reached.flat().every(isOwn) ? null : SHARED_ACCOUNT
  }
  if (read.kind === 'events' && read.tenantIds.some(id => id !== own)) return 'Some of the events do not belong to this account.'
  if (read.kind === 'media' && read.tenantId !== own) return 'The message does not belong to this account.'
  if (read.kind === 'job') return isEdited ? await sendJobMismatch(store, own, read.job) : null
  return null
}

const SHARED_ACCOUNT =
  'The event concerns all numbers of a WhatsApp Business account, and some belong to other companies. Only a platform admin can replay it.'

/** Reason why an edited send job does not agree with the row of its message; null if it does. */
async function sendJobMismatch(
  store: GatewayDeps['store'],
  tenantId: string,
  job: Extract<DeadLetterPayload, { kind: 'job' }>['job'],
): Promise<string | null> {
  const message = await asTenant(tenantId, () => findMessage(store, tenantId, job.messageId))
  if (message === null || job.tenantId !== tenantId) return 'The message does not belong to this account.'
  const own = sendJobFor(message)
  const wrong = (Object.keys(own) as (keyof typeof own)[]).filter(field => own[field] !== job[field])
  return wrong.length === 0 ? null : `The stored message has other values for: ${wrong.join(', ')}.`
}

const isSettled = (event: Pick<WebhookEventDoc, 'status' | 'reason'> | undefined) =>
  event?.status === 'PROCESSED' || (event?.status === 'IGNORED' && event.reason !== PARKED)

const refused = (reason: string) => ({ outcome: 'refused' as const, reason })
