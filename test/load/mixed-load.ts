import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { sign } from '#shared/meta/signature.ts'
import { APP_SECRET } from './bed.ts'
import { inboundBody } from './bodies.ts'

export interface MixedJob {
  ingestUrl: string
  gatewayUrl: string
  token: string
  inPerSecond: number
  outPerSecond: number
  seconds: number
  /** Makes wamids and texts of the turn unique. */
  tag: string
  /** Number and conversation of each person, by the person's place. */
  people: { phoneNumberId: string; conversationId: string }[]
}
export interface MixedResult {
  acceptMs: number[]
  /** Answers to sends that were not 202, by status. */
  refused: Record<string, number>
  webhooksRefused: number
}

const dispatcher = new Agent({ connections: 64, pipelining: 1 })

/** Open loop: customers write and users answer at their rates, however long the answers take. */
async function load(job: MixedJob): Promise<MixedResult> {
  const result: MixedResult = { acceptMs: [], refused: {}, webhooksRefused: 0 }
  const calls: Promise<void>[] = []
  const startedAt = performance.now()
  const pace = async (perSecond: number, call: (i: number) => Promise<void>) => {
    for (let i = 0; i < perSecond * job.seconds; i++) {
      const waitMs = startedAt + (i * 1000) / perSecond - performance.now()
      if (waitMs > 0.5) await sleep(waitMs)
      calls.push(call(i))
    }
  }
  await Promise.all([
    pace(job.inPerSecond, async i => {
      const person = i % job.people.length
      const body = inboundBody(person, `${job.tag}x${i}`, job.people[person]?.phoneNumberId)
      const headers = { 'content-type': 'application/json', 'x-hub-signature-256': sign(body, APP_SECRET) }
      const answer = await request(job.ingestUrl, { method: 'POST', body, headers, dispatcher })
      await answer.body.dump()
      if (answer.statusCode !== 200) result.webhooksRefused++
    }),
    pace(job.outPerSecond, async i => {
      const { conversationId } = job.people[(i * 7) % job.people.length] as { conversationId: string }
      const body = JSON.stringify({ conversationId, text: `${job.tag} ${i}` })
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${job.token}` }
      const from = performance.now()
      const answer = await request(`${job.gatewayUrl}/api/v1/messages/send`, { method: 'POST', body, headers, dispatcher })
      await answer.body.dump()
      result.acceptMs.push(performance.now() - from)
      if (answer.statusCode !== 202) result.refused[answer.statusCode] = (result.refused[answer.statusCode] ?? 0) + 1
    }),
  ])
  await Promise.all(calls)
  return result
}

process.on('message', (job: MixedJob) => {
  load(job).then(
    result => process.send?.(result),
    error => {
      console.error(error)
      process.exit(1)
    },
  )
})
process.send?.({ port: 0 })
