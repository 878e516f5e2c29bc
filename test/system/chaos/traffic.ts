import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request } from 'undici'

/** Where the stack under test answers. */
export interface Addresses {
  gateway: string
  simulator: string
}

export interface BusinessNumber {
  phoneNumberId: string
  email: string
  password: string
}

export interface TrafficOptions {
  addresses: Addresses
  numbers: BusinessNumber[]
  inboundPerSecond: number
  outboundPerSecond: number
  contactsPerNumber: number
  /** For how long an agent asks again for an answer, ms; a minute by default. */
  giveUpMs?: number
}

/** What the callers were promised: Meta's side by a 200 of ours, the API's by a 202. The oracle holds the stack to it. */
export interface Ledger {
  /** wamids handed to the simulator, which delivers each until it gets 200. */
  inbound: { wamid: string; phoneNumberId: string; from: string; text: string }[]
  /** Our message ids, answered 202. */
  accepted: { messageId: string; phoneNumberId: string; text: string }[]
  /** Calls that got no final answer in time, although repeated with one Idempotency-Key. */
  unanswered: string[]
  /** Requests that were repeated since the gateway did not answer. */
  repeats: number
}

/** waIds of the run's customers: the demo world has none of these. */
export const TRAFFIC_CONTACT = /^21261\d{7}$/

const agent = new Agent({ connections: 64, connectTimeout: 2000 })
const GIVE_UP_MS = 60_000

async function post(url: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await request(url, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
    dispatcher: agent,
    headersTimeout: 10_000,
    bodyTimeout: 10_000,
  })
  return { status: response.statusCode, body: (await response.body.json()) as Record<string, unknown> }
}

/** Logs in until the gateway answers. */
export async function login(addresses: Addresses, { email, password }: { email: string; password: string }): Promise<string> {
  const until = Date.now() + GIVE_UP_MS
  for (;;) {
    const answer = await post(`${addresses.gateway}/api/v1/auth/login`, { email, password, client: 'api' }).catch(() => null)
    if (answer?.status === 200) return String(answer.body.accessToken)
    if (Date.now() > until) throw new Error(`login of ${email} failed: ${answer?.status} ${JSON.stringify(answer?.body)}`)
    await sleep(250)
  }
}

/**
 * Customers write and agents answer, evenly spaced, until `signal` aborts. Every customer writes once first, so that the
 * windows are open. A gateway that does not answer is asked again with the same Idempotency-Key.
 */
export async function runTraffic(options: TrafficOptions, signal: AbortSignal): Promise<Ledger> {
  const ledger: Ledger = { inbound: [], accepted: [], unanswered: [], repeats: 0 }
  const tokens = await Promise.all(options.numbers.map(number => login(options.addresses, number)))
  const contact = (i: number) => `21261${String(i % options.contactsPerNumber).padStart(7, '0')}`

  const inbound = async (i: number) => {
    const { phoneNumberId } = options.numbers[i % options.numbers.length] as BusinessNumber
    const from = contact(Math.floor(i / options.numbers.length))
    const text = `in ${i}`
    const answer = await post(`${options.addresses.simulator}/_sim/inbound`, { phoneNumberId, from, message: text })
    if (answer.status !== 201) throw new Error(`the simulator refused: ${answer.status} ${JSON.stringify(answer.body)}`)
    ledger.inbound.push({ wamid: String(answer.body.id), phoneNumberId, from, text })
  }

  const outbound = async (i: number) => {
    const n = i % options.numbers.length
    const { phoneNumberId } = options.numbers[n] as BusinessNumber
    const text = `out ${i}`
    const body = { to: `+${contact(Math.floor(i / options.numbers.length))}`, text }
    const headers = { authorization: `Bearer ${tokens[n]}`, 'idempotency-key': randomUUID() }
    const until = Date.now() + (options.giveUpMs ?? GIVE_UP_MS)
    for (;;) {
      const answer = await post(`${options.addresses.gateway}/api/v1/messages/send`, body, headers).catch(() => null)
      if (answer?.status === 202) return void ledger.accepted.push({ messageId: String(answer.body.id), phoneNumberId, text })
      if (answer !== null && answer.status < 500 && answer.status !== 409 && answer.status !== 429)
        throw new Error(`send refused: ${answer.status} ${JSON.stringify(answer.body)}`)
      if (Date.now() > until) return void ledger.unanswered.push(text)
      ledger.repeats++
      await sleep(200)
    }
  }

  const opening = options.contactsPerNumber * options.numbers.length
  await pace(options.inboundPerSecond, inbound, { times: opening })
  await sleep(2000)
  await Promise.all([
    pace(options.inboundPerSecond, i => inbound(i + opening), { signal }),
    pace(options.outboundPerSecond, outbound, { signal }),
  ])
  return ledger
}

/** Starts `work` at a steady rate and waits for all that was started; the first failure ends it. */
async function pace(perSecond: number, work: (i: number) => Promise<void>, end: { times?: number; signal?: AbortSignal }) {
  if (perSecond === 0) return
  const startedAt = performance.now()
  const running = new Set<Promise<void>>()
  let failure: unknown
  for (let i = 0; (end.times === undefined || i < end.times) && !end.signal?.aborted && failure === undefined; i++) {
    const waitMs = startedAt + (i * 1000) / perSecond - performance.now()
    if (waitMs > 1) await sleep(waitMs)
    const job: Promise<void> = work(i)
      .catch(error => {
        failure ??= error
      })
      .finally(() => running.delete(job))
    running.add(job)
  }
  await Promise.all(running)
  if (failure !== undefined) throw failure
}
