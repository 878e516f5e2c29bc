import { setTimeout as sleep } from 'node:timers/promises'
import { publishBody } from '#services/ingest/receiver/make-durable.ts'
import type { Queue } from '#shared/queue/types.ts'
import type { Store } from '#shared/store/connect.ts'
import { PHONE_NUMBER_ID, waIdOf } from '#test/load/bodies.ts'
import { type Child, startChild } from '#test/load/child.ts'
import { openDemoBed } from '#test/load/demo-bed.ts'
import type { Facts } from '../trial.ts'

const RECORDERS = 3
const CONVERSATIONS = 500
const MESSAGES = Number(process.env.TRIAL_MESSAGES ?? 50_000)
const DUPLICATES = 0.1
const KILLS_AT = [0.3, 0.6]
const MAX_IN_BODY = 40
const PATIENCE_MS = 300_000
const T0 = 1_795_000_000

interface Item {
  conversation: number
  /** Place in its conversation, from 0. */
  place: number
}

/**
 * Three recorders, 500 conversations: bodies of up to 40 messages of many conversations in random order, each conversation's
 * own in theirs, one in ten sent again later; one recorder is killed with -9 twice.
 */
export async function run(): Promise<Facts> {
  await using stack = new AsyncDisposableStack()
  const { bed, store, queue } = stack.use(await openDemoBed())
  const start = async () => stack.use(await startChild('services/ingest/main.ts', { ...bed.env, INGEST_ROLE: 'recorder' }))
  const recorders = await Promise.all(Array.from({ length: RECORDERS }, start))
  stack.use(await startChild('services/realtime/main.ts', bed.env))
  await sleep(6000) // the shards are shared out every 2 s

  const items = shuffled()
  const startedAt = performance.now()
  const publishing = publishAll(queue, items)
  const kills = killTwice(store, recorders, start)
  await publishing
  await kills
  const ended = await untilCounted(store)
  const seconds = (performance.now() - startedAt) / 1000
  await untilNumbered(store)
  return await factsOf(store, items, ended, seconds)
}

/** A random interleaving of the conversations' messages, with copies of one in ten at a later place. */
function shuffled(): Item[] {
  const next = new Array<number>(CONVERSATIONS).fill(0)
  const items: Item[] = []
  for (let i = 0; i < MESSAGES; i++) {
    const conversation = Math.floor(Math.random() * CONVERSATIONS)
    items.push({ conversation, place: next[conversation] as number })
    next[conversation] = (next[conversation] as number) + 1
  }
  const copies = items.filter(() => Math.random() < DUPLICATES)
  for (const copy of copies) items.splice(items.indexOf(copy) + 1 + Math.floor(Math.random() * 2000), 0, copy)
  return items
}

const wamidOf = ({ conversation, place }: Item) => `wamid.TRIAL${conversation}n${place}x${process.pid}`

function bodyOf(items: Item[]) {
  const messages = items.map(item => ({
    from: waIdOf(item.conversation),
    from_user_id: `MA.${item.conversation}`,
    id: wamidOf(item),
    timestamp: String(T0 + item.place),
    type: 'text',
    text: { body: `message ${item.place}` },
  }))
  const people = [...new Set(items.map(({ conversation }) => conversation))]
  const contacts = people.map(n => ({ profile: { name: `Person ${n}` }, wa_id: waIdOf(n), user_id: `MA.${n}` }))
  const metadata = { display_phone_number: '212600111222', phone_number_id: PHONE_NUMBER_ID }
  const value = { messaging_product: 'whatsapp', metadata, contacts, messages }
  return { object: 'whatsapp_business_account', entry: [{ id: '310200450078901', changes: [{ value, field: 'messages' }] }] }
}

/** As the receiver does, on one channel: the order of publishing is the order of arrival. */
async function publishAll(queue: Queue, items: Item[]): Promise<void> {
  const open = new Set<Promise<void>>()
  for (let at = 0; at < items.length; ) {
    const size = 1 + Math.floor(Math.random() * MAX_IN_BODY)
    const body = bodyOf(items.slice(at, at + size))
    at += size
    const received = { body, bytes: Buffer.from(JSON.stringify(body)), receivedAt: Date.now(), traceparent: null }
    const job: Promise<void> = publishBody(queue, received).finally(() => open.delete(job))
    open.add(job)
    if (open.size >= 16) await Promise.race(open)
  }
  await Promise.all(open)
}

/** The second victim is the one that came for the first. */
async function killTwice(store: Store, recorders: Child[], start: () => Promise<Child>): Promise<void> {
  for (const share of KILLS_AT) {
    while ((await store.raw.messages.estimatedDocumentCount()) < MESSAGES * share) await sleep(20)
    const victim = recorders.pop() as Child
    victim.process.kill('SIGKILL')
    recorders.push(await start())
  }
}

async function untilCounted(store: Store): Promise<boolean> {
  for (const until = performance.now() + PATIENCE_MS; performance.now() < until; await sleep(100))
    if ((await store.raw.messages.countDocuments({ wamid: /^wamid\.TRIAL/ })) >= MESSAGES) return true
  return false
}

/** Every event has its place in the tenant's order. */
async function untilNumbered(store: Store): Promise<void> {
  for (const until = performance.now() + PATIENCE_MS; performance.now() < until; await sleep(200))
    if ((await store.raw.events.countDocuments({ seq: null })) === 0) return
}

async function factsOf(store: Store, items: Item[], isWhole: boolean, seconds: number): Promise<Facts> {
  const expected = new Map<number, number>()
  for (const { conversation, place } of items) expected.set(conversation, Math.max(expected.get(conversation) ?? 0, place + 1))
  const rows = await store.raw.messages
    .find({ wamid: /^wamid\.TRIAL/ }, { projection: { wamid: 1, conversationId: 1, content: 1, at: 1 } })
    .toArray()
  const conversations = await store.raw.conversations
    .find({ 'contact.waId': { $in: [...expected.keys()].map(waIdOf) } })
    .toArray()
  const number = new Map(
    conversations.map(conversation => [String(conversation._id), Number(conversation.contact.waId?.slice(4)) - 70_000_000]),
  )
  const offCounts = conversations.filter(conversation => {
    const count = expected.get(number.get(String(conversation._id)) as number)
    return (
      conversation.unreadCount !== count ||
      conversation.messageCount !== count ||
      conversation.lastMessage?.text !== `message ${count - 1}`
    )
  })
  const received = await store.raw.events
    .find({ name: 'message:received', conversationId: { $in: conversations.map(conversation => conversation._id) } })
    .sort({ seq: 1 })
    .toArray()
  const dead = await store.raw.deadLetters.countDocuments()
  const distinct = new Set(rows.map(row => row.wamid)).size
  return {
    'webhook items published, with copies': [items.length, null],
    'messages stored': [
      `${rows.length} (${distinct} distinct) of ${MESSAGES}`,
      isWhole && rows.length === MESSAGES && distinct === MESSAGES,
    ],
    conversations: [conversations.length, conversations.length === expected.size],
    'unread, count or last message wrong': [offCounts.length, offCounts.length === 0],
    'message:received, each once': [received.length, received.length === MESSAGES],
    'out of order in their conversation, by seq': [outOfOrder(received), outOfOrder(received) === 0],
    'dead letters': [dead, dead === 0],
    's, messages/s': [`${seconds.toFixed(1)}, ${Math.round(MESSAGES / seconds)}`, null],
  }
}

function outOfOrder(events: { conversationId?: unknown; payload: Record<string, unknown> }[]): number {
  const last = new Map<string, number>()
  let wrong = 0
  for (const { conversationId, payload } of events) {
    const place = Number((payload.message as { text: string }).text.slice('message '.length))
    if (place !== (last.get(String(conversationId)) ?? -1) + 1) wrong++
    last.set(String(conversationId), place)
  }
  return wrong
}
