import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { request } from 'undici'
import type { Store } from '#shared/store/connect.ts'
import { between, derived, type Random } from './random.ts'
import { AGAIN_MS, type Deliveries, dispatcher, webhookOf } from './webhooks.ts'
import type { Person } from './world.ts'

/** What was promised: to Meta by a 200, to the users by a 202. */
export interface Ledger {
  /** The wamids of each customer's messages, in their order, by `waId`. */
  received: Map<string, string[]>
  /** The texts of the messages to each customer, in their order, by `waId`. */
  accepted: Map<string, string[]>
  /** Calls that were repeated, by the status of the answer, or `none`. */
  repeats: Record<string, number>
  reads: number
  /** Answers that nothing explains. */
  refused: string[]
}

export interface TrafficOptions {
  store: Store
  people: Person[]
  random: Random
  deliveries: Deliveries
  /** Of a gateway that is alive. */
  gateway(): Promise<string>
}

/** Longest waits between two webhooks of a customer, two sends to one, and two looks into a conversation. */
const EVERY_MS = { customer: 4000, user: 4000, reader: 8000 }
const MOST_IN_BODY = 3

/** Customers write, users answer in the same conversations and read them, until `signal` aborts; each waits for their answers. */
export async function runTraffic(options: TrafficOptions, signal: AbortSignal): Promise<Ledger> {
  const { people, random } = options
  const ledger: Ledger = {
    received: new Map(people.map(({ waId }) => [waId, []])),
    accepted: new Map(people.map(({ waId }) => [waId, []])),
    repeats: {},
    reads: 0,
    refused: [],
  }
  const pace = async (mostMs: number, act: (n: number, own: Random) => Promise<void>) => {
    const own = derived(random)
    for (let n = 0; !signal.aborted; n++) {
      await sleep(own() * mostMs, undefined, { signal }).catch(() => undefined)
      if (!signal.aborted) await act(n, own)
    }
  }
  await Promise.all(
    people.flatMap(person => [
      pace(EVERY_MS.customer, (n, own) => write(options, ledger, person, { n, count: between(own, 1, MOST_IN_BODY) })),
      pace(EVERY_MS.user, n => send(options, ledger, person, n)),
      pace(EVERY_MS.reader, () => read(options, ledger, person)),
    ]),
  )
  await options.deliveries.ended()
  return ledger
}

/** The customer writes some messages, which come in one webhook. */
async function write(
  { deliveries }: TrafficOptions,
  { received }: Ledger,
  { waId, userId, phoneNumberId }: Person,
  { n, count }: { n: number; count: number },
): Promise<void> {
  const timestamp = String(Math.floor(Date.now() / 1000))
  const messages = Array.from({ length: count }, (_, i) => {
    const tag = `${waId}n${n}i${i}`
    return { from: waId, from_user_id: userId, id: `wamid.IN${tag}`, timestamp, type: 'text', text: { body: `in ${tag}` } }
  })
  const contacts = [{ profile: { name: `Person ${waId}` }, wa_id: waId, user_id: userId }]
  await deliveries.deliver(webhookOf(phoneNumberId, { contacts, messages }))
  received.get(waId)?.push(...messages.map(({ id }) => id))
}

/** A user sends a text. Without an answer the call is repeated with its Idempotency-Key. */
async function send(options: TrafficOptions, ledger: Ledger, person: Person, n: number): Promise<void> {
  const conversationId = await findConversation(options.store, person)
  if (conversationId === null) return
  const text = `out ${person.waId}n${n}`
  const body = { conversationId, text }
  const call = { method: 'POST', path: 'messages/send', body, headers: { 'idempotency-key': randomUUID() }, wanted: 202 } as const
  if (await callUntilAnswered(options, ledger, person, call)) ledger.accepted.get(person.waId)?.push(text)
}

/** A user opens the conversation. */
async function read(options: TrafficOptions, ledger: Ledger, person: Person): Promise<void> {
  const conversationId = await findConversation(options.store, person)
  if (conversationId === null) return
  const call = { method: 'PUT', path: `conversations/${conversationId}/read`, body: {}, headers: {}, wanted: 200 } as const
  if (await callUntilAnswered(options, ledger, person, call)) ledger.reads++
}

/** Of a new customer there is none until their first webhook is recorded. */
async function findConversation(store: Store, { tenantId, waId }: Person): Promise<string | null> {
  const row = await store.raw.conversations.findOne({ tenantId, 'contact.waId': waId }, { projection: { _id: 1 } })
  return row && String(row._id)
}

interface Call {
  method: 'POST' | 'PUT'
  path: string
  body: object
  headers: Record<string, string>
  wanted: number
}

/** @returns whether it was answered as wanted */
async function callUntilAnswered(
  { gateway }: TrafficOptions,
  ledger: Ledger,
  { token }: Person,
  { method, path, body, headers, wanted }: Call,
): Promise<boolean> {
  const own = { ...headers, 'content-type': 'application/json', authorization: `Bearer ${token}` }
  for (;;) {
    const url = `${await gateway()}/api/v1/${path}`
    const answer = await request(url, { method, body: JSON.stringify(body), headers: own, dispatcher }).then(
      async ({ statusCode: status, body: answered }) => ({ status, text: await answered.text() }),
      () => null,
    )
    if (answer?.status === wanted) return true
    const isFinal = answer !== null && answer.status < 500 && answer.status !== 409 && answer.status !== 429
    if (isFinal) ledger.refused.push(`${path.split('/')[0]}: ${answer.status} ${answer.text}`)
    if (isFinal) return false
    const status = String(answer?.status ?? 'none')
    ledger.repeats[status] = (ledger.repeats[status] ?? 0) + 1
    await sleep(AGAIN_MS)
  }
}
