import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { sign } from '#shared/meta/signature.ts'
import { APP_SECRET } from '../bed.ts'
import { inboundBody } from '../bodies.ts'

export interface MixedJob {
  ingestUrl: string
  gatewayUrl: string
  token: string
  inPerSecond: number
  outPerSecond: number
  /** null: until a STOP. */
  seconds: number | null
  /** Makes wamids and texts of the turn unique. */
  tag: string
  /** Number and conversation of each person, by the person's place. */
  people: { phoneNumberId: string; conversationId: string }[]
}
export interface MixedResult {
  acceptMs: number[]
  /** Answers to sends that were not 202, by status, and `none` for calls without an answer. */
  refused: Record<string, number>
  /** When each customer's message was posted, by its number in the turn, in ms since 1970. */
  postedAt: number[]
  /** Numbers of those whose webhook was not answered with 200. */
  lost: number[]
}
/** Ends a job that has no time of its own. */
export const STOP = 'stop'

const dispatcher = new Agent({ connections: 64, pipelining: 1, headersTimeout: 30_000, bodyTimeout: 30_000 })
const json = { 'content-type': 'application/json' }
let isStopped = false

/** Open loop: customers write and users answer at their rates, however long the answers take. */
async function load(job: MixedJob): Promise<MixedResult> {
  const result: MixedResult = { acceptMs: [], refused: {}, postedAt: [], lost: [] }
  const calls: Promise<void>[] = []
  const startedAt = performance.now()
  isStopped = false
  const pace = async (perSecond: number, call: (i: number) => Promise<void>) => {
    const count = job.seconds === null && perSecond > 0 ? Number.POSITIVE_INFINITY : perSecond * (job.seconds ?? 0)
    for (let i = 0; i < count && !isStopped; i++) {
      const waitMs = startedAt + (i * 1000) / perSecond - performance.now()
      if (waitMs > 0.5) await sleep(waitMs)
      calls.push(call(i))
    }
  }
  await Promise.all([pace(job.inPerSecond, i => receive(job, i, result)), pace(job.outPerSecond, i => send(job, i, result))])
  await Promise.all(calls)
  return result
}

async function receive({ people, tag, ingestUrl }: MixedJob, i: number, { postedAt, lost }: MixedResult): Promise<void> {
  const person = i % people.length
  const body = inboundBody(person, `${tag}x${i}`, people[person]?.phoneNumberId)
  postedAt[i] = Date.now()
  const status = await post(ingestUrl, body, { ...json, 'x-hub-signature-256': sign(body, APP_SECRET) })
  if (status !== '200') lost.push(i)
}

async function send({ people, tag, gatewayUrl, token }: MixedJob, i: number, { acceptMs, refused }: MixedResult): Promise<void> {
  const { conversationId } = people[(i * 7) % people.length] as { conversationId: string }
  const body = JSON.stringify({ conversationId, text: `${tag} ${i}` })
  const from = performance.now()
  const status = await post(`${gatewayUrl}/api/v1/messages/send`, body, { ...json, authorization: `Bearer ${token}` })
  acceptMs.push(performance.now() - from)
  if (status !== '202') refused[status] = (refused[status] ?? 0) + 1
}

/** @returns the status of the answer, or `none` */
async function post(url: string, body: Buffer | string, headers: Record<string, string>): Promise<string> {
  try {
    const answer = await request(url, { method: 'POST', body, headers, dispatcher })
    await answer.body.dump()
    return String(answer.statusCode)
  } catch {
    return 'none'
  }
}

process.on('message', (job: MixedJob | typeof STOP) => {
  if (job === STOP) {
    isStopped = true
    return
  }
  load(job).then(
    result => process.send?.(result),
    error => {
      console.error(error)
      process.exit(1)
    },
  )
})
process.send?.({ port: 0 })
