import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ClientDoc, ConversationDoc, MessageDoc } from '#shared/model/documents.ts'
import { newMessage } from '#shared/model/new-rows.ts'
import { connectStore } from '#shared/store/connect.ts'
import { untilPasses } from '#test/support/until.ts'
import {
  type BrowserWorld,
  openBrowserWorld,
  PAGE_MS,
  START_MS,
  seriousFindings,
  signInAs,
} from '#test/support/worlds/browser.ts'
import { KARIM, messageOf, openConversation } from '#test/support/worlds/browser-steps.ts'

const SALMA = '212661000101'
const patience = { timeout: PAGE_MS }

let world: BrowserWorld
beforeAll(async () => {
  world = await openBrowserWorld()
}, START_MS)
afterAll(async () => await world?.[Symbol.asyncDispose](), START_MS)

test('an agent signs in, sees a customer write, and sees the reply arrive, without a reload', { timeout: START_MS }, async () => {
  const { page, problems } = await world.visit()
  await signInAs(page, 'Demo Agent')
  await page.getByRole('status').getByText('Live').first().waitFor(patience)
  await page.getByRole('tab', { name: /^All/ }).click()

  const words = `Bonjour ${Date.now()}`
  await world.customerWrites(SALMA, words)
  const row = page.getByRole('link').filter({ hasText: words })
  await row.waitFor(patience)
  expect(await row.textContent()).toContain('Salma Idrissi')
  await row.click()
  const bubble = (text: string) =>
    page
      .getByRole('listitem')
      .filter({ hasText: text, has: page.getByRole('time') })
      .last()
  await page.locator('[data-message]').filter({ hasText: words }).waitFor(patience)

  const reply = `Avec plaisir ${Date.now()}`
  await page.getByRole('textbox', { name: 'Message' }).fill(reply)
  await page.keyboard.press('Enter')
  const sent = page.locator('[data-message]').filter({ hasText: reply })
  await sent.getByRole('img', { name: /^(delivered|read) / }).waitFor(patience)
  expect(await bubble(reply).count()).toBe(1)
  // Who has seen the end of the conversation has read it.
  await untilPasses(async () => expect(await row.getByRole('img', { name: /unread/ }).count()).toBe(0), PAGE_MS)
  expect(problems).toEqual([])
})

test('older messages come as one scrolls up, and what is read stays where it is', { timeout: START_MS }, async () => {
  const words = await addOlder(150)
  const { page, problems } = await world.visit({ serviceWorkers: 'block' })
  await signInAs(page, 'Demo Agent')
  const shown = page.locator('[data-message]')
  let mark = shown.first()
  // At the top and near it browsers keep no place by themselves; further down they do.
  for (const top of [0, 40, 171]) {
    await page.goto('/inbox?tab=all')
    // Older messages come when the reader has been seen where they read.
    const reads = Promise.withResolvers<void>()
    await page.route(isOlder, async route => {
      await reads.promise
      await route.continue()
    })
    await openConversation(page, KARIM.name)
    const before = await shown.count()
    expect(before).toBeLessThan(100)
    mark = messageOf(page, words(before - 10)).first()
    await page.evaluate(`${SCROLLER}.scrollTop = ${top}`)
    const place = async () => Math.round((await mark.boundingBox())?.y ?? 0)
    const from = await place()
    expect(from).toBeGreaterThan(0)
    reads.resolve()
    await untilPasses(async () => expect(await shown.count()).toBeGreaterThan(before), PAGE_MS)
    // The heading of the oldest message's day may go with it.
    await untilPasses(async () => expect(Math.abs((await place()) - from)).toBeLessThan(40), PAGE_MS)
    await page.unroute(isOlder)
  }
  await mark.hover()
  await scrollUpTo(page, words(149))
  expect(problems).toEqual([])
})

test('an open conversation lets go the older of many messages, stays at its end, and shows all when one scrolls up', {
  timeout: START_MS,
}, async () => {
  const { page, problems } = await world.visit({ serviceWorkers: 'block' })
  await signInAs(page, 'Demo Agent')
  await page.goto('/inbox?tab=all')
  await openConversation(page, KARIM.name)
  const shown = page.locator('[data-message]')
  const words = (n: number) => `one of many ${n} of ${COUNT}.`
  for (let n = 1; n <= COUNT; n++) await world.customerWrites(KARIM.waId, words(n))
  const newest = messageOf(page, words(COUNT)).first()
  await newest.waitFor(patience)
  await untilPasses(async () => expect(await shown.count()).toBeLessThan(100), PAGE_MS)
  // Less than the height of a message is left below.
  await untilPasses(async () => expect(await page.evaluate(BELOW)).toBeLessThan(40), PAGE_MS)
  await newest.hover()
  await scrollUpTo(page, words(1))
  expect(problems).toEqual([])
})

/** Turns the wheel up until a message is there, which each loaded message is once. */
async function scrollUpTo(page: Page, words: string): Promise<void> {
  await untilPasses(async () => {
    await page.mouse.wheel(0, -20_000)
    expect(await messageOf(page, words).count()).toBe(1)
  }, PAGE_MS)
  const ids = await page.locator('[data-message]').evaluateAll(all => all.map(one => one.getAttribute('data-message')))
  expect(new Set(ids).size).toBe(ids.length)
}

/** More than a page may have before the older ones are let go. */
const COUNT = 125

const isOlder = ({ pathname, searchParams }: URL) => pathname.endsWith('/messages') && searchParams.has('cursor')
/** In the page: what scrolls the messages. */
const SCROLLER = `document.querySelector('[data-pane=thread] [data-message]').closest('.overflow-auto')`
/** In the page: how far from its end it is scrolled (px). */
const BELOW = `(s => s.scrollHeight - s.scrollTop - s.clientHeight)(${SCROLLER})`

/** Puts older messages into Karim's conversation. @returns the text of the n-th, counted from the newest */
async function addOlder(count: number): Promise<(n: number) => string> {
  await using store = await connectStore(world.mongodbUri)
  const conversation = (await store.raw.conversations.findOne({ 'contact.phone': KARIM.waId })) as ConversationDoc
  const client = (await store.raw.clients.findOne({ _id: conversation.clientId })) as ClientDoc
  const contact = { _id: conversation.contactId, waId: KARIM.waId, userId: null }
  const words = (n: number) => `older message ${n} of Karim`
  const [first] = await store.raw.messages.find({ conversationId: conversation._id }).sort({ at: 1 }).limit(1).toArray()
  const rows = Array.from({ length: count }, (_, n): MessageDoc => {
    const at = new Date((first?.at.getTime() ?? Date.now()) - (n + 1) * 60_000)
    const content = { text: words(n), media: null, template: null, data: null }
    const row = newMessage({ client, conversation, contact }, { type: 'text', content }, at)
    return { ...row, direction: 'INBOUND', status: 'READ', wamid: `wamid.older.${n}`, seq: 100_000 + n }
  })
  await store.raw.messages.insertMany(rows)
  return words
}

test.for([
  ['en', 'light'],
  ['ar', 'dark'],
] as const)('axe finds nothing serious in the inbox and at sign-in: %s, %s', { timeout: START_MS }, async ([locale, theme]) => {
  const { page, context, problems } = await world.visit()
  const kept = JSON.stringify(JSON.stringify({ locale, theme }))
  await context.addInitScript(`localStorage.setItem('linko.preferences', ${kept})`)
  await page.goto('/sign-in')
  await page.getByRole('button', { name: /Demo Agent/ }).waitFor(patience)
  expect(await seriousFindings(page)).toEqual([])
  await signInAs(page, 'Demo Agent')
  await page.goto('/inbox?tab=all')
  await page.getByRole('link').filter({ hasText: 'Salma' }).first().click()
  await page.getByRole('textbox').last().waitFor(patience)
  expect(await page.evaluate('document.documentElement.dir')).toBe(locale === 'ar' ? 'rtl' : 'ltr')
  expect(await seriousFindings(page)).toEqual([])
  expect(problems).toEqual([])
})
