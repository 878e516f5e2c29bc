import type { Page } from 'playwright-core'
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
import { publishUnreadable, SALMA } from '#test/support/worlds/browser-steps.ts'
import { textOf } from '#test/support/worlds/browser-texts.ts'
import { answerWith, type Endpoint, startEndpoint, take } from '#test/support/worlds/subscriptions.ts'

const patience = { timeout: PAGE_MS }
const { accessToken, phoneNumberId } = DEMO_TENANTS.demo
const en = (id: string) => textOf('en', id)

let endpoint: Endpoint
let world: BrowserWorld
beforeAll(async () => {
  endpoint = await startEndpoint()
  world = await openBrowserWorld({ EVENT_PRIVATE_ORIGINS: endpoint.origin })
}, START_MS)
afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
  await endpoint?.[Symbol.asyncDispose]()
}, START_MS)

interface Fault {
  what: string
  plant(): Promise<void>
  /** Words of its banner. */
  banner: RegExp
  /** Clicks after that on the banner, of which there are two more at most. */
  further?(page: Page): Promise<number>
  /** What the page says of the cause, and what can be done there. */
  cause(page: Page): Promise<void>
  mend(): Promise<void>
}

const admin = (method: string, to: string, body?: object) => world.call('tenant_admin', method, to, body)
const firstNumber = async () => (await admin('GET', '/phone-numbers')).data[0].id as string
const card = (page: Page) => page.locator(`[data-number="${phoneNumberId}"]`)
async function send(): Promise<void> {
  const [{ id: conversationId }] = (await admin('GET', `/conversations?q=${SALMA.waId}`)).data
  const template = { templateName: 'welcome', language: 'en_US', variables: ['Salma'] }
  await admin('POST', '/messages/send-template', { conversationId, ...template })
}
let subscriptionId = ''

const FAULTS: Fault[] = [
  {
    what: 'a token that Meta has revoked',
    async plant() {
      await world.simulate('/tokens/revoke', { token: accessToken })
      await send()
    },
    banner: /no longer accepts its access token/,
    async cause(page) {
      await card(page).getByText(en('numbers.status.paused')).waitFor(patience)
      await card(page).getByText(/token/i).first().waitFor(patience)
      await page.getByRole('button', { name: en('numbers.connect') }).waitFor(patience)
    },
    async mend() {
      await world.simulate('/tokens', { token: accessToken, wabaIds: [DEMO_TENANTS.demo.wabaId] })
      await admin('POST', `/clients/${await firstNumber()}/resume`, {})
    },
  },
  {
    what: 'a number that Meta has restricted',
    async plant() {
      await world.simulate(`/numbers/${phoneNumberId}`, { state: 'restricted' })
      await send()
    },
    banner: /is paused/,
    async cause(page) {
      await card(page).getByText(en('numbers.status.paused')).waitFor(patience)
      await card(page)
        .getByText(/restrict|polic/i)
        .first()
        .waitFor(patience)
      await card(page)
        .getByRole('button', { name: en('numbers.resume') })
        .waitFor(patience)
    },
    async mend() {
      await world.simulate(`/numbers/${phoneNumberId}`, { state: 'connected' })
      await admin('POST', `/clients/${await firstNumber()}/resume`, {})
    },
  },
  {
    what: 'a template that Meta has paused',
    plant: async () => void (await world.simulate('/templates/welcome/review', { status: 'PAUSED' })),
    banner: /paused the template welcome/,
    async cause(page) {
      const preview = page.getByRole('region', { name: en('templates.preview') })
      await preview.getByText(en('templates.status.PAUSED'), { exact: true }).waitFor(patience)
      await preview.getByText(en('templates.todo.PAUSED')).waitFor(patience)
    },
    mend: async () => void (await world.simulate('/templates/welcome/review', { status: 'APPROVED' })),
  },
  {
    what: 'a queue that is away',
    plant: async () => world.broker.cut(),
    banner: /the queue of Linko does not answer/,
    async cause(page) {
      await page.locator('[data-servers]').getByText(en('operations.server.rabbitmq')).waitFor(patience)
    },
    mend: async () => world.broker.mend(),
  },
  {
    what: 'a message between services that nobody can read',
    plant: () => publishUnreadable(world, 1),
    banner: /One message between services could not be processed/,
    async further(page) {
      await page.getByRole('link', { name: en('operations.look') }).click(patience)
      return 1
    },
    async cause(page) {
      const drawer = page.getByRole('complementary', { name: en('operations.one') })
      await drawer.getByText(en('operations.why'), { exact: true }).waitFor(patience)
      await drawer.getByRole('button', { name: en('operations.replay'), exact: true }).waitFor(patience)
    },
    mend: async () => void (await world.call('manager', 'POST', '/dead-letters/discard', { reason: 'A test is over' })),
  },
  {
    what: "a subscriber's server that is down",
    async plant() {
      endpoint.answer = answerWith(500)
      const made = await admin('POST', '/event-subscriptions', { name: 'CRM of Rabat', url: endpoint.url, types: [] })
      subscriptionId = (made.subscription ?? made).id
      await world.customerWrites(SALMA.waId, 'Bonjour')
    },
    banner: /Events do not arrive at CRM of Rabat/,
    async cause(page) {
      await page.getByText('HTTP 500').first().waitFor(patience)
      await page.getByRole('button', { name: en('events.test') }).waitFor(patience)
    },
    async mend() {
      endpoint.answer = take
      await admin('DELETE', `/event-subscriptions/${subscriptionId}`)
    },
  },
  {
    what: 'a month whose money is spent',
    async plant() {
      await admin('PATCH', '/settings', { spendCeiling: { amount: 0.01 } })
      await send()
    },
    banner: /this month’s ceiling/,
    async cause(page) {
      await page.getByLabel(en('costs.ceiling.amount').replace('{currency}', 'MAD')).waitFor(patience)
      expect(await page.getByLabel(en('costs.ceiling.amount').replace('{currency}', 'MAD')).inputValue()).toBe('0.01')
    },
    mend: async () => void (await admin('PATCH', '/settings', { spendCeiling: null })),
  },
]

test.for(FAULTS)(
  '$what has a banner that leads to its cause and cure in three clicks at most',
  {
    timeout: START_MS,
  },
  async ({ plant, banner, further, cause, mend }) => {
    const { page, problems } = await world.visit()
    await signInAs(page, 'Demo Admin')
    await untilLive(page)
    await plant()
    try {
      const notices = page.getByRole('region', { name: en('app.banners') })
      const notice = notices.locator('> div').filter({ hasText: banner })
      await notice.waitFor(patience)
      expect(await seriousFindings(page)).toEqual([])
      await notice.getByRole('link', { name: en('app.banner.go') }).click(patience)
      expect(1 + ((await further?.(page)) ?? 0)).toBeLessThanOrEqual(3)
      await cause(page)
      expect(await seriousFindings(page)).toEqual([])
    } finally {
      await mend()
    }
    // A server that is away is what the test did.
    expect(problems.filter(problem => !/status of 50\d/.test(problem))).toEqual([])
  },
)
