import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { SLOW_MS } from '#shared/domain/call-pace.ts'
import {
  type BrowserWorld,
  openBrowserWorld,
  PAGE_MS,
  START_MS,
  seriousFindings,
  signInAs,
  untilLive,
} from '#test/support/worlds/browser.ts'
import { publishUnreadable, rowOf, SALMA } from '#test/support/worlds/browser-steps.ts'
import { type Language, shownText } from '#test/support/worlds/browser-texts.ts'
import { answerWith, type Endpoint, startEndpoint, take } from '#test/support/worlds/subscriptions.ts'

const patience = { timeout: PAGE_MS }
const { accessToken, name: NUMBER_NAME, phoneNumberId } = DEMO_TENANTS.demo

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

/** A text in the language of the page. */
type Texts = (id: string, values?: Record<string, string | number>) => string

interface Fault {
  what: string
  plant(): Promise<void>
  /** Words of its banner. */
  banner(t: Texts): string
  /** Clicks after that on the banner, of which there are two more at most. */
  further?(page: Page, t: Texts): Promise<number>
  /** What the page says of the cause, and what can be done there. */
  cause(page: Page, t: Texts): Promise<void>
  mend(): Promise<void>
  /** Whether the banner goes as soon as it is mended. */
  goes?: true
}

const admin = (method: string, to: string, body?: object) => world.call('tenant_admin', method, to, body)
const firstNumber = async () => (await admin('GET', '/phone-numbers')).data[0].id as string
const card = (page: Page) => page.locator(`[data-number="${phoneNumberId}"]`)
/** Waits until the number's card says why it is paused, in the language of the page. */
async function untilSaysWhy(page: Page, t: Texts): Promise<void> {
  const { key } = (await admin('GET', '/phone-numbers')).data[0].reasonKey
  await card(page)
    .getByText(t(`server.${key.replace(/\.whole$/, '')}`))
    .waitFor(patience)
}
async function send(): Promise<void> {
  const [{ id: conversationId }] = (await admin('GET', `/conversations?q=${SALMA.waId}`)).data
  const template = { templateName: 'welcome', language: 'en_US', variables: ['Salma'] }
  await admin('POST', '/messages/send-template', { conversationId, ...template })
}
let subscriptionId = ''
/** Has the number's fields read from Meta at once, as after every pause. */
async function readFields(): Promise<void> {
  const id = await firstNumber()
  await admin('POST', `/phone-numbers/${id}/pause`, {})
  await admin('POST', `/phone-numbers/${id}/resume`, {})
}
/** Nobody listens there. */
const ELSEWHERE = 'http://127.0.0.1:9/webhook'
let webhookUrl: unknown

const FAULTS: Fault[] = [
  {
    what: 'a token that Meta has revoked',
    async plant() {
      await world.simulate('/tokens/revoke', { token: accessToken })
      await send()
    },
    banner: t => t('app.banner.paused.token'),
    async cause(page, t) {
      await card(page).getByText(t('numbers.status.paused')).waitFor(patience)
      await untilSaysWhy(page, t)
      await card(page).getByText(t('numbers.token.invalid')).waitFor(patience)
      await page.getByRole('button', { name: t('numbers.connect') }).waitFor(patience)
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
    banner: t => t('app.banner.paused', { name: NUMBER_NAME }),
    async cause(page, t) {
      await card(page).getByText(t('numbers.status.paused')).waitFor(patience)
      await untilSaysWhy(page, t)
      await card(page)
        .getByRole('button', { name: t('numbers.resume') })
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
    banner: t => t('app.banner.template', { name: 'welcome' }),
    async cause(page, t) {
      const preview = page.getByRole('region', { name: t('templates.preview') })
      await preview.getByText(t('templates.status.PAUSED'), { exact: true }).waitFor(patience)
      await preview.getByText(t('templates.todo.PAUSED')).waitFor(patience)
    },
    mend: async () => void (await world.simulate('/templates/welcome/review', { status: 'APPROVED' })),
  },
  {
    what: 'a queue that is away',
    plant: async () => world.broker.cut(),
    banner: t => t('app.banner.queue'),
    async cause(page, t) {
      await page.locator('[data-servers]').getByText(t('operations.server.rabbitmq')).waitFor(patience)
    },
    mend: async () => world.broker.mend(),
  },
  {
    what: 'a message between services that nobody can read',
    plant: () => publishUnreadable(world, 1),
    banner: t => t('app.banner.letters', { n: 1 }),
    async further(page, t) {
      await page.getByRole('link', { name: t('operations.look') }).click(patience)
      return 1
    },
    async cause(page, t) {
      const drawer = page.getByRole('complementary', { name: t('operations.one') })
      await drawer.getByText(t('operations.why'), { exact: true }).waitFor(patience)
      await drawer.getByRole('button', { name: t('operations.replay'), exact: true }).waitFor(patience)
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
    banner: t => t('app.banner.subscription', { name: 'CRM of Rabat' }),
    async cause(page, t) {
      await page.getByText('HTTP 500').first().waitFor(patience)
      await page.getByRole('button', { name: t('events.test') }).waitFor(patience)
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
    banner: t => t('app.banner.spend.everything', { amount: '|' }).split('|')[0] as string,
    async cause(page, t) {
      const field = page.getByLabel(t('costs.ceiling.amount', { currency: 'MAD' }))
      await field.waitFor(patience)
      expect(await field.inputValue()).toBe('0.01')
    },
    mend: async () => void (await admin('PATCH', '/settings', { spendCeiling: null })),
  },
  {
    what: 'a messaging limit that is used up',
    async plant() {
      await world.simulate(`/wabas/${DEMO_TENANTS.demo.wabaId}`, { messagingTier: 'TIER_2' })
      await readFields()
      for (const to of ['212661980001', '212661980002'])
        await admin('POST', '/messages/send-template', { to, templateName: 'welcome', language: 'en_US', variables: ['Nadia'] })
    },
    banner: t => t('app.banner.limit', { name: NUMBER_NAME, n: 2 }),
    async cause(page, t) {
      await card(page)
        .getByText(t('numbers.limit.full', { n: 2 }))
        .waitFor(patience)
      await card(page)
        .getByText(/^\d+ \/ 2$/)
        .waitFor(patience)
    },
    async mend() {
      await world.simulate(`/wabas/${DEMO_TENANTS.demo.wabaId}`, { messagingTier: 'TIER_2K' })
      await readFields()
    },
  },
  {
    what: 'webhooks that Meta sends to another address',
    async plant() {
      webhookUrl = (await world.simulate('/app', {})).webhookUrl
      await world.simulate('/app', { webhookUrl: ELSEWHERE })
      await readFields()
    },
    banner: t => t('app.banner.webhook', { name: NUMBER_NAME }),
    async cause(page, t) {
      const elsewhere = card(page).locator('[data-elsewhere=app]')
      for (const words of [t('numbers.elsewhere'), ELSEWHERE, String(webhookUrl), t('numbers.elsewhere.app')])
        await elsewhere.getByText(words, { exact: true }).waitFor(patience)
      await card(page)
        .getByRole('button', { name: t('numbers.check'), exact: true })
        .waitFor(patience)
    },
    async mend() {
      await world.simulate('/app', { webhookUrl })
      await admin('POST', `/phone-numbers/${await firstNumber()}/check`, {})
    },
    goes: true,
  },
  {
    what: 'a database that is away',
    plant: async () => world.database.cut(),
    banner: t => t('app.banner.database'),
    async cause(page, t) {
      const fault = page.locator('[data-fault=database]')
      await fault.getByText(t('operations.fault.database.cause')).waitFor(patience)
      await fault.getByText(t('operations.fault.database.cure')).waitFor(patience)
      await page.getByText(t('operations.services.unknown')).waitFor(patience)
    },
    mend: async () => world.database.mend(),
    goes: true,
  },
  // The last one: it is told for some minutes after its end.
  {
    what: 'a Meta that is slow',
    async plant() {
      // biome-ignore lint/suspicious/noThenProperty: the simulator's contract names it so
      await world.simulate('/faults', [{ match: { path: '/messages' }, times: null, then: { latencyMs: SLOW_MS } }])
      for (let i = 0; i < 3; i++) await send()
    },
    banner: t => t('app.banner.slowMeta'),
    async cause(page, t) {
      const fault = page.locator('[data-fault=meta]')
      await fault.getByText(t('operations.fault.meta.cure')).waitFor(patience)
      await fault.getByText(/95 %/).waitFor(patience)
    },
    mend: async () => void (await world.simulate('/faults', [])),
  },
]

/** Languages other than English, by their names in the menu. */
const OTHERS: readonly [Language, string][] = [
  ['fr', 'Français'],
  ['ar', 'العربية'],
]

test.for(FAULTS)(
  '$what has a banner that leads to its cause and cure in three clicks at most, in every language',
  { timeout: START_MS },
  async fault => {
    const { page, problems } = await world.visit()
    await signInAs(page, 'Demo Admin')
    await untilLive(page)
    const t = textsIn('en')
    await fault.plant()
    try {
      const notice = noticeOf(page, fault, t)
      await notice.waitFor(patience)
      expect(await seriousFindings(page)).toEqual([])
      await notice.getByRole('link', { name: t('app.banner.go') }).click(patience)
      expect(1 + ((await fault.further?.(page, t)) ?? 0)).toBeLessThanOrEqual(3)
      await fault.cause(page, t)
      for (const [language, name] of OTHERS) {
        await speak(page, language, name)
        await noticeOf(page, fault, textsIn(language)).waitFor(patience)
        await fault.cause(page, textsIn(language))
        expect(await seriousFindings(page)).toEqual([])
      }
    } finally {
      await fault.mend()
    }
    if (fault.goes) await noticeOf(page, fault, textsIn('ar')).waitFor({ ...patience, state: 'hidden' })
    // A server that is away is what the test did.
    expect(problems.filter(problem => !/status of 50\d/.test(problem))).toEqual([])
  },
)

const textsIn =
  (language: Language): Texts =>
  (id, values) =>
    shownText(language, id, values)

/** Changes the language of the page as a person does. */
async function speak(page: Page, language: Language, name: string): Promise<void> {
  await page.locator('nav button[aria-haspopup=menu]:visible').last().click()
  await page.getByRole('menu').getByText(name, { exact: true }).click(patience)
  await page.locator(`html[lang=${language}]`).waitFor(patience)
  // Not by Esc: a drawer may have taken the focus, and would close.
  await page.locator('h1').first().click(patience)
  await page.getByRole('menu').waitFor({ ...patience, state: 'hidden' })
}

const noticeOf = (page: Page, { banner }: Fault, t: Texts): Locator =>
  page
    .getByRole('region', { name: t('app.banners') })
    .locator('> div')
    .filter({ hasText: banner(t) })

test('an agent hears of a database that is away, a page that is opened meanwhile too, and both go on by themselves', {
  timeout: START_MS,
}, async () => {
  const { page } = await world.visit()
  await signInAs(page, 'Demo Agent')
  await untilLive(page)
  const t = textsIn('en')
  world.database.cut()
  try {
    await page
      .getByRole('region', { name: t('app.banners') })
      .getByText(t('app.banner.database'))
      .waitFor(patience)
    expect(await page.getByRole('link', { name: t('app.banner.go') }).count()).toBe(0)
    await page.reload()
    await page.getByText(t('app.unreachable.database')).waitFor(patience)
    expect(await seriousFindings(page)).toEqual([])
    const visitor = await world.visit()
    await visitor.page.goto('/sign-in')
    await visitor.page.getByLabel(t('app.signIn.email')).fill('agent@whatsapp-saas.com')
    await visitor.page.getByLabel(t('app.signIn.password'), { exact: true }).fill('wrong')
    await visitor.page.getByRole('button', { name: t('app.signIn.submit'), exact: true }).click()
    await visitor.page.getByRole('alert').getByText(t('app.signIn.database')).waitFor(patience)
  } finally {
    world.database.mend()
  }
  await rowOf(page, SALMA.name).first().waitFor(patience)
  await untilLive(page)
})
