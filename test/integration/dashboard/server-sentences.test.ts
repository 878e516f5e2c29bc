import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type BrowserWorld,
  openBrowserWorld,
  PAGE_MS,
  START_MS,
  seriousFindings,
  signInAs,
} from '#test/support/worlds/browser.ts'
import { KARIM, messageOf, openConversation, reply } from '#test/support/worlds/browser-steps.ts'
import { textOf } from '#test/support/worlds/browser-texts.ts'

const patience = { timeout: PAGE_MS }
const text = (id: string) => textOf('ar', id)

let world: BrowserWorld
beforeAll(async () => {
  world = await openBrowserWorld()
}, START_MS)
afterAll(() => world?.[Symbol.asyncDispose](), START_MS)

const arabic = (name: string) =>
  world.visit({ chosen: { locale: 'ar', theme: 'light' } }).then(async visitor => {
    await signInAs(visitor.page, name)
    return visitor
  })

test('what the server refuses of a form is said in Arabic, at its field', { timeout: START_MS }, async () => {
  const { page } = await arabic('Demo Manager')
  await page.goto('/contacts')
  await page.getByRole('button', { name: text('contacts.create'), exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel(text('contacts.phone')).fill('2,12661E+11')
  await dialog.getByRole('button', { name: text('contacts.create.submit'), exact: true }).click()
  await dialog.getByText(text('server.phone-exponent')).waitFor(patience)
  expect(await seriousFindings(page)).toEqual([])
})

test('why a message failed, and what to do, is said in Arabic', { timeout: START_MS }, async () => {
  const { page } = await arabic('Demo Agent')
  await world.simulate('/people', { waId: KARIM.waId, failsWith: 131026 })
  try {
    await page.goto('/inbox?tab=all')
    await world.customerWrites(KARIM.waId, `Bonjour ${Date.now()}`)
    await openConversation(page, KARIM.name)
    await page.locator('[data-composer] textarea').waitFor(patience)
    const written = `لا يصل ${Date.now()}`
    await reply(page, written)
    const message = messageOf(page, written)
    await message.getByText(text('server.failure.131026'), { exact: true }).waitFor(patience)
    await message.getByText(text('server.failure.131026.next'), { exact: true }).waitFor(patience)
  } finally {
    await world.simulate('/people', { waId: KARIM.waId, failsWith: null })
  }
})

test('why a number stands still is said in Arabic, on its card and above every page', { timeout: START_MS }, async () => {
  const [number] = (await world.call('tenant_admin', 'GET', '/phone-numbers')).data
  await world.call('tenant_admin', 'POST', `/phone-numbers/${number.id}/pause`, {})
  try {
    const { page } = await arabic('Demo Admin')
    await page.goto('/numbers')
    const card = page.locator('[data-number]').first()
    await card.getByText(text('server.number.by-hand')).waitFor(patience)
    const banner = text('app.banner.paused.why').replace('{why}', '')
    await page.getByText(banner).getByText(text('server.number.by-hand')).first().waitFor(patience)
    expect(await page.getByText('paused by hand').count()).toBe(0)
    expect(await seriousFindings(page)).toEqual([])
  } finally {
    await world.call('tenant_admin', 'POST', `/phone-numbers/${number.id}/resume`, {})
  }
})
