import sharp from 'sharp'
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
import { textOf } from '#test/support/worlds/browser-texts.ts'

const patience = { timeout: PAGE_MS }

let world: BrowserWorld
beforeAll(async () => {
  world = await openBrowserWorld()
}, START_MS)
afterAll(async () => await world?.[Symbol.asyncDispose](), START_MS)

test.for([
  ['en', 'light'],
  ['ar', 'dark'],
] as const)(
  '[dashboard 3.6] an admin changes how customers see a number, with its picture: %s, %s',
  { timeout: START_MS },
  async ([locale, theme]) => {
    const text = (id: string) => textOf(locale, id)
    const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }
    const { page, problems } = await world.visit({ chosen: { locale, theme }, ...(locale === 'ar' ? phone : {}) })
    const [number] = (await world.call('tenant_admin', 'GET', '/phone-numbers')).data
    const profile = () => world.call('tenant_admin', 'GET', `/phone-numbers/${number.id}/business-profile`)
    await signInAs(page, 'Demo Admin')
    await page.goto('/numbers')
    await page
      .getByRole('link', { name: text('numbers.profile') })
      .first()
      .click()
    const field = (id: string) => page.getByRole('form').or(page.locator('form')).getByLabel(text(id), { exact: true })
    const preview = page.getByRole('complementary', { name: text('profile.preview') })
    await field('profile.about').fill(`Recrutement ${locale}`)
    await field('profile.address').fill(`${locale} rue de Fès`)
    await preview.getByText(`Recrutement ${locale}`).waitFor(patience)
    const drawn = await sharp({ create: { width: 200, height: 200, channels: 3, background: '#04516f' } })
      .png()
      .toBuffer()
    // A click or a drop anywhere in the box meets the control that lies over it.
    const [box, control] = await Promise.all(['..', '.'].map(at => field('profile.picture').locator(`xpath=${at}`).boundingBox()))
    expect(control?.width).toBeGreaterThan((box?.width ?? Number.NaN) - 4)
    await field('profile.picture').setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer: drawn })
    await preview.locator('img').waitFor(patience)
    expect(await seriousFindings(page)).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')).toBeLessThanOrEqual(0)

    await page.getByRole('link', { name: text('numbers.back') }).click()
    await page
      .getByRole('dialog')
      .getByRole('button', { name: text('form.leave.stay') })
      .click()
    await page.getByRole('button', { name: text('form.save') }).click()
    await untilPasses(async () => expect(await page.getByRole('button', { name: text('form.save') }).count()).toBe(0), PAGE_MS)
    expect(await profile()).toMatchObject({ about: `Recrutement ${locale}`, address: `${locale} rue de Fès` })
    expect((await profile()).pictureUrl).toMatch(/^http/)

    await page.reload()
    // The picture comes from Meta through Linko: pages load nothing from anybody else.
    await preview.locator('img').waitFor(patience)
    await untilPasses(
      async () =>
        expect(await preview.locator('img').evaluate(image => (image as { naturalWidth?: number }).naturalWidth)).toBe(200),
      PAGE_MS,
    )
    expect(problems).toEqual([])
  },
)
