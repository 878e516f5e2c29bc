import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startPushService } from '#test/support/push-service.ts'
import { untilPasses, untilTrue } from '#test/support/until.ts'
import {
  type BrowserWorld,
  openBrowserWorld,
  PAGE_MS,
  START_MS,
  seriousFindings,
  signInAs,
} from '#test/support/worlds/browser.ts'
import { SALMA } from '#test/support/worlds/browser-steps.ts'

const stack = new AsyncDisposableStack()
let service: Awaited<ReturnType<typeof startPushService>>
let world: BrowserWorld
beforeAll(async () => {
  service = stack.use(await startPushService())
  world = stack.use(await openBrowserWorld({ EVENT_PRIVATE_ORIGINS: service.origin }))
}, START_MS)
afterAll(() => stack.disposeAsync(), START_MS)

/** In place of the browser's own push service, which is on the internet. */
const withPushService = (subscription: object) => `{
  const own = ${JSON.stringify(subscription)}
  const kept = { ...own, options: { applicationServerKey: null }, toJSON: () => own, unsubscribe: async () => true }
  PushManager.prototype.getSubscription = async () => null
  PushManager.prototype.subscribe = async () => kept
}`

/** Brings a message to the service worker of Linko, as the browser does. */
async function pusherOf(page: Page, origin: string) {
  const session = await page.context().newCDPSession(page)
  let registrationId = ''
  session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
    for (const { scopeURL, registrationId: id } of registrations) if (scopeURL.startsWith(origin)) registrationId = id
  })
  await session.send('ServiceWorker.enable')
  await untilTrue(async () => registrationId !== '', PAGE_MS)
  return (data: string) => session.send('ServiceWorker.deliverPushMessage', { origin, registrationId, data })
}

const shown = (page: Page): Promise<{ title: string; body: string; tag: string }[]> =>
  page.evaluate(`navigator.serviceWorker.ready.then(registration => registration.getNotifications())
    .then(all => all.map(({ title, body, tag }) => ({ title, body, tag })))`)

/**
 * In the worker: a click on the notification that stands. Only a real one may bring the window to the front and keep the worker alive,
 * so the handler ends with an error after it has done the rest.
 */
const CLICK = `self.registration.getNotifications().then(([notification]) => {
  self.dispatchEvent(new NotificationEvent('notificationclick', { notification }))
})`

test('an agent is told of a customer while Linko is closed, in their language, and of nothing once it is switched off', {
  timeout: START_MS,
}, async () => {
  const { page, context, problems } = await world.visit({ locale: 'fr-FR' })
  const origin = world.stack.env.BASE_URL as string
  await context.grantPermissions(['notifications'], { origin })
  const subscription = service.subscribe()
  await context.addInitScript(withPushService(subscription))
  await signInAs(page, 'Demo Agent')
  await page.evaluate('navigator.serviceWorker.ready.then(() => true)')
  await page.getByRole('button', { name: /^Notifications/ }).click()
  const choice = page.getByRole('checkbox', { name: 'Me prévenir sur cet appareil quand un de mes clients écrit' })
  await choice.check()
  await page.getByText('Même quand Linko est fermé').waitFor()
  expect(await seriousFindings(page)).toEqual([])
  const [{ id }] = (await world.call('manager', 'GET', `/conversations?q=${encodeURIComponent(SALMA.name)}`)).data
  const push = await pusherOf(page, origin)

  await page.goto('about:blank')
  await world.change(id, 'assign', { assignedToId: await world.idOf('agent') })
  await untilPasses(async () => expect(service.notified.map(({ told }) => told.kind)).toEqual(['assigned']), PAGE_MS)
  await world.customerWrites(SALMA.waId, 'Are you there?')
  await untilPasses(async () => expect(service.notified.map(({ told }) => told.kind)).toEqual(['assigned', 'message']), PAGE_MS)
  const { text } = service.notified.at(-1) as (typeof service.notified)[number]
  expect(text).not.toContain('Are you there')
  await push(text)
  await page.goto(`/inbox`)
  await untilPasses(
    async () => expect(await shown(page)).toEqual([{ title: SALMA.name, body: 'Nouveau message', tag: id }]),
    PAGE_MS,
  )

  // Somebody looks at Linko: the page shows what is new.
  const before = await shown(page)
  await push(JSON.stringify({ v: 1, kind: 'assigned', conversationId: 'another', name: null }))
  expect(await shown(page)).toEqual(before)
  // The page listens to the worker by now.
  await page.getByRole('button', { name: /^Notifications/ }).click()
  await page.getByText('Même quand Linko est fermé').waitFor()
  await page.keyboard.press('Escape')
  const [worker] = context.serviceWorkers()
  await worker?.evaluate(CLICK)
  await page.waitForURL(new RegExp(`/inbox/${id}`))
  expect(await shown(page)).toEqual([])

  await page.getByRole('button', { name: /^Notifications/ }).click()
  const gone = page.waitForResponse(answer => answer.request().method() === 'DELETE')
  await choice.uncheck()
  expect((await gone).status()).toBe(204)
  expect(problems).toEqual([])
})
