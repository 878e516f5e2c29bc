import { afterAll, beforeAll, expect, test } from 'vitest'
import { untilPasses } from '#test/support/until.ts'
import {
  type BrowserWorld,
  openBrowserWorld,
  PAGE_MS,
  START_MS,
  seriousFindings,
  signInAs,
  untilLive,
} from '#test/support/worlds/browser.ts'
import { textOf } from '#test/support/worlds/browser-texts.ts'

const patience = { timeout: PAGE_MS }

let world: BrowserWorld
beforeAll(async () => {
  world = await openBrowserWorld()
}, START_MS)
afterAll(async () => await world?.[Symbol.asyncDispose](), START_MS)

/** What Meta decides about a template. */
const review = (name: string, status: string, reason?: string) =>
  world.simulate(`/templates/${name}/review`, { status, ...(reason && { reason }) })

test.for([
  ['en', 'light'],
  ['ar', 'dark'],
] as const)(
  '8: Meta rejects a template: its chip and the reason change on the open page, and change back: %s, %s',
  { timeout: START_MS },
  async ([locale, theme]) => {
    const text = (id: string) => textOf(locale, id)
    const { page, problems } = await world.visit({ chosen: { locale, theme } })
    await signInAs(page, 'Demo Agent')
    await page.goto('/templates')
    const row = page.getByRole('listitem').filter({ hasText: 'welcome' })
    await row.getByText(text('templates.status.APPROVED'), { exact: true }).waitFor(patience)
    await row.getByRole('link').click()
    const preview = page.getByRole('region', { name: text('templates.preview') })
    await preview.getByText(text('templates.status.APPROVED'), { exact: true }).waitFor(patience)
    await untilLive(page)
    // A load of the page would end it.
    await page.evaluate('window.isSamePage = true')
    await review('welcome', 'REJECTED', 'PROMOTIONAL')
    try {
      for (const place of [row, preview]) {
        await place.getByText(text('templates.status.REJECTED'), { exact: true }).waitFor(patience)
        await place.getByText(/PROMOTIONAL/).waitFor(patience)
        await place.getByText(text('templates.cure.PROMOTIONAL')).waitFor(patience)
        expect(await place.getByText(text('templates.status.APPROVED'), { exact: true }).count()).toBe(0)
      }
      expect(await seriousFindings(page)).toEqual([])
    } finally {
      await review('welcome', 'APPROVED')
    }
    for (const place of [row, preview]) {
      await place.getByText(text('templates.status.APPROVED'), { exact: true }).waitFor(patience)
      expect(await place.getByText(/PROMOTIONAL/).count()).toBe(0)
    }
    expect(await page.evaluate('window.isSamePage')).toBe(true)
    expect(problems).toEqual([])
  },
)

test('8: in a list of what can be sent, a template that Meta rejects goes, and comes back', { timeout: START_MS }, async () => {
  const { page, problems } = await world.visit()
  await signInAs(page, 'Demo Agent')
  await page.goto('/templates?status=APPROVED')
  const row = page.getByRole('listitem').filter({ hasText: 'job_opportunity' })
  await row.waitFor(patience)
  await untilLive(page)
  await page.evaluate('window.isSamePage = true')
  await review('job_opportunity', 'REJECTED', 'INVALID_FORMAT')
  await row.waitFor({ ...patience, state: 'detached' })
  await review('job_opportunity', 'APPROVED')
  await row.waitFor(patience)
  expect(await page.evaluate('window.isSamePage')).toBe(true)
  expect(problems).toEqual([])
})

test.for([
  ['en', 'light'],
  ['ar', 'dark'],
] as const)(
  '[dashboard 3.4] a template that Meta refuses is changed beside the reason and submitted again: %s, %s',
  { timeout: START_MS },
  async ([locale, theme]) => {
    const text = (id: string) => textOf(locale, id)
    const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }
    const { page, problems } = await world.visit({ chosen: { locale, theme }, ...(locale === 'ar' ? phone : {}) })
    const name = `parcel_${locale}`
    const content = {
      category: 'UTILITY',
      body: `Bonjour {{1}}, le colis ${locale} est parti.`,
      variables: [{ position: 1, example: 'Salma' }],
    }
    const { id } = await world.call('manager', 'POST', '/templates', { name, language: 'fr', ...content })
    const template = () => world.call('manager', 'GET', `/templates/${id}`)
    await untilPasses(async () => expect((await template()).status).toBe('APPROVED'), PAGE_MS)
    await review(name, 'REJECTED', 'PROMOTIONAL')
    await signInAs(page, 'Demo Manager')
    await page.goto(`/templates?open=${id}`)
    await page.getByRole('link', { name: text('templates.editAgain') }).click()
    const said = page.getByRole('region', { name: text('editor.edit.why') })
    await said.getByText(/PROMOTIONAL/).waitFor(patience)
    await said.getByText(text('templates.cure.PROMOTIONAL')).waitFor(patience)
    expect(await seriousFindings(page)).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')).toBeLessThanOrEqual(0)
    await page.getByLabel(text('editor.body'), { exact: true }).fill(`Bonjour {{1}}, votre colis ${locale} est arrivé ce matin.`)
    await page.getByRole('link', { name: text('editor.back') }).click()
    await page
      .getByRole('dialog')
      .getByRole('button', { name: text('form.leave.stay') })
      .click()
    await page.getByRole('button', { name: text('editor.edit.submit') }).click()
    await page.waitForURL(`**/templates?open=${id}`, patience)
    // The simulated Meta reviews it again, and finds nothing.
    await untilPasses(async () => {
      const { status, components } = await template()
      expect([status, components[0].text]).toEqual(['APPROVED', `Bonjour {{1}}, votre colis ${locale} est arrivé ce matin.`])
    }, PAGE_MS)
    expect(problems).toEqual([])
  },
)
