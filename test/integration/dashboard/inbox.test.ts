import { afterAll, beforeAll, expect, test } from 'vitest'
import { untilPasses } from '#test/support/until.ts'
import { type BrowserWorld, openBrowserWorld, PAGE_MS, seriousFindings, signInAs } from '#test/support/worlds/browser.ts'

/** Starting everything takes a while on a busy machine. */
const START_MS = 600_000
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
