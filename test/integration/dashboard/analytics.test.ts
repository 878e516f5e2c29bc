import { readFile } from 'node:fs/promises'
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

const patience = { timeout: PAGE_MS }
/** Nobody has answered this person yet. */
const NEW = '212661000777'
const GONE = '212661000778'

let world: BrowserWorld
beforeAll(async () => {
  world = await openBrowserWorld()
  await world.customerWrites(NEW, 'Bonjour', { name: 'Imane Rifi' })
  await world.simulate('/people', { waId: GONE, failsWith: 131026 })
  await world.call('manager', 'POST', '/messages/send-template', {
    ...{ to: GONE, templateName: 'welcome', language: 'en_US', variables: ['Hamid'] },
  })
  // The counters follow a moment later.
  await untilPasses(async () => {
    const { data } = await world.call('manager', 'GET', '/analytics/failures')
    expect(data.map(({ code }: { code: number }) => code)).toContain(131026)
  }, PAGE_MS)
}, START_MS)
afterAll(async () => await world?.[Symbol.asyncDispose](), START_MS)

test.for(['light', 'dark'] as const)('a manager reads figures, charts and tables, %s', { timeout: START_MS }, async theme => {
  const { page, problems } = await world.visit({ chosen: { theme } })
  await signInAs(page, 'Demo Manager')
  await page.getByRole('link', { name: 'Analytics' }).click()
  await page.getByRole('heading', { name: 'Analytics', level: 1 }).waitFor(patience)
  const { totals } = await world.call('manager', 'GET', '/analytics/messages')
  expect(totals.sent).toBeGreaterThan(0)
  await page.locator('[data-figures]').getByText(`${totals.failed} message`).waitFor(patience)
  await page.getByRole('row', { name: /131026/ }).waitFor(patience)
  const sent = page.getByRole('region', { name: 'Messages sent' })
  const slider = sent.getByRole('slider')
  await slider.focus()
  await page.keyboard.press('End')
  expect(await slider.getAttribute('aria-valuetext')).toContain(`so far: Read`)
  expect(await sent.locator('rect[data-part=failed]').count()).toBe(1)
  expect(await seriousFindings(page)).toEqual([])
  await sent.getByRole('button', { name: 'Messages sent: as a table' }).click()
  expect(await sent.getByRole('row').count()).toBe(31)
  expect(await seriousFindings(page)).toEqual([])
  expect(problems).toEqual([])
})

test('the number of people who wait leads to them', { timeout: START_MS }, async () => {
  const { page, problems } = await world.visit()
  await signInAs(page, 'Demo Manager')
  await page.goto('/analytics')
  await page.locator('[data-figures]').getByRole('link').first().click()
  await page.waitForURL(/unattended=true/)
  await page.locator('[data-pane=list]').getByText('Imane Rifi').waitFor(patience)
  const { total } = await world.call('manager', 'GET', '/conversations?sort=waiting&unattended=true')
  expect(await page.locator('[data-pane=list] li a').count()).toBe(total)
  expect(problems).toEqual([])
})

test('the period and the filters are in the address, and the file has what is shown', { timeout: START_MS }, async () => {
  const { page, problems } = await world.visit()
  await signInAs(page, 'Demo Manager')
  await page.goto('/analytics?cost=category')
  await page.getByLabel('Period').selectOption('7')
  await page.waitForURL(/days=7/)
  await page.getByRole('search').getByLabel('Template').selectOption('welcome')
  await page.waitForURL(/template=welcome/)
  await page.getByText('Times are not counted by template').first().waitFor(patience)
  await page.reload()
  expect(await page.getByLabel('Period').inputValue()).toBe('7')
  const failures = page.getByRole('region', { name: 'Why messages failed' })
  await failures.getByRole('row', { name: /131026/ }).waitFor(patience)
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    failures.getByRole('button', { name: /save as CSV/ }).click(),
  ])
  expect(download.suggestedFilename()).toMatch(/^failures-\d{4}-\d\d-\d\d-\d{4}-\d\d-\d\d\.csv$/)
  const lines = (await readFile(await download.path(), 'utf8')).trim().split('\n')
  expect(lines).toHaveLength(2)
  expect(lines[1]).toContain('131026')
  await page.getByRole('button', { name: 'Take the filters away' }).click()
  await page.waitForURL(url => !url.search.includes('template'))
  expect(problems).toEqual([])
})

test('an agent has no right to the reports, and no way to them in the rail', { timeout: START_MS }, async () => {
  const { page } = await world.visit()
  await signInAs(page, 'Demo Agent')
  expect(await page.getByRole('link', { name: 'Analytics' }).count()).toBe(0)
  await page.goto('/analytics')
  await page.getByRole('heading', { name: 'Your role does not include this' }).waitFor(patience)
})
