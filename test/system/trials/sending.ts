import { request } from 'undici'
import { parseCallbackData } from '#shared/domain/messages/callback-data.ts'
import type { ClientDoc } from '#shared/model/documents.ts'
import type { Store } from '#shared/store/connect.ts'
import { type Child, startChild } from '#test/load/child.ts'
import { type DemoBed, openDemoBed } from '#test/load/demo-bed.ts'
import { ACCESS_TOKEN } from '#test/load/sender-world.ts'
import type { Facts } from '../trial.ts'

/** A post that the simulator accepted, with its own time in ms. */
export interface Post {
  phoneNumberId: string
  to: string
  at: number
  messageId: string | undefined
  priority: string | undefined
}

export interface Simulator {
  child: Child
  url: string
  // biome-ignore lint/suspicious/noExplicitAny: whatever `/_sim` answers
  call(path: string, body?: object): Promise<any>
  /** Of all numbers, in the order of arrival. */
  posts(phoneNumberId?: string): Promise<Post[]>
  /** Knows these numbers from now on. */
  add(numbers: ClientDoc[], throughput?: number): Promise<void>
}

/** A bed with the demo world, ingest for the statuses, and a simulator; senders come and go. */
export interface Sending extends DemoBed {
  simulator: Simulator
  startSender(): Promise<Child>
  startSenders(count: number): Promise<Child[]>
  startGateway(): Promise<Child>
}

const SILENT = { sentMs: null, deliveredMs: null, readMs: null }

/**
 * `hasStatuses`: the simulator reports the statuses of each message; otherwise nothing follows an accepted post. `heapMb`: all that
 * gateway and sender may keep each; Node itself takes what it finds before it looks for garbage.
 */
export async function openSending({
  hasStatuses = false,
  heapMb,
}: {
  hasStatuses?: boolean
  heapMb?: number
} = {}): Promise<Sending & AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const { bed, store, queue } = stack.use(await openDemoBed())
  const ingest = hasStatuses ? stack.use(await startChild('services/ingest/main.ts', { ...bed.env, INGEST_ROLE: 'all' })) : null
  const webhook = ingest && { SIMULATOR_WEBHOOK_URL: `http://127.0.0.1:${ingest.port}/api/v1/webhook` }
  const child = stack.use(await startChild('deploy/simulator/main.ts', { ...bed.env, SIMULATOR_PORT: '0', ...webhook }))
  const simulator = simulatorAt(child)
  await simulator.call('rules', { window: false })
  await simulator.call('delivery', hasStatuses ? { deliveredMs: null, readMs: null, batch: 50 } : SILENT)
  const bounds = heapMb && { NODE_OPTIONS: `--max-old-space-size=${heapMb}` }
  const env = { ...bed.env, META_GRAPH_URL: simulator.url, SEND_UNKNOWN_DEADLINE: '20s', ...bounds }
  const opened = stack.move()
  const startSender = async () => opened.use(await startChild('services/sender/main.ts', env))
  return {
    bed,
    store,
    queue,
    simulator,
    startSender,
    startSenders: count => Promise.all(Array.from({ length: count }, startSender)),
    startGateway: async () => opened.use(await startChild('services/gateway/main.ts', { ...env, ...GATEWAY_ENV })),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

const GATEWAY_ENV = {
  GATEWAY_PORT: '0',
  BASE_URL: 'https://linko.test',
  RATE_LIMIT_API: '100000/min',
  RATE_LIMIT_AUTH: '100000/min',
  RATE_LIMIT_MESSAGES: '100000/min',
}

function simulatorAt(child: Child): Simulator {
  const url = `http://127.0.0.1:${child.port}`
  const call: Simulator['call'] = async (path, body) => {
    const answer = await request(`${url}/_sim/${path}`, {
      method: body ? 'POST' : 'GET',
      ...(body && { body: JSON.stringify(body) }),
      headers: { 'content-type': 'application/json' },
      bodyTimeout: 60_000,
    })
    const answered = await answer.body.json()
    if (answer.statusCode >= 400) throw new Error(`the simulator refused ${path}: ${JSON.stringify(answered)}`)
    return answered
  }
  return {
    child,
    url,
    call,
    async posts(phoneNumberId) {
      const { data } = await call(`messages${phoneNumberId ? `?phoneNumberId=${phoneNumberId}` : ''}`)
      return data.map(postOf)
    },
    async add(numbers, throughput) {
      for (const number of numbers) {
        const { phoneNumberId, wabaId } = number
        await call('numbers', { phoneNumberId, wabaId, token: ACCESS_TOKEN, throughput: throughput ?? number.throughput })
      }
    },
  }
}

function postOf({ phoneNumberId, to, at, callbackData }: Record<'phoneNumberId' | 'to' | 'at' | 'callbackData', string>): Post {
  const { messageId, priority } = parseCallbackData(callbackData) ?? {}
  return { phoneNumberId, to, at: Date.parse(at), messageId, priority }
}

/** The most posts in any window of `ms`. */
export function mostWithin(posts: Post[], ms: number): number {
  const times = posts.map(({ at }) => at).toSorted((a, b) => a - b)
  let most = 0
  for (let first = 0, last = 0; last < times.length; last++) {
    while ((times[last] as number) - (times[first] as number) >= ms) first++
    most = Math.max(most, last - first + 1)
  }
  return most
}

/** Every message with what the simulator accepted of it: nothing lost, nothing twice, each failure with its reason. */
export async function checkSent(store: Store, posts: Post[], ids: string[]): Promise<Facts> {
  const posted = Map.groupBy(posts, ({ messageId }) => messageId)
  const rows = await store.raw.messages
    .find({ direction: 'OUTBOUND' }, { projection: { status: 1, error: 1, dispatch: 1, tenantId: 1, timeline: 1 } })
    .toArray()
  const byId = new Map(rows.map(row => [String(row._id), row]))
  const wanted = ids.map(id => byId.get(id))
  const isSent = (status = '') => ['SENT', 'DELIVERED', 'READ'].includes(status)
  const sent = wanted.filter(row => isSent(row?.status))
  const failed = wanted.filter(row => row?.status === 'FAILED')
  const twice = ids.filter(id => (posted.get(id)?.length ?? 0) > 1)
  const unsent = sent.filter(row => !posted.has(String(row?._id)))
  const wrongly = failed.filter(row => posted.has(String(row?._id)))
  const unexplained = failed.filter(row => !row?.error?.sentence)
  const unknown = wanted.filter(row => row?.timeline.some(({ outcome }) => outcome === 'unknown'))
  const settled = unknown.filter(row => isSent(row?.status))
  const open = wanted.filter(row => !isSent(row?.status) && row?.status !== 'FAILED')
  const none = (count: number): Facts[string] => [count, count === 0]
  return {
    'messages accepted, SENT, FAILED': [`${ids.length}, ${sent.length}, ${failed.length}`, null],
    'neither SENT nor FAILED at the end': none(open.length),
    'posted twice, by our id': none(twice.length),
    'SENT without a post': none(unsent.length),
    'FAILED although the simulator accepted it': none(wrongly.length),
    'FAILED without a reason': none(unexplained.length),
    'of unknown outcome, of these settled as SENT': [`${unknown.length}, ${settled.length}`, null],
    'causes of FAILED': [causesOf(failed), null],
  }
}

function causesOf(failed: ({ error?: { code?: number | null; title?: string } | null } | undefined)[]): string {
  const groups = Map.groupBy(failed, row => `${row?.error?.code ?? '-'} ${row?.error?.title ?? ''}`.trim())
  return [...groups].map(([cause, rows]) => `${cause}: ${rows.length}`).join('; ') || 'none'
}
