import { rmSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DEMO_CONTACTS, DEMO_TENANTS } from '#deploy/demo/world.ts'
import { linkoDir } from '#deploy/local/profiles.ts'
import { startStack } from '#deploy/local/stack.ts'
import { openBrowser, type Visitor } from './dashboard/visitor.ts'
import { percentile, ratio } from './measure/figures.ts'

const MINUTES = Number(process.env.BENCH_MINUTES ?? 60)
/** Minute from which memory is compared: script is compiled by then, and what the page keeps of events is as much as it becomes. */
const SETTLED = Math.min(10, Math.ceil(MINUTES / 2))

/** Runs in the page: notes when the text that says of which second the figures are changes. */
const WATCH = `{
  window.renewedAt = []
  let last = ''
  const look = () => {
    const text = document.querySelector('[data-as-of]')?.textContent ?? ''
    if (text !== last) window.renewedAt.push(performance.now())
    last = text
  }
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true })
}`

/** The overview of operations in an operator's browser for an hour: how old its figures become, and what it keeps in memory. */
export async function run(): Promise<void> {
  const profile = 'bench-operations'
  rmSync(linkoDir(profile), { recursive: true, force: true })
  await using stack = await startStack({
    profile,
    envFile: path.join(linkoDir(profile), 'demo.env'),
    docker: 'never',
    extraEnv: { LOG_LEVEL: 'warn' },
    report: () => undefined,
  })
  const { BASE_URL, META_GRAPH_URL } = stack.env as Record<string, string>
  // Their conversations are the first rows of the inbox, which the browser waits for.
  using _customers = startCustomers(META_GRAPH_URL as string)
  await using browser = await openBrowser(BASE_URL as string, 'Platform Admin')
  await using visitor = await browser.visit()
  await visitor.page.goto('/operations')
  await visitor.page.locator('[data-as-of]').waitFor()
  await visitor.page.evaluate(WATCH)
  await visitor.longTasks()
  console.log(`operations: the overview for ${MINUTES} minutes, a message of a customer each second`)
  await watch(visitor)
}

/** Customers write once a second. */
function startCustomers(simulator: string): Disposable {
  let count = 0
  const timer = setInterval(() => {
    const from = DEMO_CONTACTS[count++ % DEMO_CONTACTS.length]?.waId
    const body = JSON.stringify({ phoneNumberId: DEMO_TENANTS.demo.phoneNumberId, from, message: `Bonjour ${count}` })
    void fetch(`${simulator}/_sim/inbound`, { method: 'POST', headers: { 'content-type': 'application/json' }, body }).catch(
      () => undefined,
    )
  }, 1000)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

async function watch(visitor: Visitor): Promise<void> {
  const [times, heaps, nodes, tasks]: [number[], number[], number[], number[]] = [[], [], [], []]
  let last: number | undefined
  for (let minute = 1; minute <= MINUTES; minute++) {
    await sleep(60_000)
    tasks.push((await visitor.longTasks())[0] ?? 0)
    heaps.push(await visitor.heapMb())
    nodes.push((await visitor.page.evaluate(`document.querySelectorAll('*').length`)) as number)
    const renewed = (await visitor.page.evaluate('window.renewedAt.splice(0)')) as number[]
    for (const at of renewed) {
      if (last !== undefined) times.push(at - last)
      last = at
    }
    // The collection itself is a long task.
    await visitor.longTasks()
    const figures = `${renewed.length} times new, longest task ${tasks.at(-1)?.toFixed(0)} ms, heap ${heaps.at(-1)?.toFixed(2)} MB, ${nodes.at(-1)} nodes`
    console.log(`  minute ${minute}: ${figures}`)
  }
  times.sort((a, b) => a - b)
  line('time from figures to the next, median, ms', percentile(times, 0.5), null)
  line('time from figures to the next, 95 %, ms', percentile(times, 0.95), 1500)
  line('time from figures to the next, longest, ms', percentile(times, 1), 5000)
  line('longest task of any minute, ms', Math.max(...tasks), 100)
  line(`heap of the last minute ÷ of minute ${SETTLED}`, (heaps.at(-1) as number) / (heaps[SETTLED - 1] as number), 1.1)
  line(`nodes of the last minute ÷ of minute ${SETTLED}`, (nodes.at(-1) as number) / (nodes[SETTLED - 1] as number), 1.1)
}

function line(what: string, value: number, most: number | null): void {
  ratio(what, value, most === null ? '' : `≤ ${most}`, most !== null && value <= most)
}
