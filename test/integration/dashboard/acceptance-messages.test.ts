import { setTimeout as sleep } from 'node:timers/promises'
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { untilPasses, untilTrue } from '#test/support/until.ts'
import {
  type BrowserWorld,
  openBrowserWorld,
  PAGE_MS,
  START_MS,
  seriousFindings,
  signInAs,
  untilLive,
} from '#test/support/worlds/browser.ts'
import {
  ELODIE,
  KARIM,
  messageOf,
  openConversation,
  recordTicks,
  reply,
  rowOf,
  SALMA,
} from '#test/support/worlds/browser-steps.ts'
import { type Language, textOf } from '#test/support/worlds/browser-texts.ts'

// Of the page, where a part of these tests runs; the tests themselves have no types of a browser.
declare const getComputedStyle: (node: unknown) => { color: string; outlineColor: string }

const patience = { timeout: PAGE_MS }
const { phoneNumberId } = DEMO_TENANTS.demo
const LANGUAGES = ['en', 'ar'] as const

let world: BrowserWorld
beforeAll(async () => {
  world = await openBrowserWorld()
}, START_MS)
afterAll(async () => await world?.[Symbol.asyncDispose](), START_MS)

/** An agent at somebody who has just written. */
async function agentAt(person: { waId: string; name: string }, locale: Language) {
  const visitor = await world.visit({ chosen: { locale } })
  const { page } = visitor
  await signInAs(page, 'Demo Agent')
  await page.goto('/inbox?tab=all')
  await world.customerWrites(person.waId, `Bonjour ${Date.now()}`)
  await openConversation(page, person.name)
  await untilLive(page)
  await page.locator('[data-composer] textarea').waitFor(patience)
  return visitor
}

const tickOf = (message: Locator, language: Language, state: string) =>
  message.getByRole('img', { name: new RegExp(`^${textOf(language, `ui.tick.${state}`)}( |$)`) })

const colourOf = (drawn: Locator): Promise<string> => drawn.evaluate(node => getComputedStyle(node).color, undefined, patience)

/** What WhatsApp reports of a message that it has accepted. */
async function report(text: string, to: string, status: 'delivered' | 'read'): Promise<void> {
  const response = await fetch(`${world.stack.env.META_GRAPH_URL}/_sim/messages?to=${to}`)
  const { data } = (await response.json()) as { data: { id: string; body: unknown }[] }
  const id = data.find(({ body }) => JSON.stringify(body).includes(text))?.id
  const statuses = [{ id, status, timestamp: String(Math.ceil(Date.now() / 1000)), recipient_id: to }]
  const metadata = { phone_number_id: phoneNumberId, display_phone_number: DEMO_TENANTS.demo.whatsappNumber }
  const value = { messaging_product: 'whatsapp', metadata, statuses }
  const entry = [{ id: DEMO_TENANTS.demo.wabaId, changes: [{ field: 'messages', value }] }]
  await world.simulate('/webhook', { object: 'whatsapp_business_account', entry })
}

describe.for(LANGUAGES)('in %s', language => {
  test('3: a reply shows clock, one tick, two, two in blue, and each hop with its time', { timeout: START_MS }, async () => {
    const { page, problems } = await agentAt(SALMA, language)
    const [number] = (await world.call('manager', 'GET', '/clients')).data
    // Each state lasts until the test ends it.
    await world.simulate('/delivery', { sentMs: null, deliveredMs: null, readMs: null })
    await world.call('tenant_admin', 'POST', `/clients/${number.id}/pause`, {})
    // A sender may know a number for a second.
    await sleep(1500)
    try {
      const text = `Pas à pas ${language} ${Date.now()}`
      const states = await recordTicks(page, text)
      await reply(page, text)
      const message = messageOf(page, text)
      await tickOf(message, language, 'queued').waitFor(patience)
      await message.getByTitle(textOf(language, 'message.timeline')).click()
      const hops = page.locator('[data-pane=timeline] [data-line=steps] > li')
      const hop = (id: string) => hops.filter({ hasText: textOf(language, id).replace('{n}', '1') })
      await hop('timeline.accepted').waitFor(patience)
      await world.call('tenant_admin', 'POST', `/clients/${number.id}/resume`, {})
      await tickOf(message, language, 'sent').waitFor(patience)
      await report(text, SALMA.waId, 'delivered')
      const two = await colourOf(tickOf(message, language, 'delivered'))
      await report(text, SALMA.waId, 'read')
      expect(await colourOf(tickOf(message, language, 'read'))).not.toBe(two)
      const seen = [...new Set(await states())]
      const all = ['queued', 'sent', 'delivered', 'read'].map(state => textOf(language, `ui.tick.${state}`))
      expect(seen.filter(state => all.includes(state))).toEqual(all)
      for (const id of ['accepted', 'attempt.accepted', 'delivered', 'read']) await hop(`timeline.${id}`).last().waitFor(patience)
      const times = await hops.locator('time').evaluateAll(all => all.map(one => one.getAttribute('datetime') ?? ''))
      expect(times.length).toBeGreaterThanOrEqual(4)
      expect(times.toSorted()).toEqual(times)
      const way = page.locator('[data-pane=timeline] [data-line=hops] > li')
      const read = ` (${textOf(language, 'timeline.read')})`
      for (const name of ['accepted', 'enqueued', 'taken', 'posted', 'answered', 'received', 'recorded', 'numbered', 'emitted'])
        await way
          .filter({ hasText: textOf(language, `timeline.hop.${name}`) })
          .first()
          .waitFor(patience)
      const last = way.filter({ hasText: `${textOf(language, 'timeline.hop.emitted')}${read}` })
      await last.locator('time').first().waitFor(patience)
      expect(await seriousFindings(page)).toEqual([])
      expect(problems).toEqual([])
    } finally {
      await world.simulate('/delivery', { sentMs: 100, deliveredMs: 400, readMs: 1000 })
      // Where it failed while the number was held. Another resume is refused.
      await world.call('tenant_admin', 'POST', `/clients/${number.id}/resume`, {}).catch(() => undefined)
    }
  })
  test('5: who cannot be reached: red, the sentence, the code, what to do; once they can be, another try arrives', {
    timeout: START_MS,
  }, async () => {
    const { page, problems } = await agentAt(KARIM, language)
    await world.simulate('/people', { waId: KARIM.waId, failsWith: 131026 })
    try {
      const text = `Injoignable ${language} ${Date.now()}`
      await reply(page, text)
      const message = messageOf(page, text)
      await tickOf(message, language, 'failed').waitFor(patience)
      const said = ['message.failed', 'server.failure.131026', 'server.failure.131026.next'].map(id => textOf(language, id))
      for (const words of [...said, '131026']) await message.getByText(words).waitFor(patience)
      // Not by colour alone, but by colour too.
      const line = await message.locator('.outline-fail').evaluate(node => getComputedStyle(node).outlineColor)
      expect(line).toBe(await colourOf(tickOf(message, language, 'failed')))
      expect(await seriousFindings(page)).toEqual([])
      await world.simulate('/people', { waId: KARIM.waId, failsWith: null })
      await message.getByRole('button', { name: textOf(language, 'ui.tryAgain') }).click()
      await tickOf(messageOf(page, text), language, 'read').waitFor(patience)
      expect(problems).toEqual([])
    } finally {
      await world.simulate('/people', { waId: KARIM.waId, failsWith: null })
    }
  })
})

/** Where the words of an element begin and end on the screen, in pixels. */
const placeOf = (page: Page, selector: string, words: string) =>
  page.evaluate(`(() => {
    const words = ${JSON.stringify(words)}
    for (const element of document.querySelectorAll(${JSON.stringify(selector)})) {
      const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT)
      for (let node = texts.nextNode(); node; node = texts.nextNode()) {
        const at = node.data.indexOf(words)
        if (at < 0) continue
        const box = (from, to) => {
          const range = document.createRange()
          range.setStart(node, from)
          range.setEnd(node, to)
          const { left, right } = range.getBoundingClientRect()
          return { left, right }
        }
        return { ...box(at, at + words.length), first: box(at, at + 1).left, last: box(at + words.length - 1, at + words.length).left }
      }
    }
    return null
  })()`) as Promise<{ left: number; right: number; first: number; last: number } | null>

test('12: in Arabic the page is mirrored, numbers stay readable, and each text has its own direction', {
  timeout: START_MS,
}, async () => {
  const { page, problems } = await agentAt(SALMA, 'ar')
  const stamp = Date.now()
  const [mixed, latin] = [`الموعد ${stamp} مع Linko`, `Rendez-vous ${stamp} السلام`]
  await world.customerWrites(SALMA.waId, mixed)
  await world.customerWrites(SALMA.waId, latin)
  const own = `Réponse ${stamp}`
  await reply(page, own)
  for (const text of [mixed, latin, own]) await messageOf(page, text).waitFor(patience)
  await untilPasses(async () => expect(await placeOf(page, '[data-message]', own)).not.toBeNull(), PAGE_MS)

  const leftOf = async (selector: string) => (await page.locator(selector).first().boundingBox())?.x ?? Number.NaN
  const panes = ['[data-pane=contact]', '[data-pane=thread]', '[data-pane=list]', 'nav']
  const lefts = await Promise.all(panes.map(leftOf))
  expect(lefts.toSorted((a, b) => a - b)).toEqual(lefts)
  expect(new Set(lefts).size).toBe(panes.length)
  const place = async (selector: string, words: string) => {
    const found = await placeOf(page, selector, words)
    if (found === null) throw new Error(`${words} is not on the page.`)
    return found
  }
  // Ours is on the left, the customer's on the right.
  expect((await place('[data-message]', own)).right).toBeLessThan((await place('[data-message]', mixed)).left)
  // An Arabic sentence begins on the right with its Latin name at its left, a French one the other way round.
  expect((await place('[data-message]', 'Linko')).right).toBeLessThan((await place('[data-message]', 'الموعد')).left)
  expect((await place('[data-message]', 'Rendez-vous')).right).toBeLessThan((await place('[data-message]', 'السلام')).left)
  for (const selector of ['[data-message]', '[data-pane=list]']) {
    const { first, last } = await place(selector, String(stamp))
    expect(first).toBeLessThan(last)
  }
  // The phone number is read from the left, with its plus before it.
  for (const selector of ['[data-pane=thread] header', '[data-pane=contact]']) {
    const { first, last } = await place(selector, '+212')
    expect(first).toBeLessThan(last)
    expect((await place(selector, '+212')).left).toBeLessThan((await place(selector, '661')).left)
  }
  expect(problems).toEqual([])
})

/** Least side of what a finger taps, in pixels. */
const FINGER = 44

test.for(LANGUAGES)('14: at 360 px by touch from sign-in to reply to close: %s', { timeout: START_MS }, async language => {
  const { page, problems } = await world.visit({
    chosen: { locale: language },
    ...{ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true },
  })
  const small: string[] = []
  const tap = async (what: Locator) => {
    await what.waitFor(patience)
    const { width = 0, height = 0 } = (await what.boundingBox()) ?? {}
    if (Math.min(width, height) < FINGER) small.push(`${what}: ${width} × ${height}`)
    await what.tap()
  }
  const text = (id: string) => textOf(language, id)
  await page.goto('/sign-in')
  await page.locator('input[name=email]').fill('manager@whatsapp-saas.com')
  await page.locator('input[name=password]').fill('Manager@123456')
  await tap(page.locator('button[type=submit]'))
  await page.waitForURL(/\/inbox/, patience)
  await tap(page.getByRole('tab', { name: text('inbox.tab.all') }))
  const words = `Du téléphone ${language} ${Date.now()}`
  await world.customerWrites(ELODIE.waId, words)
  await tap(rowOf(page, words))
  await messageOf(page, words).waitFor(patience)
  expect(await page.locator('[data-pane=list]').isVisible()).toBe(false)
  const field = page.locator('[data-composer] textarea')
  await tap(field)
  const answer = `Par le pouce ${language} ${Date.now()}`
  await page.keyboard.insertText(answer)
  await tap(page.getByRole('button', { name: text('inbox.composer.send'), exact: true }))
  await tickOf(messageOf(page, answer), language, 'read').waitFor(patience)
  const tooWide = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')
  expect(tooWide).toBeLessThanOrEqual(0)
  await tap(page.getByRole('button', { name: text('inbox.more') }))
  await tap(page.getByRole('option', { name: text('inbox.action.close') }))
  await page.getByText(text('inbox.action.closed').replace('{name}', ELODIE.name)).waitFor(patience)
  await tap(page.getByRole('link', { name: text('inbox.back') }))
  await page.locator('[data-pane=list]').waitFor(patience)
  await untilTrue(async () => (await rowOf(page, ELODIE.name).count()) === 0, PAGE_MS)
  expect(small).toEqual([])
  expect(problems).toEqual([])
})
