import { setTimeout as sleep } from 'node:timers/promises'
import { PHONE_KEY } from '#shared/domain/contacts/search-keys.ts'
import type { ClientDoc, Id } from '#shared/model/documents.ts'
import type { Store } from '#shared/store/connect.ts'
import { startChild } from './child.ts'
import { openDemoBed } from './demo-bed.ts'
import { fillInbox, LABEL, nameOf, phoneOf, RARE_WORD } from './inbox/world.ts'
import { percentile, ratio } from './measure/figures.ts'
import { adminOf, tokenOf } from './users.ts'

const CONVERSATIONS = Number(process.env.BENCH_CONVERSATIONS ?? 200_000)
const MESSAGES = Number(process.env.BENCH_MESSAGES ?? 5_000_000)
const USERS = Number(process.env.BENCH_USERS ?? 50)
const SECONDS = Number(process.env.BENCH_SECONDS ?? 15)
/** Each user asks once a second. */
const EVERY_MS = 1000
const PAGE = 25
const MOST_MS = 100

/** One question of an agent: the request, and what the database must read for it at least. */
interface Question {
  path(i: number): string
  bare(i: number): Promise<unknown>
}

/**
 * What agents ask all day, in an inbox of five million messages: 50 of them, each once a second, one question at a time. Beside each
 * stands a bare find of the same page by the same index, at the same pace.
 */
export async function run(): Promise<void> {
  await using demo = await openDemoBed()
  const { bed, store } = demo
  const admin = await adminOf(store, 'demo')
  const client = (await store.raw.clients.findOne({ tenantId: admin.tenantId })) as ClientDoc
  const from = performance.now()
  await fillInbox(store, bed.mongodbUri, client, { conversations: CONVERSATIONS, messages: MESSAGES })
  const took = ((performance.now() - from) / 1000).toFixed(0)
  console.log(
    `${CONVERSATIONS} conversations, ${MESSAGES} messages, written in ${took} s; ${USERS} users, a request a second each`,
  )
  const env = { ...bed.env, GATEWAY_PORT: '0', BASE_URL: 'https://linko.example', RATE_LIMIT_API: '100000000/min' }
  await using gateway = await startChild('services/gateway/main.ts', env)
  const authorization = `Bearer ${tokenOf(admin)}`
  const ask = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${gateway.port}/api/v1${path}`, { headers: { authorization } })
    await answer.arrayBuffer()
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}`)
  }
  for (const [name, { path, bare }] of Object.entries(await questionsOf(store, admin.tenantId))) {
    const product = await timesOf(i => ask(path(i)))
    const driver = await timesOf(bare)
    const [ours, theirs] = [percentile(product, 0.95), percentile(driver, 0.95)]
    const figures = `p50 ${tidy(percentile(product, 0.5))}, p95 ${tidy(ours)} ms; bare ${tidy(percentile(driver, 0.5))}, ${tidy(theirs)}`
    ratio(`${name}: ${figures}`, ours / theirs, `p95 < ${MOST_MS} ms`, ours < MOST_MS)
  }
}

const tidy = (ms: number) => ms.toFixed(1)

/** Times of the answers in ms, sorted. The first second warms up. */
async function timesOf(question: (i: number) => Promise<unknown>): Promise<number[]> {
  const times: number[] = []
  const user = async (n: number) => {
    await sleep((n * EVERY_MS) / USERS)
    for (let round = 0; round <= SECONDS; round++) {
      const from = performance.now()
      await question(n * 7919 + round * 104_729)
      const took = performance.now() - from
      if (round > 0) times.push(took)
      await sleep(Math.max(0, EVERY_MS - took))
    }
  }
  await Promise.all(Array.from({ length: USERS }, (_, n) => user(n)))
  return times.toSorted((a, b) => a - b)
}

async function questionsOf(store: Store, tenantId: Id): Promise<Record<string, Question>> {
  const { contacts, conversations, messages } = store.raw
  const rows = await conversations.find({ tenantId }, { projection: { _id: 1 }, limit: 2000 }).toArray()
  const idOf = (i: number) => (rows[i % rows.length] as { _id: Id })._id
  const newest = { lastActivityAt: -1, _id: -1 } as const
  const listed = (more: object, hint: string) =>
    conversations
      .find({ tenantId, deletedAt: null, ...more })
      .sort(newest)
      .hint(hint)
  const page = (more: object, hint: string) => listed(more, hint).limit(PAGE).toArray()
  const someone = (i: number) => nameOf(i % CONVERSATIONS)
  const common = (i: number) => someone(i).split(' ')[0] as string
  return {
    list: {
      path: () => `/conversations?limit=${PAGE}`,
      bare: () => page({}, 'tenant_activity'),
    },
    'unread, open': {
      path: () => `/conversations?limit=${PAGE}&unread=true&status=open`,
      bare: () => page({ unreadCount: { $gt: 0 }, status: 'open', snoozedUntil: null }, 'tenant_unread_activity'),
    },
    'with a label': {
      path: () => `/conversations?limit=${PAGE}&label=${LABEL}`,
      bare: () => page({ labels: LABEL }, 'tenant_label_activity'),
    },
    'one person by name': {
      path: i => `/conversations?limit=${PAGE}&q=${encodeURIComponent(someone(i))}`,
      bare: i => page({ 'contact.keys': someone(i).split(' ').at(-1) as string }, 'tenant_keys'),
    },
    'a common name': {
      path: i => `/conversations?limit=${PAGE}&q=${common(i)}`,
      bare: i => page({ 'contact.keys': common(i).toLowerCase() }, 'tenant_activity'),
    },
    'the end of a number': {
      path: i => `/conversations?limit=${PAGE}&q=${phoneOf(i % CONVERSATIONS).slice(-6)}`,
      bare: i => page({ 'contact.keys': PHONE_KEY + phoneOf(i % CONVERSATIONS).slice(-6) }, 'tenant_keys'),
    },
    'one letter': {
      path: i => `/conversations?limit=${PAGE}&q=${common(i).slice(0, 1)}`,
      bare: i => page({ 'contact.keys': new RegExp(`^${common(i).slice(0, 1).toLowerCase()}`) }, 'tenant_activity'),
    },
    'two common names, open': {
      path: i => `/conversations?limit=${PAGE}&status=open&q=${encodeURIComponent(someone(i).split(' ').slice(0, 2).join(' '))}`,
      bare: i => {
        const words = someone(i).toLowerCase().split(' ').slice(0, 2)
        return page({ 'contact.keys': { $all: words }, status: 'open', snoozedUntil: null }, 'tenant_status_activity')
      },
    },
    'a contact by name': {
      path: i => `/contacts?limit=${PAGE}&q=${encodeURIComponent(someone(i))}`,
      bare: i =>
        contacts
          .find({ tenantId, keys: someone(i).split(' ').at(-1) as string })
          .sort({ createdAt: -1, _id: -1 })
          .hint('tenant_keys')
          .limit(PAGE)
          .toArray(),
    },
    'a rare word': {
      path: () => `/messages?limit=${PAGE}&q=${RARE_WORD}`,
      bare: () =>
        messages
          .find({ tenantId, $text: { $search: RARE_WORD } })
          .limit(PAGE)
          .toArray(),
    },
    thread: {
      path: i => `/conversations/${idOf(i)}/messages?limit=50`,
      bare: i =>
        messages
          .find({ tenantId, conversationId: idOf(i) })
          .sort({ at: -1, _id: -1 })
          .hint('tenant_thread')
          .limit(50)
          .toArray(),
    },
    counts: {
      path: () => '/conversations/counts',
      bare: () =>
        conversations.countDocuments({ tenantId, deletedAt: null, unreadCount: { $gt: 0 }, status: 'open' }, { limit: 1000 }),
    },
  }
}
