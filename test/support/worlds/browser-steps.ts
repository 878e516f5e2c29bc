import type { Locator, Page } from 'playwright-core'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import { connectQueue } from '#shared/queue/connect.ts'
import { EXCHANGES, webhookKeys } from '#shared/queue/topology.ts'
import { untilTrue } from '#test/support/until.ts'
import { inboundOf } from '#test/support/webhooks.ts'
import { type BrowserWorld, PAGE_MS } from './browser.ts'
import { log } from './ingest.ts'

/** People of the demo world, as customers and by their names. */
export const SALMA = { waId: '212661000101', name: 'Salma Idrissi' }
export const ELODIE = { waId: '33600000103', name: 'Élodie Martin' }
export const KARIM = { waId: '212661000102', name: 'Karim Bennani' }

const patience = { timeout: PAGE_MS }

/** Row of the list by any words in it. */
export const rowOf = (page: Page, words: string): Locator => page.locator('a[data-conversation]').filter({ hasText: words })

/** Message of the open conversation by any words in it. */
export const messageOf = (page: Page, words: string): Locator => page.locator('[data-message]').filter({ hasText: words })

/** Opens a conversation by a click on its row. */
export async function openConversation(page: Page, name: string): Promise<void> {
  await rowOf(page, name).first().click()
  await page.waitForURL(/\/inbox\/[0-9a-f]{24}/, patience)
  await page.locator('[data-message]').first().waitFor(patience)
}

export const conversationIdOf = (page: Page): string => new URL(page.url()).pathname.split('/')[2] as string

/** Types into the composer of the open conversation and sends by Enter. */
export async function reply(page: Page, text: string): Promise<void> {
  await page.locator('[data-composer] textarea').fill(text)
  await page.locator('[data-composer] textarea').press('Enter')
  await messageOf(page, text)
    .or(page.locator('[data-outbox]').filter({ hasText: text }))
    .first()
    .waitFor(patience)
}

/** Texts of the messages in the page, in their order, that begin with a word. */
export const textsOf = async (page: Page, beginning: string): Promise<string[]> =>
  (await page.locator('[data-message] [dir="auto"]').allTextContents()).filter(text => text.startsWith(beginning))

/**
 * Writes down each state of our message that the page shows, in their order, from now on. Run before the message is sent: a state may
 * be gone in a moment.
 */
export async function recordTicks(page: Page, text: string): Promise<() => Promise<string[]>> {
  await page.evaluate(
    `{
      const text = ${JSON.stringify(text)}
      window.ticks = []
      const look = () => {
        for (const row of document.querySelectorAll('[data-message], [data-outbox]')) {
          if (!row.textContent.includes(text)) continue
          const tick = [...row.querySelectorAll('svg[role=img]')].at(-1)
          const label = tick && tick.getAttribute('aria-label').replace(/\\s[\\d:]+$/, '')
          if (label && window.ticks.at(-1) !== label) window.ticks.push(label)
        }
      }
      new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true })
    }`,
  )
  return () => page.evaluate('window.ticks') as Promise<string[]>
}

/** Waits until the page shows a text exactly so often, and gives it a moment in which it could show it once more. */
export async function untilShownOnce(locator: Locator): Promise<void> {
  await locator.first().waitFor(patience)
  await untilTrue(async () => (await locator.count()) === 1, PAGE_MS)
}

/** Messages that no service can read, as the demo company's; each has `words`. */
export async function publishUnreadable(world: BrowserWorld, count: number, words = 'unreadable'): Promise<void> {
  const { tenantId } = await world.call('manager', 'GET', '/auth/me')
  await using queue = await connectQueue(world.stack.env.RABBITMQ_URL as string, { log, name: 'test' })
  for (let i = 0; i < count; i++)
    await queue.publish({
      exchange: EXCHANGES.media,
      routingKey: 'media',
      type: MESSAGE_TYPE.media,
      body: Buffer.from(JSON.stringify({ [words]: true })),
      messageId: `unreadable ${Date.now()} ${i}`,
      tenantId,
    })
}

/** A message of Nadia's that the database refuses, until somebody takes the NUL out of a name in it. */
export async function publishPoison(world: BrowserWorld, from: string): Promise<void> {
  const wamid = `wamid.poison${from}`
  await using queue = await connectQueue(world.stack.env.RABBITMQ_URL as string, { log, name: 'test' })
  await queue.publish({
    exchange: EXCHANGES.webhook,
    routingKey: webhookKeys.conversation(DEMO_TENANTS.demo.phoneNumberId, from),
    type: MESSAGE_TYPE.webhook,
    body: inboundOf(wamid, from, { type: 'hologram', hologram: { 'a\0b': 1 } }),
    messageId: wamid,
  })
}
