import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { untilPasses, untilTrue } from '#test/support/until.ts'
import { type BrowserWorld, openBrowserWorld, PAGE_MS, START_MS, signInAs, untilLive } from '#test/support/worlds/browser.ts'
import { conversationIdOf, ELODIE, messageOf, openConversation, rowOf, SALMA } from '#test/support/worlds/browser-steps.ts'

const patience = { timeout: PAGE_MS }

let world: BrowserWorld
beforeAll(async () => {
  world = await openBrowserWorld()
}, START_MS)
afterAll(async () => await world?.[Symbol.asyncDispose](), START_MS)

/** Words of the interface by language, as far as the tests use them. */
const WORDS = { en: { closed: 'Closed' }, ar: { closed: 'أُغلقت' } } as const
const LANGUAGES = ['en', 'ar'] as const

test('1, 2: an agent signs in and sees the conversations; a customer writes, the list moves, the title counts, nothing sounds', {
  timeout: START_MS,
}, async () => {
  const { page, context, problems } = await world.visit()
  await context.addInitScript(`{
    window.sounds = 0
    const Real = window.AudioContext
    window.AudioContext = class extends Real { constructor() { super(); window.sounds++ } }
  }`)
  await signInAs(page, 'Demo Agent')
  await rowOf(page, SALMA.name).waitFor(patience)
  await untilLive(page)
  await page.getByRole('tab', { name: /^All/ }).click()
  await untilTrue(async () => (await page.locator('a[data-conversation]').count()) >= 4, PAGE_MS)
  const names = () => page.locator('a[data-conversation] bdi').first().textContent()
  expect(await names()).toBe(ELODIE.name)
  const before = Number(/^\((\d+)\)/.exec(await page.title())?.[1] ?? 0)

  const words = `Bonjour ${Date.now()}`
  await world.customerWrites(SALMA.waId, words)
  await rowOf(page, words).waitFor(patience)
  await untilPasses(async () => expect(await names()).toBe(SALMA.name), PAGE_MS)
  expect(await rowOf(page, words).count()).toBe(1)
  await untilPasses(async () => expect(await page.title()).toBe(`(${before + 1}) Inbox · Linko`), PAGE_MS)
  expect(await page.evaluate('window.sounds')).toBe(0)
  // Who has seen the end of the conversation has read it.
  await openConversation(page, words)
  await untilPasses(
    async () => expect(await page.title()).toBe(before > 0 ? `(${before}) Inbox · Linko` : 'Inbox · Linko'),
    PAGE_MS,
  )
  expect(problems).toEqual([])
})

describe.for(LANGUAGES)('in %s', language => {
  const words = WORDS[language]

  test('13: by the keyboard alone from sign-in to reply to close', { timeout: START_MS }, async () => {
    const { page, problems } = await world.visit({ chosen: { locale: language } })
    await page.goto('/sign-in')
    await page.locator('input[name=email]').waitFor(patience)
    await page.locator('input[name=email]').focus()
    await page.keyboard.type('manager@whatsapp-saas.com')
    await page.keyboard.press('Tab')
    await page.keyboard.type('Manager@123456')
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/inbox/, patience)
    await untilLive(page)
    // To the next tab, until all conversations are there.
    await press(page, ']', () => page.waitForURL(/tab=unassigned/, patience))
    await press(page, ']', () => page.waitForURL(/tab=all/, patience))
    const fresh = `Encore une question ${language} ${Date.now()}`
    await world.customerWrites(ELODIE.waId, fresh)
    await rowOf(page, fresh).waitFor(patience)
    await press(page, 'j', () => page.waitForURL(/\/inbox\/[0-9a-f]{24}/, patience))
    await untilTrue(async () => (await page.locator('h2').allTextContents()).some(text => text.includes(ELODIE.name)), PAGE_MS)
    await messageOf(page, fresh).waitFor(patience)
    await untilTrue(async () => await page.evaluate(`document.activeElement?.closest('[data-composer]') !== null`), PAGE_MS)
    const text = `Bien sûr ${language} ${Date.now()}`
    await page.keyboard.type(text)
    await page.keyboard.press('Enter')
    await messageOf(page, text).waitFor(patience)
    // Out of the field, where letters are shortcuts.
    await page.keyboard.press('Escape')
    await press(page, 'e', () => page.getByText(`${words.closed}: ${ELODIE.name}`).waitFor(patience))
    await untilTrue(async () => (await rowOf(page, ELODIE.name).count()) === 0, PAGE_MS)
    const id = conversationIdOf(page)
    await press(page, 'Escape', () => page.waitForURL(/\/inbox\?/, patience))
    // Opened again for whoever comes next.
    await world.change(id, 'status', { status: 'open' })
    await rowOf(page, ELODIE.name).waitFor(patience)
    expect(problems).toEqual([])
  })
})

const press = async (page: Page, key: string, until: () => Promise<unknown>) => {
  await page.keyboard.press(key)
  await until()
}

test('7: two people see each other look; giving a conversation to somebody moves its row', { timeout: START_MS }, async () => {
  const [agent, manager] = [await world.visit(), await world.visit()]
  await signInAs(agent.page, 'Demo Agent')
  await signInAs(manager.page, 'Demo Manager')
  await openConversation(agent.page, SALMA.name)
  await manager.page.goto(`${agent.page.url().replace(/\?.*/, '')}?tab=all`)
  await manager.page.locator('[data-message]').first().waitFor(patience)
  await agent.page.getByRole('img', { name: /Demo Manager look/ }).waitFor(patience)
  await manager.page.getByRole('img', { name: /Demo Agent look/ }).waitFor(patience)
  const agentId = await world.idOf('agent')

  // A key is a shortcut where nothing is being written.
  await manager.page.evaluate('document.activeElement?.blur()')
  await press(manager.page, 'a', () => manager.page.getByRole('dialog').waitFor(patience))
  await manager.page.getByRole('option', { name: /Demo Manager/ }).click()
  await manager.page.getByText(`Given to Demo Manager: ${SALMA.name}`).waitFor(patience)
  await untilTrue(async () => (await rowOf(agent.page, SALMA.name).count()) === 0, PAGE_MS)
  await world.change(conversationIdOf(agent.page), 'assign', { assignedToId: agentId })
  await rowOf(agent.page, SALMA.name).waitFor(patience)
  expect([...agent.problems, ...manager.problems]).toEqual([])
})
