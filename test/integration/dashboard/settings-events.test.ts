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
import { SALMA } from '#test/support/worlds/browser-steps.ts'
import { textOf } from '#test/support/worlds/browser-texts.ts'
import { answerWith, type Endpoint, startEndpoint, take, verified } from '#test/support/worlds/subscriptions.ts'

const patience = { timeout: PAGE_MS }

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

test.for([
  ['en', 'light'],
  ['ar', 'dark'],
] as const)(
  'an admin has events posted, sees each delivery, repeats one, and ends it: %s, %s',
  {
    timeout: START_MS,
  },
  async ([locale, theme]) => {
    endpoint.answer = take
    const text = (id: string) => textOf(locale, id)
    const { page, problems } = await world.visit({ chosen: { locale, theme } })
    const button = (id: string) => page.getByRole('button', { name: text(id), exact: true })
    const dialog = page.getByRole('dialog')
    const delivery = (state: string) => page.locator(`[data-delivery=${state}]`)
    await signInAs(page, 'Demo Admin')
    await page.goto('/settings?section=events')
    await button('events.new').click()
    await dialog.getByLabel(text('events.url')).fill(endpoint.url)
    await dialog.getByLabel(text('events.name')).fill(`CRM ${locale}`)
    await dialog.getByLabel(text('events.types.choose')).check()
    await dialog.getByLabel('message.received').check()
    expect(await seriousFindings(page)).toEqual([])
    await dialog.getByRole('button', { name: text('events.create') }).click()
    const secret = (await dialog.locator('pre').textContent(patience)) as string
    expect(secret).toMatch(/^whsec_/)
    await dialog.getByRole('button', { name: text('events.secret.kept') }).click()
    expect(await page.getByText(secret).count()).toBe(0)
    await page.getByRole('link', { name: `CRM ${locale}` }).click()

    await button('events.test').click()
    await delivery('delivered').waitFor(patience)
    expect(verified(secret, endpoint.received.at(-1) as Endpoint['received'][number]).type).toBe('subscription.test')
    // A test is not repeated.
    expect(await button('events.again').count()).toBe(0)
    endpoint.answer = answerWith(500)
    const words = `Bonjour ${locale} ${Date.now()}`
    await world.customerWrites(SALMA.waId, words)
    const waiting = page.locator('[data-delivery]').filter({ hasText: 'message.received' })
    await waiting.getByText('HTTP 500').waitFor(patience)
    await waiting.getByRole('button', { name: text('events.details') }).click()
    await waiting.getByText(words).waitFor(patience)
    expect(await seriousFindings(page)).toEqual([])
    endpoint.answer = take
    await waiting.getByRole('button', { name: text('events.again') }).click()
    await waiting.and(delivery('delivered')).waitFor(patience)
    expect(endpoint.received.filter(({ body }) => body.includes(words)).length).toBeGreaterThanOrEqual(2)
    await button('events.rotate').click()
    await dialog.getByLabel(text('events.rotate.overlap')).selectOption('0')
    await dialog.getByRole('button', { name: text('events.rotate') }).click()
    const fresh = (await dialog.locator('pre').textContent(patience)) as string
    await dialog.getByRole('button', { name: text('events.secret.kept') }).click()
    await button('events.test').click()
    await untilPasses(() => {
      const last = endpoint.received.at(-1) as Endpoint['received'][number]
      expect(last.event.type).toBe('subscription.test')
      expect(verified(fresh, last)).toBeTruthy()
      expect(() => verified(secret, last)).toThrow()
    }, PAGE_MS)

    await button('events.turnOff').click()
    await page.getByText(text('events.state.off'), { exact: true }).waitFor(patience)
    await button('events.turnOn').click()
    await page.getByText(text('events.state.on'), { exact: true }).waitFor(patience)
    await button('events.remove').click()
    await dialog.getByRole('button', { name: text('events.remove') }).click()
    await page.getByText(text('events.none'), { exact: true }).waitFor(patience)
    expect(await seriousFindings(page)).toEqual([])
    expect(problems).toEqual([])
  },
)

test('an address inside is refused at its field, and the rest of the form is kept', { timeout: START_MS }, async () => {
  const { page } = await world.visit()
  await signInAs(page, 'Demo Admin')
  await page.goto('/settings?section=events')
  await page.getByRole('button', { name: 'New subscription' }).click()
  await page.getByLabel('Address').fill('https://10.0.0.1/hook')
  await page.getByLabel('Name').fill('Inside')
  await page.getByRole('button', { name: 'Create' }).click()
  await page.getByText(/Must be a public https address/).waitFor(patience)
  expect(await page.getByLabel('Address').getAttribute('aria-invalid')).toBe('true')
  expect(await page.getByLabel('Name').inputValue()).toBe('Inside')
  expect(await seriousFindings(page)).toEqual([])
})
