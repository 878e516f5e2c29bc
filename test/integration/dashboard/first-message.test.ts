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
import { messageOf, SALMA } from '#test/support/worlds/browser-steps.ts'
import { textOf } from '#test/support/worlds/browser-texts.ts'

const patience = { timeout: PAGE_MS }

let world: BrowserWorld
beforeAll(async () => {
  world = await openBrowserWorld()
}, START_MS)
afterAll(async () => await world?.[Symbol.asyncDispose](), START_MS)

test.for([
  ['en', 'light', '0661550077', '212661550077', 'Zineb'],
  ['ar', 'dark', '0661550078', '212661550078', 'زينب'],
] as const)(
  '[dashboard 3.3] an agent writes first to somebody who never wrote, by the keyboard: %s, %s',
  { timeout: START_MS },
  async ([locale, theme, typed, waId, name]) => {
    const text = (id: string) => textOf(locale, id)
    const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }
    const { page, problems } = await world.visit({ chosen: { locale, theme }, ...(locale === 'ar' ? phone : {}) })
    await signInAs(page, 'Demo Agent')
    await page.goto('/contacts')
    const opener = page.getByRole('button', { name: text('contacts.first.write') })
    await opener.focus()
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog')
    await dialog.locator('[data-template]').first().waitFor(patience)
    // The first field has the focus; Esc closes while nothing is typed, and the focus returns.
    await page.keyboard.press('Escape')
    await untilPasses(async () => expect(await dialog.count()).toBe(0), PAGE_MS)
    await untilPasses(async () => expect(await opener.evaluate(button => button.matches(':focus'))).toBe(true), PAGE_MS)
    await page.keyboard.press('Enter')
    await dialog.getByLabel(text('contacts.phone')).waitFor(patience)
    await untilPasses(
      async () => expect(await dialog.getByLabel(text('contacts.phone')).evaluate(field => field.matches(':focus'))).toBe(true),
      PAGE_MS,
    )
    await page.keyboard.type(typed)
    await page.keyboard.press('Tab')
    await page.keyboard.type(name)
    await dialog.getByLabel(text('templates.pick.search')).fill('welcome')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await dialog.getByRole('button', { name: text('templates.pick.send') }).waitFor(patience)
    // What it costs is known once the number is.
    await dialog
      .getByText(/0[.,]40/)
      .last()
      .waitFor(patience)
    expect(await seriousFindings(page)).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')).toBeLessThanOrEqual(0)
    await dialog.getByRole('textbox').last().focus()
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/inbox\/[0-9a-f]{24}/, patience)
    await messageOf(page, name).first().waitFor(patience)
    const [contact] = (await world.call('agent', 'GET', `/contacts?q=${waId}`)).data
    expect(contact).toMatchObject({ waId, name })
    expect(problems).toEqual([])
  },
)

test('who has opted out gets no marketing and who is blocked gets nothing: the page says so before and after', {
  timeout: START_MS,
}, async () => {
  const [salma] = (await world.call('manager', 'GET', `/contacts?q=${SALMA.waId}`)).data
  const { page } = await world.visit()
  await signInAs(page, 'Demo Manager')
  await page.goto(`/contacts?contact=${salma.id}`)
  await page.getByRole('button', { name: 'Send a template' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.locator('[data-template]').filter({ hasText: 'job_opportunity' }).click()
  await dialog.getByRole('textbox').last().fill('Comptable')
  await world.call('manager', 'PATCH', `/contacts/${salma.id}`, { optOut: true })
  // The page does not know yet, the server does.
  for (const field of await dialog.locator('form').getByRole('textbox').all()) await field.fill('Comptable')
  await dialog.getByRole('button', { name: 'Send template' }).click()
  await dialog
    .getByText(/gets no marketing/)
    .first()
    .waitFor(patience)
  expect(await seriousFindings(page)).toEqual([])
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await world.call('manager', 'POST', `/contacts/${salma.id}/block`)
  await page.reload()
  await page.getByRole('button', { name: 'Send a template' }).click()
  await dialog.getByText(/Nothing can be sent/).waitFor(patience)
  expect(await seriousFindings(page)).toEqual([])
  await world.call('manager', 'DELETE', `/contacts/${salma.id}/block`)
  await world.call('manager', 'PATCH', `/contacts/${salma.id}`, { optOut: false })
})
