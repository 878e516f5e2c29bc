import { setTimeout as sleep } from 'node:timers/promises'
import { type Browser, type BrowserContext, type CDPSession, chromium, type Page } from 'playwright-core'
import { chromiumPath } from '#test/support/chromium.ts'

/** For what hangs. */
const PAGE_MS = 180_000

/** Runs in the page before its own script: notes tasks above 50 ms, and when the first row of the list stood. */
const WATCH = `
  window.longTasks = []
  new PerformanceObserver(list => {
    for (const { startTime, duration } of list.getEntries()) window.longTasks.push({ at: startTime, ms: duration })
  }).observe({ type: 'longtask', buffered: true })
  const look = new MutationObserver(() => {
    if (document.querySelector('a[data-conversation]') === null) return
    look.disconnect()
    requestAnimationFrame(() => setTimeout(() => (window.firstRowAt = performance.now())))
  })
  look.observe(document, { subtree: true, childList: true })`

/** A tab of the inbox, signed in. */
export interface Visitor {
  page: Page
  /** Tasks above 50 ms since the last call, in ms, the longest first. */
  longTasks(): Promise<number[]>
  /** MB of script objects after a collection. */
  heapMb(): Promise<number>
}

/** @param name of the demo user who signs in */
export async function openBrowser(baseURL: string, name: string) {
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox'], timeout: PAGE_MS })
  const storage = await signIn(browser, baseURL, name)
  return {
    /** Opens the inbox as nobody's browser has loaded anything yet. @returns with it the ms until the first row stood */
    async visit(): Promise<Visitor & { firstRowMs: number; [Symbol.asyncDispose](): Promise<void> }> {
      const context = await contextOf(browser, baseURL, storage)
      const page = await context.newPage()
      await page.goto('/inbox?tab=all')
      const firstRowMs = await firstRowOf(page)
      const session = await context.newCDPSession(page)
      return {
        ...{ page, firstRowMs },
        longTasks: () => takeLongTasks(page),
        heapMb: () => heapOf(session),
        [Symbol.asyncDispose]: async () => {
          // A refresh token is used once: the next visit takes the newest.
          Object.assign(storage, await context.storageState())
          await context.close()
        },
      }
    },
    [Symbol.asyncDispose]: () => browser.close(),
  }
}

type Storage = Awaited<ReturnType<BrowserContext['storageState']>>

async function contextOf(browser: Browser, baseURL: string, storageState?: Storage): Promise<BrowserContext> {
  const viewport = { width: 1440, height: 900 }
  const context = await browser.newContext({ baseURL, locale: 'en-GB', viewport, ...(storageState && { storageState }) })
  context.setDefaultTimeout(PAGE_MS)
  await context.addInitScript(WATCH)
  return context
}

async function signIn(browser: Browser, baseURL: string, name: string): Promise<Storage> {
  const context = await contextOf(browser, baseURL)
  const page = await context.newPage()
  await page.goto('/sign-in')
  await page.getByRole('button', { name: new RegExp(name) }).click()
  await page.waitForURL(/\/inbox/)
  // Nothing need be assigned to this user.
  await page.goto('/inbox?tab=all')
  await firstRowOf(page)
  const storage = await context.storageState()
  await context.close()
  return storage
}

/** By the driver: the policy of the page allows no evaluation of its own. */
async function firstRowOf(page: Page): Promise<number> {
  await page.locator('a[data-conversation]').first().waitFor()
  for (;;) {
    const at = (await page.evaluate('window.firstRowAt')) as number | undefined
    if (at !== undefined) return at
    await sleep(20)
  }
}

const takeLongTasks = async (page: Page): Promise<number[]> =>
  ((await page.evaluate('window.longTasks.splice(0).map(({ ms }) => ms)')) as number[]).toSorted((a, b) => b - a)

async function heapOf(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage')
  await sleep(500)
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  return usedSize / 1e6
}

/**
 * Clicks a row of the list, and measures in the page until a message of the conversation stands in its next frame.
 * @returns ms
 */
export async function switchTo(page: Page, conversationId: string, messageId: string): Promise<number> {
  const row = page.locator(`a[data-conversation="${conversationId}"]`)
  await row.waitFor()
  return (await page.evaluate(`new Promise(resolve => {
    const row = document.querySelector('a[data-conversation="${conversationId}"]')
    const from = performance.now()
    const isShown = () => document.querySelector('[data-message="${messageId}"]') !== null
    const done = () => requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - from)))
    const look = new MutationObserver(() => { if (isShown()) { look.disconnect(); done() } })
    look.observe(document.body, { subtree: true, childList: true })
    row.click()
  })`)) as number
}

export interface Scrolled {
  /** Rows that were there at the end. */
  rows: number
  /** Frames per second meanwhile. */
  framesPerSecond: number
}

/**
 * Scrolls by the wheel until so many rows have been reached, or the time is over.
 * @param px of each turn of the wheel; negative: upwards
 * @param count expression in the page: how many rows have been reached
 */
export async function scroll(
  page: Page,
  selector: string,
  { px, count, most, seconds }: { px: number; count: string; most: number; seconds: number },
): Promise<Scrolled> {
  await page.locator(selector).first().hover()
  await page.evaluate(COUNT_FRAMES)
  const from = performance.now()
  let rows = 0
  while (rows < most && performance.now() - from < seconds * 1000) {
    for (let i = 0; i < 10; i++) await page.mouse.wheel(0, px)
    rows = (await page.evaluate(count)) as number
  }
  const frames = (await page.evaluate('window.isScrolling = false, window.frameCount')) as number
  return { rows, framesPerSecond: (1000 * frames) / (performance.now() - from) }
}

const COUNT_FRAMES = `{
  window.frameCount = 0
  window.isScrolling = true
  const next = () => { window.frameCount++; if (window.isScrolling) requestAnimationFrame(next) }
  requestAnimationFrame(next)
}`
