import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { connectStore, type Store } from '#shared/store/connect.ts'
import { untilPasses, untilTrue } from '#test/support/until.ts'
import { type BrowserWorld, openBrowserWorld, PAGE_MS, START_MS, signInAs, untilLive } from '#test/support/worlds/browser.ts'
import { messageOf, openConversation, reply, rowOf, SALMA, textsOf, untilShownOnce } from '#test/support/worlds/browser-steps.ts'

const patience = { timeout: PAGE_MS }
const { phoneNumberId } = DEMO_TENANTS.demo

let world: BrowserWorld
let store: Store
beforeAll(async () => {
  world = await openBrowserWorld()
  store = await connectStore(world.mongodbUri)
}, START_MS)
afterAll(async () => {
  await store?.[Symbol.asyncDispose]()
  await world?.[Symbol.asyncDispose]()
}, START_MS)

let batches = 0
/** So many texts of Salma, a second between each, all of them recorded. @returns their beginning, and the texts in their order */
async function salmaWrites(count: number, from = 1): Promise<{ beginning: string; texts: string[] }> {
  const beginning = `Lot ${++batches}.`
  const now = Math.floor(Date.now() / 1000)
  const texts = Array.from({ length: count }, (_, i) => `${beginning} ${String(i + from).padStart(2, '0')}`)
  for (const [i, text] of texts.entries()) await world.customerWrites(SALMA.waId, text, { timestamp: String(now - count + i) })
  const recorded = () => store.raw.messages.countDocuments({ phoneNumberId, 'content.text': { $in: texts } } as never)
  await untilTrue(async () => (await recorded()) === count, PAGE_MS)
  return { beginning, texts }
}

const badge = (page: Page, state: string) => page.locator(`[data-connection="${state}"]:visible`).first().waitFor(patience)
/** All there, once each, in their order; and still so a moment later. */
async function untilAllThere(page: Page, beginning: string, texts: string[]): Promise<void> {
  await untilPasses(async () => expect(await textsOf(page, beginning)).toEqual(texts), PAGE_MS)
  await untilLive(page)
  expect(await textsOf(page, beginning)).toEqual(texts)
}
/** Requests fail while the network is away; nothing else may. */
const others = (problems: string[]) =>
  problems.filter(problem => !/net::ERR|Failed to load resource|WebSocket connection|status of 50[0-9]/.test(problem))

async function agentAtSalma() {
  const visitor = await world.visit()
  await signInAs(visitor.page, 'Demo Agent')
  await openConversation(visitor.page, SALMA.name)
  await untilLive(visitor.page)
  return visitor
}

test('6: after a cut of the network all 20 messages are there, in order, once each, and the badge told the truth', {
  timeout: START_MS,
}, async () => {
  const { page, problems } = await agentAtSalma()
  world.network.cut()
  try {
    await badge(page, 'offline')
    expect(await page.getByText('Live', { exact: true }).filter({ visible: true }).count()).toBe(0)
    const { beginning, texts } = await salmaWrites(20)
    expect(await textsOf(page, beginning)).toEqual([])
    // What is written meanwhile waits, and goes out once.
    const text = `Écrit hors ligne ${Date.now()}`
    await reply(page, text)
    await page.getByText('Sent when the connection is back.').waitFor(patience)
    world.network.mend()
    await untilAllThere(page, beginning, texts)
    await rowOf(page, text).waitFor(patience)
    await messageOf(page, text)
      .getByRole('img', { name: /^(delivered|read) / })
      .waitFor(patience)
    await untilShownOnce(messageOf(page, text))
    expect(await store.raw.messages.countDocuments({ 'content.text': text } as never)).toBe(1)
    expect(others(problems)).toEqual([])
  } finally {
    world.network.mend()
  }
})

test('who was away for longer than events are kept gets everything by a fresh load', { timeout: START_MS }, async () => {
  const { page, problems } = await agentAtSalma()
  world.network.cut()
  try {
    await badge(page, 'offline')
    const { beginning, texts } = await salmaWrites(5)
    // As their lifetime does: those that have been told are gone.
    await untilTrue(async () => (await store.raw.events.countDocuments({ seq: null } as never)) === 0, PAGE_MS)
    await store.raw.events.deleteMany({})
    world.network.mend()
    await untilAllThere(page, beginning, texts)
    await rowOf(page, texts.at(-1) as string).waitFor(patience)
    expect(others(problems)).toEqual([])
  } finally {
    world.network.mend()
  }
})

test('the servers are restarted: what came and what was written meanwhile is there once', { timeout: START_MS }, async () => {
  const { page, problems } = await agentAtSalma()
  world.stack.processes.realtime.kill('SIGKILL')
  world.stack.processes.gateway.kill('SIGKILL')
  const text = `Pendant le redémarrage ${Date.now()}`
  await reply(page, text)
  const { beginning, texts } = await salmaWrites(5)
  await untilAllThere(page, beginning, texts)
  await messageOf(page, text)
    .getByRole('img', { name: /^(delivered|read) / })
    .waitFor(patience)
  await untilShownOnce(messageOf(page, text))
  expect(await store.raw.messages.countDocuments({ 'content.text': text } as never)).toBe(1)
  expect(others(problems)).toEqual([])
})

test('two tabs show the same, each message once; signing out in one signs out both', { timeout: START_MS }, async () => {
  const { page, openTab, problems } = await agentAtSalma()
  const second = await openTab()
  await second.goto(page.url())
  await second.locator('[data-message]').first().waitFor(patience)
  await untilLive(second)
  const text = `Des deux onglets ${Date.now()}`
  await reply(page, text)
  const { beginning, texts } = await salmaWrites(5)
  for (const tab of [page, second]) {
    await untilAllThere(tab, beginning, texts)
    await untilShownOnce(messageOf(tab, text))
  }
  expect(await store.raw.messages.countDocuments({ 'content.text': text } as never)).toBe(1)
  await page.locator('nav button[aria-haspopup=menu]:visible').click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  for (const tab of [page, second]) await tab.waitForURL(/\/sign-in/, patience)
  expect(others(problems)).toEqual([])
})

test('a page whose timers stood still, as in a sleeping laptop, is complete when it wakes', { timeout: START_MS }, async () => {
  const { page, context, problems } = await agentAtSalma()
  const session = await context.newCDPSession(page)
  await session.send('Page.setWebLifecycleState', { state: 'frozen' })
  const { beginning, texts } = await salmaWrites(20)
  // The network has forgotten the connection meanwhile.
  world.network.cut()
  world.network.mend()
  await session.send('Page.setWebLifecycleState', { state: 'active' })
  await untilAllThere(page, beginning, texts)
  expect(others(problems)).toEqual([])
})

test('10: while the broker is away a reply waits, and is sent once when it is back', { timeout: START_MS }, async () => {
  const { page, problems } = await agentAtSalma()
  world.broker.cut()
  try {
    const text = `Sans courtier ${Date.now()}`
    await reply(page, text)
    await messageOf(page, text)
      .getByRole('img', { name: /^queued/ })
      .waitFor(patience)
    const banner = page.getByRole('region', { name: 'Notices' }).getByText(/Messages wait/)
    await banner.waitFor(patience)
    world.broker.mend()
    await messageOf(page, text)
      .getByRole('img', { name: /^(delivered|read) / })
      .waitFor(patience)
    await untilShownOnce(messageOf(page, text))
    await banner.waitFor({ state: 'detached', timeout: PAGE_MS })
    expect(others(problems)).toEqual([])
  } finally {
    world.broker.mend()
  }
})
