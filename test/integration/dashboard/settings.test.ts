import { Secret, TOTP } from 'otpauth'
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

const patience = { timeout: PAGE_MS }

let world: BrowserWorld
beforeAll(async () => {
  world = await openBrowserWorld()
}, START_MS)
afterAll(async () => await world?.[Symbol.asyncDispose](), START_MS)

async function typeIn(page: Page, email: string, password: string): Promise<void> {
  await page.goto('/sign-in')
  await page.getByLabel('Work e-mail').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

test('[AU-02] a second factor is set up, asked for at the next sign-in, and removed', { timeout: START_MS }, async () => {
  const { page, problems } = await world.visit()
  await signInAs(page, 'Demo Manager')
  await page.goto('/settings')
  await page.getByRole('button', { name: 'Set up second factor' }).click()
  const dialog = page.getByRole('dialog')
  const secret = await dialog.locator('code').textContent(patience)
  const totp = new TOTP({ secret: Secret.fromBase32(secret ?? ''), algorithm: 'SHA1', digits: 6, period: 30 })
  expect(await seriousFindings(page)).toEqual([])
  await dialog.getByLabel('Code').fill(totp.generate())
  await dialog.getByRole('button', { name: 'Confirm' }).click()
  const recovery = (await dialog.locator('pre').textContent(patience))?.split('\n') ?? []
  expect(recovery).toHaveLength(10)
  await dialog.getByRole('button', { name: 'I have kept them' }).click()
  await page.getByText('10 recovery codes left').waitFor(patience)
  expect(problems).toEqual([])

  const { page: other } = await world.visit()
  await typeIn(other, 'manager@whatsapp-saas.com', 'Manager@123456')
  await other.getByLabel('Code').fill(recovery[0] as string)
  await other.getByRole('button', { name: 'Sign in', exact: true }).click()
  await other.waitForURL(/\/inbox/, patience)
  await other.goto('/settings')
  await other.getByText('9 recovery codes left').waitFor(patience)
  await other.getByRole('button', { name: 'Remove second factor' }).click()
  await other
    .getByRole('dialog')
    .getByLabel('Code')
    .fill(recovery[1] as string)
  await other.getByRole('dialog').getByRole('button', { name: 'Remove second factor' }).click()
  await other.getByRole('button', { name: 'Set up second factor' }).waitFor(patience)
})

test('an admin changes the rules of the company and makes, replaces and revokes a key', { timeout: START_MS }, async () => {
  const { page, problems } = await world.visit()
  await signInAs(page, 'demo@whatsapp-saas.com')
  await page.goto('/settings?section=assignment')
  const box = page.getByLabel('Only the assignee may answer')
  await box.check(patience)
  await page.getByRole('button', { name: 'Save' }).click()
  await untilPasses(async () => expect(await page.getByRole('button', { name: 'Save' }).count()).toBe(0), PAGE_MS)
  await page.reload()
  await box.waitFor(patience)
  expect(await box.isChecked()).toBe(true)
  expect(await seriousFindings(page)).toEqual([])
  await box.uncheck()
  await page.getByRole('button', { name: 'Save' }).click()

  await page.goto('/settings?section=keys')
  await page.getByRole('button', { name: 'New API key' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name', { exact: true }).fill('Website')
  await dialog.getByRole('checkbox').first().check()
  await dialog.getByRole('button', { name: 'Create key' }).click()
  const key = await dialog.locator('pre').textContent(patience)
  expect(key).toMatch(/^lk_/)
  await dialog.getByRole('button', { name: 'I have kept it' }).click()
  const row = page.getByRole('listitem').filter({ hasText: 'Website' })
  await row.getByText('active').waitFor(patience)
  expect(await seriousFindings(page)).toEqual([])
  await row.getByRole('button', { name: 'Replace' }).click()
  expect(await dialog.locator('pre').textContent(patience)).not.toBe(key)
  await dialog.getByRole('button', { name: 'I have kept it' }).click()
  const fresh = row.filter({ hasText: 'active' })
  await fresh.getByRole('button', { name: 'Revoke' }).click()
  await dialog.getByRole('button', { name: 'Revoke' }).click()
  await row.getByText('revoked').waitFor(patience)
  expect(problems).toEqual([])
})

test('an agent has an account, and no settings of the company', { timeout: START_MS }, async () => {
  const { page } = await world.visit()
  await signInAs(page, 'Demo Agent')
  await page.goto('/settings')
  await page.getByRole('heading', { name: 'Sessions' }).waitFor(patience)
  expect(await page.getByRole('link', { name: 'API keys' }).count()).toBe(0)
  await page.goto('/settings?section=keys')
  await page.getByRole('heading', { name: 'Your role does not include this' }).waitFor(patience)
})
