import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectStore, type Store } from '#shared/store/connect.ts'
import { untilPasses, untilTrue } from '#test/support/until.ts'
import {
  type BrowserWorld,
  openBrowserWorld,
  PAGE_MS,
  START_MS,
  seriousFindings,
  signInAs,
  type VisitOptions,
} from '#test/support/worlds/browser.ts'
import { messageOf, openConversation, reply, rowOf, SALMA, untilShownOnce } from '#test/support/worlds/browser-steps.ts'

const patience = { timeout: PAGE_MS }
const PHONE: VisitOptions = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }

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

/** Requests fail while the network is away; nothing else may. */
const others = (problems: string[]) =>
  problems.filter(problem => !/net::ERR|Failed to load resource|WebSocket connection/.test(problem))
const untilKept = (page: Page) =>
  untilTrue(
    () => page.evaluate(`caches.match('/').then(page => page !== undefined && navigator.serviceWorker.controller !== null)`),
    PAGE_MS,
  )
const offlineTitle = (page: Page) => page.getByRole('heading', { level: 1, name: 'No connection' })
const composer = (page: Page) => page.locator('[data-composer] textarea')
/** On phones an open conversation has no badge while all is well. */
const untilBack = (page: Page) =>
  untilTrue(async () => {
    const away = await page.locator('[data-connection]:not([data-connection="live"]):visible').count()
    return away === 0 && (await composer(page).isVisible())
  }, PAGE_MS)
const countOf = (text: string) => store.raw.messages.countDocuments({ 'content.text': text } as never)

async function cutWhile(work: () => Promise<void>): Promise<void> {
  world.network.cut()
  try {
    await work()
  } finally {
    world.network.mend()
  }
}

describe.for([
  ['a desk', {}],
  ['360 px', PHONE],
] as const)('at %s', ([, options]) => {
  test('a page that is opened without network shows what is kept; it goes out once when the network is back', {
    timeout: START_MS,
  }, async () => {
    const { page, problems } = await world.visit(options)
    await signInAs(page, 'Demo Agent')
    await openConversation(page, SALMA.name)
    await untilBack(page)
    await untilKept(page)
    const [text, draft] = [`Sans réseau ${Date.now()}`, `Brouillon ${Date.now()}`]
    await cutWhile(async () => {
      await page.locator('[data-connection="offline"]:visible').first().waitFor(patience)
      await reply(page, text)
      await page.getByText('Sent when the connection is back.').waitFor(patience)
      await composer(page).fill(draft)
      await page.reload()
      await offlineTitle(page).waitFor(patience)
      await page.getByRole('status').filter({ hasText: 'Offline', visible: true }).first().waitFor(patience)
      await page.locator('[data-outbox]').filter({ hasText: text }).waitFor(patience)
      await page.getByText(draft).waitFor(patience)
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
      expect(await seriousFindings(page)).toEqual([])
      // As it was left, however often it is opened.
      await page.goto('/inbox')
      await page.locator('[data-outbox]').filter({ hasText: text }).waitFor(patience)
      await page.goBack()
      await offlineTitle(page).waitFor(patience)
    })
    await untilBack(page)
    await messageOf(page, text)
      .getByRole('img', { name: /^(delivered|read) / })
      .waitFor(patience)
    await untilShownOnce(messageOf(page, text))
    expect(await composer(page).inputValue()).toBe(draft)
    expect(await countOf(text)).toBe(1)
    await composer(page).fill('')
    expect(others(problems)).toEqual([])
  })
})

test('a message that was taken back without network is not sent', { timeout: START_MS }, async () => {
  const { page } = await world.visit()
  await signInAs(page, 'Demo Agent')
  await openConversation(page, SALMA.name)
  await untilBack(page)
  await untilKept(page)
  const text = `Repris ${Date.now()}`
  await cutWhile(async () => {
    await reply(page, text)
    await page.reload()
    const kept = page.locator('[data-outbox]').filter({ hasText: text })
    await kept.getByRole('button', { name: 'Cancel' }).click()
    await kept.waitFor({ state: 'detached', timeout: PAGE_MS })
  })
  await untilBack(page)
  await page.locator('[data-message]').first().waitFor(patience)
  expect(await countOf(text)).toBe(0)
})

/** All that this browser keeps for the origin, as text. */
const KEPT = `(async () => {
  const requests = await Promise.all((await caches.keys()).map(async name => (await caches.open(name)).keys()))
  const databases = await indexedDB.databases()
  return {
    stored: JSON.stringify(localStorage) + JSON.stringify(sessionStorage),
    files: requests.flat().map(({ url }) => new URL(url).pathname),
    databases: databases.map(({ name }) => name),
  }
})()`
const keptIn = (page: Page) => page.evaluate(KEPT) as Promise<{ stored: string; files: string[]; databases: string[] }>
const cookieOf = async (context: BrowserContext) => (await context.cookies()).find(({ httpOnly }) => httpOnly)

test('signing out without network removes what is of the person, and ends the session when the network is back', {
  timeout: START_MS,
}, async () => {
  const { page, context } = await world.visit()
  await signInAs(page, 'Demo Agent')
  await openConversation(page, SALMA.name)
  await untilBack(page)
  await untilKept(page)
  const before = await keptIn(page)
  expect(before.stored).toContain('Demo Agent')
  const cookie = await cookieOf(context)
  expect(cookie).toBeDefined()
  await cutWhile(async () => {
    const picker = page.locator('[data-composer] input[type=file]')
    await picker.setInputFiles({ name: 'contrat.txt', mimeType: 'text/plain', buffer: Buffer.from('Confidentiel') })
    await page.getByText('contrat.txt').waitFor(patience)
    await composer(page).press('Enter')
    await page.locator('[data-outbox]').filter({ hasText: 'contrat.txt' }).waitFor(patience)
    await composer(page).fill('Confidentiel')
    await page.reload()
    await offlineTitle(page).waitFor(patience)
    await page.locator('nav button[aria-haspopup=menu]:visible').click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await page.waitForURL(/\/sign-in/, patience)
    const { stored, files, databases } = await keptIn(page)
    expect(stored).not.toMatch(/Demo Agent|Confidentiel|contrat|linko\.own/)
    expect(databases).toEqual([])
    // The files of the page, which are given to everybody.
    expect(files.length).toBeGreaterThan(20)
    expect(files.filter(file => !/^\/(assets\/[^/]+|[\w-]+\.\w+|)$/.test(file))).toEqual([])
  })
  await page.reload()
  await page.getByRole('button', { name: /Demo Agent/ }).waitFor(patience)
  await untilPasses(async () => expect(await cookieOf(context)).toBeUndefined(), PAGE_MS)
  await context.addCookies([cookie as NonNullable<typeof cookie>])
  const answer = await page.evaluate(
    `fetch('/api/v1/auth/refresh', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }).then(({ status }) => status)`,
  )
  expect(answer).toBe(401)
})

test('the dashboard can be installed', { timeout: START_MS }, async () => {
  const { page, context } = await world.visit()
  await signInAs(page, 'Demo Agent')
  await untilKept(page)
  const session = await context.newCDPSession(page)
  const { errors, data } = await session.send('Page.getAppManifest')
  expect(errors).toEqual([])
  const manifest = JSON.parse(data as string) as { icons: { src: string; sizes: string; type: string; purpose: string }[] }
  expect(manifest).toMatchObject({ id: '/', name: 'Linko', start_url: '/inbox', scope: '/', display: 'standalone' })
  for (const { src, sizes, type } of manifest.icons) {
    const response = await page.request.get(src)
    expect([src, response.status(), response.headers()['content-type']]).toEqual([src, 200, type])
    if (type !== 'image/png') continue
    const content = await response.body()
    expect([src, `${content.readUInt32BE(16)}x${content.readUInt32BE(20)}`]).toEqual([src, sizes])
  }
  expect(manifest.icons.map(({ sizes, purpose }) => `${sizes} ${purpose}`)).toEqual(
    expect.arrayContaining(['192x192 any', '512x512 any', '512x512 maskable']),
  )
  // A window of a test keeps nothing, which is the only thing that stands against it.
  const { installabilityErrors } = await session.send('Page.getInstallabilityErrors')
  expect(installabilityErrors.map(({ errorId }) => errorId)).toEqual(['in-incognito'])
  expect(await rowOf(page, SALMA.name).count()).toBeGreaterThan(0)
})
