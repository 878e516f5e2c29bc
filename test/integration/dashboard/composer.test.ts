import mongoose from 'mongoose'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { untilPasses } from '#test/support/until.ts'
import {
  type BrowserWorld,
  openBrowserWorld,
  PAGE_MS,
  START_MS,
  seriousFindings,
  signInAs,
} from '#test/support/worlds/browser.ts'

/** Starting everything takes a while on a busy machine. */
// Of the page, where a part of these tests runs; the tests themselves have no types of a browser.
declare const DataTransfer: new () => { items: { add(file: File): void } }
declare const ClipboardEvent: new (type: string, init: object) => Event

const SALMA = '212661000101'
const patience = { timeout: PAGE_MS }
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

let world: BrowserWorld
let database: mongoose.Connection
beforeAll(async () => {
  world = await openBrowserWorld()
  database = await mongoose.createConnection(world.stack.env.MONGODB_URI as string).asPromise()
}, START_MS)
afterAll(async () => {
  await database?.close()
  await world?.[Symbol.asyncDispose]()
}, START_MS)

/** An agent in Salma's conversation, who has just written. @returns the page and what must not happen on it */
async function inConversation() {
  // What passes by a service worker, which takes over at some time after the first paint, does not meet `page.route`.
  const visitor = await world.visit({ serviceWorkers: 'block' })
  const { page } = visitor
  await signInAs(page, 'Demo Agent')
  await page.goto('/inbox?tab=all')
  const words = `Bonjour ${Date.now()}`
  await world.customerWrites(SALMA, words)
  await page.getByRole('link').filter({ hasText: words }).click()
  await message(page, words).waitFor(patience)
  await page.getByRole('textbox', { name: 'Message' }).waitFor(patience)
  return visitor
}

const message = (page: Page, text: string) => page.locator('[data-message]').filter({ hasText: text })
const arrived = (page: Page, text: string) =>
  message(page, text)
    .getByRole('img', { name: /^(delivered|read) / })
    .waitFor(patience)

/** Texts that the simulator of Meta was given for Salma. */
async function sentToSalma(text: string): Promise<number> {
  const response = await fetch(`${world.stack.env.META_GRAPH_URL}/_sim/messages?to=${SALMA}`)
  return JSON.stringify(await response.json()).split(text).length - 1
}

/** The window of every conversation closed a day ago. */
const closeWindows = () =>
  database.collection('conversations').updateMany({}, { $set: { windowExpiresAt: new Date(Date.now() - 86_400_000) } })

test('the window closes: a template takes the place of the text field, with its price, and arrives', {
  timeout: START_MS,
}, async () => {
  const { page, problems } = await inConversation()
  await page.getByRole('textbox', { name: 'Message' }).fill('half a sentence')
  await closeWindows()
  await page.reload()
  const row = page.getByRole('button', { name: /job_opportunity/ })
  await row.waitFor(patience)
  expect(await page.getByRole('textbox', { name: 'Message' }).count()).toBe(0)
  expect(await page.getByText('Your draft is kept.').count()).toBe(1)
  expect(await row.textContent()).toMatch(/\d[.,]\d\d/)
  await row.click()
  const job = `Comptable ${Date.now()}`
  await page.getByRole('textbox', { name: 'jobTitle' }).fill(job)
  await page.getByRole('figure', { name: 'Preview' }).getByText(job).waitFor(patience)
  expect(await seriousFindings(page)).toEqual([])
  await page.getByRole('button', { name: 'Send template' }).click()
  await arrived(page, job)
  expect(await sentToSalma(job)).toBe(1)
  // The customer answers: one can write again, and the draft is there.
  await world.customerWrites(SALMA, 'Oui')
  const field = page.getByRole('textbox', { name: 'Message' })
  await field.waitFor(patience)
  expect(await field.inputValue()).toBe('half a sentence')
  expect(problems).toEqual([])
})

test('a picture is pasted, sent with a text under it, and arrives once', { timeout: START_MS }, async () => {
  const { page, problems } = await inConversation()
  const text = `Plan ${Date.now()}`
  const field = page.getByRole('textbox', { name: 'Message' })
  await field.fill(text)
  await field.evaluate((area, base64) => {
    const bytes = Uint8Array.from(atob(base64), letter => letter.charCodeAt(0))
    const clipboardData = new DataTransfer()
    clipboardData.items.add(new File([bytes], 'plan.png', { type: 'image/png' }))
    area.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
  }, PNG)
  await page.getByText('plan.png').waitFor(patience)
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await arrived(page, text)
  await message(page, text).locator('img[alt]').waitFor(patience)
  expect(await sentToSalma(text)).toBe(1)
  expect(problems).toEqual([])
})

test('a note names a colleague, who is told, and the customer never sees it', { timeout: START_MS }, async () => {
  const { page, problems } = await inConversation()
  await page.getByRole('tab', { name: 'Note' }).click()
  const field = page.getByRole('textbox', { name: 'Note for the team' })
  await field.pressSequentially('@Demo M')
  await page.getByRole('option', { name: 'Demo Manager' }).waitFor(patience)
  await field.press('Enter')
  const text = `please call ${Date.now()}`
  await field.pressSequentially(text)
  await field.press('Enter')
  const note = page.locator('[data-note]').filter({ hasText: text })
  await note.waitFor(patience)
  expect(await note.getByText('@Demo Manager').count()).toBe(1)
  const kept = await database.collection('notes').findOne({ text: { $regex: text } })
  const manager = await database.collection('users').findOne({ email: 'manager@whatsapp-saas.com' })
  expect(kept?.mentions.map(String)).toEqual([String(manager?._id)])
  expect(await sentToSalma(text)).toBe(0)
  expect(problems).toEqual([])
})

test('a quick reply is called by / and sent with the name of the customer', { timeout: START_MS }, async () => {
  const { page, problems } = await inConversation()
  const shortcut = `h${Date.now()}`
  const agent = await database.collection('users').findOne({ email: 'agent@whatsapp-saas.com' })
  const now = new Date()
  await database.collection('quickReplies').insertOne({
    ...{ tenantId: agent?.tenantId, ownerId: agent?._id, shortcut, title: 'Hours', mediaId: null },
    text: `${shortcut}: bonjour {{contact.firstName}}`,
    ...{ createdBy: agent?._id, updatedBy: null, createdAt: now, updatedAt: now, deletedAt: null },
  })
  const field = page.getByRole('textbox', { name: 'Message' })
  await field.pressSequentially(`/${shortcut}`)
  await page.getByRole('option', { name: new RegExp(shortcut) }).waitFor(patience)
  await field.press('Enter')
  await untilPasses(async () => expect(await field.inputValue()).toBe(`${shortcut}: bonjour Salma`), PAGE_MS)
  await field.press('Enter')
  await arrived(page, `${shortcut}: bonjour Salma`)
  expect(problems).toEqual([])
})

test('a message is sent later, waits in the thread, and can be cancelled', { timeout: START_MS }, async () => {
  const { page, problems } = await inConversation()
  const text = `demain ${Date.now()}`
  await page.getByRole('textbox', { name: 'Message' }).fill(text)
  await page.getByRole('button', { name: 'Send later' }).click()
  await page.getByRole('button', { name: 'In an hour' }).click()
  const row = message(page, text)
  await row.getByRole('button', { name: 'Cancel sending' }).click()
  await row.getByRole('img', { name: /^not delivered/ }).waitFor(patience)
  expect(await sentToSalma(text)).toBe(0)
  expect(problems).toEqual([])
})

test('a page that is loaded anew while it sends sends once', { timeout: START_MS }, async () => {
  const { page, problems } = await inConversation()
  const text = `une fois ${Date.now()}`
  let accepted = 0
  // It is shown before the server has it. The server takes it, and its answer never comes.
  await page.route('**/api/v1/messages/send', async route => {
    await page.locator('[data-outbox]').filter({ hasText: text }).waitFor(patience)
    await route.fetch()
    accepted++
  })
  await page.getByRole('textbox', { name: 'Message' }).fill(text)
  await page.keyboard.press('Enter')
  await untilPasses(async () => expect(accepted).toBe(1), PAGE_MS)
  await page.unroute('**/api/v1/messages/send')
  await page.reload()
  await arrived(page, text)
  await untilPasses(async () => expect(await page.locator('[data-outbox]').count()).toBe(0), PAGE_MS)
  expect(await message(page, text).count()).toBe(1)
  expect(await sentToSalma(text)).toBe(1)
  expect(problems).toEqual([])
})

test('a page that is loaded anew while it uploads keeps the file and sends it once', { timeout: START_MS }, async () => {
  const { page, problems } = await inConversation()
  const text = `fichier ${Date.now()}`
  let asked = 0
  await page.route('**/api/v1/media?*', () => void asked++)
  const picker = page.locator('[data-composer] input[type=file]')
  await picker.setInputFiles({ name: 'plan.png', mimeType: 'image/png', buffer: Buffer.from(PNG, 'base64') })
  await page.getByText('plan.png').waitFor(patience)
  await page.getByRole('textbox', { name: 'Message' }).fill(text)
  await page.keyboard.press('Enter')
  await untilPasses(async () => expect(asked).toBe(1), PAGE_MS)
  // The file is in the storage of the browser, not only in the page.
  await untilPasses(async () => expect(await page.evaluate(KEPT_FILES)).toBe(1), PAGE_MS)
  await page.unroute('**/api/v1/media?*')
  await page.reload()
  await arrived(page, text)
  expect(await sentToSalma(text)).toBe(1)
  await untilPasses(async () => expect(await page.evaluate(KEPT_FILES)).toBe(0), PAGE_MS)
  expect(problems).toEqual([])
})

test('a voice message is recorded as Ogg, which WhatsApp plays as one', { timeout: START_MS }, async () => {
  const { page, problems } = await inConversation()
  await page.getByRole('button', { name: 'Voice message' }).click()
  const stop = page.getByRole('button', { name: 'Stop' })
  await stop.waitFor(patience)
  // Something to hear: the clock of the recording has moved.
  await page.getByText('0:02').waitFor(patience)
  await stop.click()
  await page.getByRole('button', { name: 'Send the recording' }).click()
  const last = page.locator('[data-message]').last()
  await last.getByRole('img', { name: /^(delivered|read) / }).waitFor(patience)
  const kept = await database.collection('messages').findOne({ type: 'audio', direction: 'OUTBOUND' }, { sort: { _id: -1 } })
  expect(kept?.payload).toMatchObject({ audio: { voice: true } })
  const file = await database.collection('mediaFiles').findOne({}, { sort: { _id: -1 } })
  expect(file).toMatchObject({ kind: 'audio', mimeType: expect.stringMatching(/^audio\/ogg/) })
  expect(file?.size).toBeGreaterThan(1000)
  expect(problems).toEqual([])
})

/** How many files wait in this browser. Run in the page, whose types these tests do not have. */
const KEPT_FILES = `(async () => {
  // Opening it would make it.
  if (!(await indexedDB.databases()).some(({ name }) => name === 'linko.files')) return 0
  return await new Promise((resolve, reject) => {
    const opening = indexedDB.open('linko.files', 1)
    opening.onerror = () => reject(opening.error)
    opening.onsuccess = () => {
      const counting = opening.result.transaction('files').objectStore('files').count()
      counting.onsuccess = () => {
        opening.result.close()
        resolve(counting.result)
      }
    }
  })
})()`
