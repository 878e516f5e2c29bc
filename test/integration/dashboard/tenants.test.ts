import { afterAll, beforeAll, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import {
  type BrowserWorld,
  openBrowserWorld,
  PAGE_MS,
  START_MS,
  seriousFindings,
  signInAs,
  untilLive,
} from '#test/support/worlds/browser.ts'
import { ELODIE, openConversation, reply, rowOf } from '#test/support/worlds/browser-steps.ts'

const patience = { timeout: PAGE_MS }
const OTHER = DEMO_TENANTS.other
const HAJAR = { waId: '212661000909', name: 'Hajar Amrani' }

let world: BrowserWorld
beforeAll(async () => {
  world = await openBrowserWorld()
}, START_MS)
afterAll(async () => await world?.[Symbol.asyncDispose](), START_MS)

const hajarWrites = (text: string) =>
  world.customerWrites(HAJAR.waId, text, { phoneNumberId: OTHER.phoneNumberId, name: HAJAR.name })

test.for(['light', 'dark'] as const)(
  'a platform admin creates a tenant, suspends and resumes it, %s',
  {
    timeout: START_MS,
  },
  async theme => {
    const { page, problems } = await world.visit({ chosen: { theme } })
    await signInAs(page, 'Platform Admin')
    await page.getByRole('link', { name: 'Tenants' }).click()
    await page.getByRole('link', { name: OTHER.name }).waitFor(patience)
    expect(await seriousFindings(page)).toEqual([])
    const name = `Souss Export ${theme}`
    await page.getByRole('button', { name: 'New tenant' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name of the company').fill(name)
    await dialog.getByLabel('Name of its first admin').fill('Leila Ait')
    await dialog.getByLabel('Work e-mail of the admin').fill(`leila-${theme}@example.com`)
    await dialog.getByLabel('Time zone').fill('Africa/Casablanca')
    expect(await seriousFindings(page)).toEqual([])
    await dialog.getByRole('button', { name: 'Create the tenant' }).click()
    await dialog.getByText(/welcome#token=/).waitFor(patience)
    await page.keyboard.press('Escape')
    const row = page.getByRole('listitem').filter({ hasText: name })
    await row.getByRole('button', { name: 'Suspend' }).click()
    await dialog.getByRole('button', { name: 'Suspend' }).click()
    await row.getByText('suspended', { exact: true }).waitFor(patience)
    await row.getByRole('button', { name: 'Resume' }).click()
    await dialog.getByRole('button', { name: 'Resume' }).click()
    await row.getByText('active', { exact: true }).waitFor(patience)
    await page.getByRole('link', { name: OTHER.name }).click()
    await page.getByText('Everything can be sent').or(page.getByText('Something holds it up')).waitFor(patience)
    expect(await seriousFindings(page)).toEqual([])
    await page.getByRole('searchbox', { name: 'Search by name' }).fill(theme)
    await page.waitForURL(/q=/)
    await page.getByRole('link', { name: OTHER.name }).waitFor({ ...patience, state: 'detached' })
    await row.waitFor(patience)
    expect(problems).toEqual([])
  },
)

test('a platform admin acts in another account, live, under a banner, and goes back', { timeout: START_MS }, async () => {
  await hajarWrites('Bonjour')
  const { page, context, problems } = await world.visit()
  await signInAs(page, 'Platform Admin')
  await page.goto('/tenants')
  await page.getByRole('button', { name: `Act in it: ${OTHER.name}` }).click()
  await page.waitForURL(/\/inbox/)
  const banner = page.getByRole('region', { name: 'Another account' })
  await banner.getByText(OTHER.name).waitFor(patience)
  await rowOf(page, HAJAR.name).waitFor(patience)
  expect(await rowOf(page, ELODIE.name).count()).toBe(0)
  expect(await seriousFindings(page)).toEqual([])
  // Events of that account come, and what is written goes out in it.
  await untilLive(page)
  await openConversation(page, HAJAR.name)
  await hajarWrites('Encore une question')
  await page.locator('[data-message]').filter({ hasText: 'Encore une question' }).waitFor(patience)
  await reply(page, 'Nous répondons')
  await page.locator('[data-message]').filter({ hasText: 'Nous répondons' }).waitFor(patience)
  // Another tab of the same person is in its own account.
  const tab = await context.newPage()
  await tab.goto('/inbox?tab=all&status=any')
  await rowOf(tab, ELODIE.name).first().waitFor(patience)
  expect(await tab.getByRole('region', { name: 'Another account' }).count()).toBe(0)
  await tab.close()
  await page.goto('/operations?view=audit')
  await banner.waitFor(patience)
  await page
    .getByRole('row', { name: /Platform Admin.*tenants\.any/ })
    .first()
    .waitFor(patience)
  await banner.getByRole('button', { name: 'Back to your own account' }).click()
  await page.waitForURL(/\/tenants/)
  await page.getByRole('link', { name: OTHER.name }).waitFor(patience)
  expect(await banner.count()).toBe(0)
  await page.goto('/inbox?tab=all&status=any')
  await rowOf(page, ELODIE.name).first().waitFor(patience)
  expect(await rowOf(page, HAJAR.name).count()).toBe(0)
  expect(problems).toEqual([])
})

test('an admin of a company has no right to the tenants, and nobody acts in another account by a stored word', {
  timeout: START_MS,
}, async () => {
  const { page } = await world.visit()
  await signInAs(page, 'Demo Admin')
  expect(await page.getByRole('link', { name: 'Tenants' }).count()).toBe(0)
  await page.goto('/tenants')
  await page.getByRole('heading', { name: 'Your role does not include this' }).waitFor(patience)
  const userId = await world.idOf('tenant_admin')
  await page.evaluate(
    `sessionStorage.setItem('linko.acting', ${JSON.stringify(JSON.stringify({ id: '0'.repeat(24), name: 'X', userId }))})`,
  )
  await page.goto('/inbox?tab=all&status=any')
  await rowOf(page, ELODIE.name).first().waitFor(patience)
  expect(await page.getByRole('region', { name: 'Another account' }).count()).toBe(0)
})
