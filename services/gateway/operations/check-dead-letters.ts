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

export const LETTER_OUTCOMES = ['replayed', 'unchanged', 'refused', 'processed', 'ignored', 'parked', 'failed'] as const
export type DeadLetterOutcome = (typeof LETTER_OUTCOMES)[number]

/** A dead letter that is to be replayed. */
export interface Candidate {
  deadLetter: DeadLetterDoc
  payload: string
  read: DeadLetterPayload
  /** Why it is not replayed; null when it is. `unchanged`: its effect exists already. */
  left: { outcome: DeadLetterOutcome; reason: string } | null
}

export interface ReplayRequest {
  /** Replaces the dead letter's own payload. */
  payload?: string | undefined
  /** The caller is a platform admin, who alone may edit realtime events. */
  isPlatform: boolean
}

type Events = Awaited<ReturnType<typeof findDeadLetterEvents>>

/** Decides which dead letters can be replayed, and with what. Nothing is written. */
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
  for (const one of read) candidates.push({ ...one, left: await whyLeft(store, one, input, reference, events) })
  return { candidates, reference }
}

export const itemsOf = (read: DeadLetterPayload) => (read.kind === 'webhook' ? read.items : [])

async function whyLeft(
  store: GatewayDeps['store'],
  { deadLetter, payload, read }: Omit<Candidate, 'left'>,
  { isPlatform }: ReplayRequest,
  reference: ReferenceData,
  events: Events,
): Promise<Candidate['left']> {
  if (deadLetter.state === 'REPLAYED') return { outcome: 'unchanged', reason: 'it has been replayed' }
  if (deadLetter.state === 'DISCARDED') return refused('it has been discarded')
  if (read.kind === 'unreadable') return refused(`its payload cannot be read: ${read.problem}`)
  const isEdited = payload !== deadLetter.payload
  const foreign = await whyForeign(store, deadLetter, read, isEdited, reference, events)
  if (foreign !== null) return refused(foreign)
  if (isEdited && read.kind === 'events' && !isPlatform) return refused('only a platform admin edits events')
  const isDone = read.kind === 'webhook' && read.items.every(({ eventId }) => isSettled(events.get(eventId)))
  return isDone ? { outcome: 'unchanged', reason: 'its event has been processed' } : null
}

/** A dead letter has its tenant's rights, whoever replays it and whatever its payload says now. */
async function whyForeign(
  store: GatewayDeps['store'],
  { tenantId }: DeadLetterDoc,
  read: DeadLetterPayload,
  isEdited: boolean,
  reference: ReferenceData,
  events: Events,
): Promise<string | null> {
  if (tenantId === null) return null
  const own = String(tenantId)
  if (read.kind === 'webhook') {
    const isOwn = ({ tenantId: owner }: { tenantId: unknown }) => String(owner) === own
    if (!read.items.every(item => clientsOf(reference, item)[0] && isOwn(clientsOf(reference, item)[0] as { tenantId: unknown })))
      return 'its number is not connected to this account'
    const known = read.items.flatMap(({ eventId }) => events.get(eventId) ?? [])
    return known.every(event => event.tenantId === null || isOwn(event)) ? null : 'its event is not of this account'
  }
  if (read.kind === 'events' && read.tenantIds.some(id => id !== own)) return 'its events are not all of this account'
  if (read.kind === 'media' && read.tenantId !== own) return 'its message is not of this account'
  if (read.kind === 'job') return isEdited ? await whyNoSendJob(store, own, read.job) : null
  return null
}

/** An edited send job must say what its message says: there is nothing else to send. */
async function whyNoSendJob(
  store: GatewayDeps['store'],
  tenantId: string,
  job: Extract<DeadLetterPayload, { kind: 'job' }>['job'],
): Promise<string | null> {
  const message = await asTenant(tenantId, () => findMessage(store, tenantId, job.messageId))
  if (message === null || job.tenantId !== tenantId) return 'its message is not of this account'
  const own = sendJobFor(message)
  const wrong = (Object.keys(own) as (keyof typeof own)[]).filter(field => own[field] !== job[field])
  return wrong.length === 0 ? null : `its message says otherwise: ${wrong.join(', ')}`
}

const isSettled = (event: Pick<WebhookEventDoc, 'status' | 'reason'> | undefined) =>
  event?.status === 'PROCESSED' || (event?.status === 'IGNORED' && event.reason !== PARKED)

const refused = (reason: string) => ({ outcome: 'refused' as const, reason })
