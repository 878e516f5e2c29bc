import { rmSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { linkoDir } from '#deploy/local/profiles.ts'
import { startStack } from '#deploy/local/stack.ts'
import { gzipped, MOST_OF_INBOX, readManifest, sizesOf } from '#services/gateway/dashboard/build/bundle.ts'
import type { ClientDoc, ConversationDoc, MessageDoc } from '#shared/model/documents.ts'
import { connectQueue } from '#shared/queue/connect.ts'
import { connectStore, type Store } from '#shared/store/connect.ts'
import { log } from './bed.ts'
import { startStream } from './dashboard/stream.ts'
import { openBrowser, type Scrolled, scroll, switchTo, type Visitor } from './dashboard/visitor.ts'
import { APART_MS, fillInbox, messageOf } from './inbox/world.ts'
import { median, percentile, ratio } from './measure/figures.ts'

const CONVERSATIONS = Number(process.env.BENCH_CONVERSATIONS ?? 10_000)
/** Messages of the longest conversation. */
const MESSAGES = Number(process.env.BENCH_MESSAGES ?? 10_000)
const MINUTES = Number(process.env.BENCH_MINUTES ?? 10)
const EVENTS_PER_SECOND = Number(process.env.BENCH_EVENTS_PER_SECOND ?? 300)
/** Longest time of one scrolling. */
const SECONDS = Number(process.env.BENCH_SECONDS ?? 120)
const VISITS = 5
/** Rows that the first screen shows, and that are opened. */
const ROWS = 9
/** Numbers of the messages that are put before the others. */
const OLDER_FROM = 1_000_000_000

/**
 * What the dashboard costs the browser of an agent, against the whole product on this machine: the first load, a change of the
 * conversation, long lists, and a stream of events.
 */
export async function run(): Promise<void> {
  const profile = 'bench-dashboard'
  rmSync(linkoDir(profile), { recursive: true, force: true })
  await using stack = await startStack({
    profile,
    envFile: path.join(linkoDir(profile), 'demo.env'),
    docker: 'never',
    extraEnv: { LOG_LEVEL: 'warn', RATE_LIMIT_API: '100000000/min', RATE_LIMIT_AUTH: '100000/min' },
    report: () => undefined,
  })
  const uri = stack.env.MONGODB_URI as string
  await using store = await connectStore(uri)
  const { phoneNumberId } = DEMO_TENANTS.demo
  const client = (await store.raw.clients.findOne({ phoneNumberId })) as ClientDoc
  await fillInbox(store, uri, client, { conversations: CONVERSATIONS, messages: 3 * CONVERSATIONS })
  const newest = await newestOf(store, client, ROWS)
  await lengthen(store, client, newest[0] as Shown)
  await using browser = await openBrowser(stack.env.BASE_URL as string, 'Demo Agent')
  console.log(`dashboard: ${CONVERSATIONS} conversations, ${MESSAGES} messages in the newest; Chromium on the same machine`)

  firstLoad()
  await coldStart(browser)
  await using visitor = await browser.visit()
  await switches(visitor, newest)
  await scrolling(visitor, newest[0] as Shown)
  await using queue = await connectQueue(stack.env.RABBITMQ_URL as string, { log, name: 'bench', youngQueueWaitMs: 0 })
  const people = newest.map(({ conversation }) => conversation)
  await underEvents(visitor, () => startStream(store, queue, client, people, EVENTS_PER_SECOND))
}

type BenchBrowser = Awaited<ReturnType<typeof openBrowser>>

/** A conversation, and the newest message in it. */
interface Shown {
  conversation: ConversationDoc
  last: MessageDoc
}

async function newestOf({ raw }: Store, client: ClientDoc, count: number): Promise<Shown[]> {
  const filter = { tenantId: client.tenantId, status: 'open' as const }
  const conversations = await raw.conversations.find(filter).sort({ lastActivityAt: -1 }).limit(count).toArray()
  const lasts = await raw.messages
    .find({ _id: { $in: conversations.flatMap(({ lastMessage }) => lastMessage?.messageId ?? []) } })
    .toArray()
  const byId = new Map(lasts.map(last => [String(last._id), last]))
  return conversations.map(conversation => ({
    conversation,
    last: byId.get(String(conversation.lastMessage?.messageId)) as MessageDoc,
  }))
}

/** Puts older messages before the others of a conversation. */
async function lengthen({ raw }: Store, client: ClientDoc, { conversation, last }: Shown): Promise<void> {
  const place = { client, conversation, contact: { _id: conversation.contactId, waId: last.contactKey, userId: null } }
  const atOf = (i: number) => new Date(conversation.createdAt.getTime() - (i + 1) * APART_MS)
  await raw.messages.insertMany(
    Array.from({ length: MESSAGES }, (_, i) => messageOf(place, OLDER_FROM + i, OLDER_FROM + i, atOf(i))),
  )
}

/** First load of the inbox: its script, as the build has it. */
function firstLoad(): void {
  const inbox = sizesOf(readManifest(), gzipped).find(({ page }) => page === 'inbox')
  line('script of the first load, kB gzip', inbox?.whole ?? Number.NaN, MOST_OF_INBOX)
}

async function coldStart(browser: BenchBrowser): Promise<void> {
  const times: number[] = []
  for (let i = 0; i < VISITS; i++) {
    await using visitor = await browser.visit()
    times.push(visitor.firstRowMs)
  }
  line(`first row of the list, nothing cached, median of ${VISITS}, ms`, median(times), 2000)
}

/** Opens each conversation of the first screen, then each once more. */
async function switches({ page }: Visitor, shown: Shown[]): Promise<void> {
  for (const [what, most] of [
    ['not cached', 200],
    ['cached', 50],
  ] as const) {
    const times: number[] = []
    for (const { conversation, last } of shown) {
      times.push(await switchTo(page, String(conversation._id), String(last._id)))
      await sleep(300)
    }
    times.sort((a, b) => a - b)
    line(`change of the conversation, ${what}, median, ms`, median(times), most)
    line(`change of the conversation, ${what}, longest, ms`, percentile(times, 1), null)
  }
}

const LAST_ROW = `Math.max(...[...document.querySelectorAll('#inbox-list > li')].map(row => Number(row.ariaPosInSet)))`
const MESSAGE_ROWS = `document.querySelectorAll('[data-message]').length`

async function scrolling(visitor: Visitor, { conversation, last }: Shown): Promise<void> {
  const { page } = visitor
  await visitor.longTasks()
  const list = await scroll(page, '[data-pane=list] a[data-conversation]', {
    px: 600,
    count: LAST_ROW,
    most: CONVERSATIONS,
    seconds: SECONDS,
  })
  await linesOf(visitor, 'list', list)
  await page.goto('/inbox?tab=all')
  await switchTo(page, String(conversation._id), String(last._id))
  await sleep(1000)
  await visitor.longTasks()
  const thread = await scroll(page, '[data-pane=thread] [data-message]', {
    px: -600,
    count: MESSAGE_ROWS,
    most: MESSAGES,
    seconds: SECONDS,
  })
  await linesOf(visitor, 'conversation', thread)
}

async function linesOf(visitor: Visitor, what: string, { rows, framesPerSecond }: Scrolled): Promise<void> {
  const tasks = await visitor.longTasks()
  line(`${what}: ${rows} rows scrolled, frames a second`, framesPerSecond, null)
  line(`${what}: tasks above 50 ms`, tasks.length, 0)
  line(`${what}: longest task, ms (0: none above 50)`, tasks[0] ?? 0, 50)
}

/** Tells of messages in the conversations of the first screen, one of which is open. */
async function underEvents(visitor: Visitor, start: () => () => Promise<number>): Promise<void> {
  await visitor.page.goto('/inbox?tab=all')
  await visitor.page.locator('a[data-conversation]').nth(1).click()
  await sleep(2000)
  await visitor.longTasks()
  const heaps: number[] = []
  const longest: number[] = []
  const stop = start()
  for (let minute = 1; minute <= MINUTES; minute++) {
    await sleep(60_000)
    longest.push((await visitor.longTasks())[0] ?? 0)
    heaps.push(await visitor.heapMb())
    // The collection itself is a long task.
    await visitor.longTasks()
    console.log(`  minute ${minute}: longest task ${longest.at(-1)?.toFixed(0)} ms, heap ${heaps.at(-1)?.toFixed(1)} MB`)
  }
  console.log(`  ${await stop()} events published`)
  line('under events: longest task of any minute, ms', Math.max(...longest), 100)
  line(
    'under events: heap of the last three minutes ÷ of the first three',
    median(heaps.slice(-3)) / median(heaps.slice(0, 3)),
    1.1,
  )
}

function line(what: string, value: number, most: number | null): void {
  ratio(what, value, most === null ? '' : `≤ ${most}`, most !== null && value <= most)
}
