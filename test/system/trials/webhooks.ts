import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request } from 'undici'
import type { Stack } from '#deploy/local/stack.ts'
import { sign } from '#shared/meta/signature.ts'
import type { Store } from '#shared/store/connect.ts'
import { inboundBody } from '#test/load/bodies.ts'
import { percentile } from '#test/load/measure/figures.ts'

/** Number of people who write in turn. */
export const CONTACTS = 500
const agent = new Agent({ connections: 128, connectTimeout: 2000 })

interface Answer {
  wamid: string
  /** As performance.now(). */
  at: number
  ms: number
  /** 0: none at all. */
  status: number
}

export type Load = Awaited<ReturnType<typeof startLoad>>

/** Signed webhooks of one text each, evenly spaced, as if Meta sent every one once. */
export async function startLoad({ env }: Pick<Stack, 'env'>, perSecond: number) {
  const url = `http://127.0.0.1:${env.INGEST_PORT}/api/v1/webhook`
  const secret = (env.META_APP_SECRET as string).split(',')[0] as string
  const answers: Answer[] = []
  const stop = new AbortController()

  async function post(i: number): Promise<void> {
    const tag = `TRIAL${i}x${process.pid}`
    const body = inboundBody(i % CONTACTS, tag)
    const headers = { 'content-type': 'application/json', 'x-hub-signature-256': sign(body, secret) }
    const at = performance.now()
    let status = 0
    try {
      const response = await request(url, { method: 'POST', body, headers, dispatcher: agent, headersTimeout: 10_000 })
      await response.body.dump()
      status = response.statusCode
    } catch {
      // No answer: Meta would come again, and nothing was promised.
    }
    answers.push({ wamid: `wamid.${tag}`, at, ms: performance.now() - at, status })
  }

  async function pace(): Promise<void> {
    const startedAt = performance.now()
    const open = new Set<Promise<void>>()
    for (let i = 0; !stop.signal.aborted; i++) {
      const waitMs = startedAt + (i * 1000) / perSecond - performance.now()
      if (waitMs > 1) await sleep(waitMs)
      const job: Promise<void> = post(i).finally(() => open.delete(job))
      open.add(job)
    }
    await Promise.all(open)
  }

  const pacing = pace()
  return {
    answers,
    async stop() {
      stop.abort()
      await pacing
    },
  }
}

/** Answers to what was posted in a span of time. */
export function within({ answers }: Pick<Load, 'answers'>, from: number, to: number) {
  const own = answers.filter(({ at }) => at >= from && at < to)
  const ms = own.map(answer => answer.ms).sort((a, b) => a - b)
  const statuses = Object.fromEntries(
    [...Map.groupBy(own, ({ status }) => status)].map(([status, those]) => [status, those.length]),
  ) as Record<number, number>
  return { count: own.length, p50: percentile(ms, 0.5), p99: percentile(ms, 0.99), statuses }
}

const promised = ({ answers }: Pick<Load, 'answers'>) => answers.filter(({ status }) => status === 200).map(({ wamid }) => wamid)

/** Waits until everything that was answered 200 is stored. @returns ms, or null when the patience is over */
export async function untilStored(store: Store, load: Pick<Load, 'answers'>, patienceMs: number): Promise<number | null> {
  const from = performance.now()
  for (;;) {
    if ((await missing(store, promised(load))).length === 0) return performance.now() - from
    if (performance.now() - from > patienceMs) return null
    await sleep(200)
  }
}

/** Of these wamids those without a message. */
export async function missing(store: Store, wamids: string[]): Promise<string[]> {
  const left: string[] = []
  for (let i = 0; i < wamids.length; i += 5000) {
    const part = wamids.slice(i, i + 5000)
    const rows = await store.raw.messages.find({ wamid: { $in: part } }, { projection: { wamid: 1 } }).toArray()
    const here = new Set(rows.map(row => row.wamid))
    left.push(...part.filter(wamid => !here.has(wamid)))
  }
  return left
}

/** Messages that stand there more than once; the unique index says never, so this looks past it. */
export async function storedTwice(store: Store): Promise<number> {
  const stages = [
    { $group: { _id: '$wamid', count: { $sum: 1 } } },
    { $match: { count: { $gt: 1 }, _id: { $ne: null } } },
    { $count: 'twice' },
  ]
  const [row] = await store.raw.messages.aggregate<{ twice: number }>(stages, { allowDiskUse: true }).toArray()
  return row?.twice ?? 0
}
