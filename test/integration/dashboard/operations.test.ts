import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type BrowserWorld,
  openBrowserWorld,
  PAGE_MS,
  START_MS,
  seriousFindings,
  signInAs,
} from '#test/support/worlds/browser.ts'
import { publishPoison, publishUnreadable, rowOf } from '#test/support/worlds/browser-steps.ts'

const SALMA = '212661000101'
const patience = { timeout: PAGE_MS }

let world: BrowserWorld
beforeAll(async () => {
  world = await openBrowserWorld()
}, START_MS)
afterAll(async () => await world?.[Symbol.asyncDispose](), START_MS)

test('a manager sees whether everything runs, and finds a message with its steps', { timeout: START_MS }, async () => {
  const { page, problems } = await world.visit()
  const words = `Bonjour ${Date.now()}`
  await world.customerWrites(SALMA, words)
  await signInAs(page, 'Demo Manager')
  await page.goto('/operations')
  await page.locator('[data-servers]').getByText('Database').waitFor(patience)
  for (const service of ['gateway', 'ingest', 'sender', 'realtime'])
    await page.getByRole('rowheader', { name: service, exact: true }).first().waitFor(patience)
  await page.getByRole('rowheader', { name: 'linko.dead.v1' }).waitFor(patience)
  expect(await seriousFindings(page)).toEqual([])
  await page.getByRole('searchbox', { name: 'Find a message' }).fill(words)
  await page.keyboard.press('Enter')
  await page.getByRole('list', { name: 'Steps of the message' }).getByText('Received').waitFor(patience)
  expect(await seriousFindings(page)).toEqual([])
  await page.getByRole('link', { name: 'Webhook events' }).click()
  await page.getByRole('table').getByRole('link').first().click()
  await page.getByRole('complementary').getByText(words).first().waitFor(patience)
  await page.keyboard.press('Escape')
  expect(problems).toEqual([])
})

test('a dead letter is looked at, tried, and discarded with a reason; all of a cause at once', {
  timeout: START_MS,
}, async () => {
  await publishUnreadable(world, 3)
  const { page, problems } = await world.visit()
  await signInAs(page, 'Demo Manager')
  await page.goto('/operations?view=letters')
  const group = page.getByRole('list', { name: 'Dead letters' }).getByRole('listitem')
  await group.getByText('3 letters').waitFor(patience)
  await group.getByRole('link', { name: 'Look' }).click()
  const drawer = page.getByRole('complementary', { name: 'Details' })
  await drawer.getByLabel('Payload').waitFor(patience)
  expect(await drawer.getByLabel('Payload').inputValue()).toContain('unreadable')
  expect(await seriousFindings(page)).toEqual([])
  await drawer.getByRole('button', { name: 'Dry run' }).click()
  await drawer.getByRole('alert').or(drawer.getByRole('status')).first().waitFor(patience)
  await drawer.getByLabel('Why it is discarded').fill('No media job')
  await drawer.getByRole('button', { name: 'Discard' }).click()
  await drawer.getByText('No media job').waitFor(patience)
  await page.keyboard.press('Escape')
  await group.getByText('2 letters').waitFor(patience)
  await group.getByRole('button', { name: 'Discard all' }).click()
  await page.getByRole('dialog').getByLabel('Why it is discarded').fill('No media jobs')
  await page.getByRole('dialog').getByRole('button', { name: 'Discard all' }).click()
  await page.getByRole('dialog').getByText('2 done').waitFor(patience)
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
  await page.getByText('No dead letters').waitFor(patience)
  // What the dry run refused is an answer of the server, which the browser writes on its console.
  expect(problems.filter(problem => !/status of 4(09|22)/.test(problem))).toEqual([])
})

test('an admin reads who did what; a manager has no right to it', { timeout: START_MS }, async () => {
  const { page, problems } = await world.visit()
  await signInAs(page, 'Demo Admin')
  await page.goto('/operations?view=audit')
  await page.getByText('deadLetters.discard').first().waitFor(patience)
  expect(await seriousFindings(page)).toEqual([])
  expect(problems).toEqual([])
  const { page: other } = await world.visit()
  await signInAs(other, 'Demo Manager')
  await other.goto('/operations?view=audit')
  await other.getByRole('heading', { name: 'Your role does not include this' }).waitFor(patience)
})

test('11: a dead letter is looked at, mended and replayed by clicks: it is gone, and what it held is in the inbox', {
  timeout: START_MS,
}, async () => {
  await publishPoison(world, '212661000777')
  const { page, problems } = await world.visit()
  await signInAs(page, 'Demo Manager')
  await page.getByRole('link', { name: 'Operations' }).click()
  await page.getByRole('link', { name: 'Dead letters' }).click()
  const group = page.getByRole('list', { name: 'Dead letters' }).getByRole('listitem').filter({ hasText: 'webhook' })
  await group.getByText('1 letter').waitFor(patience)
  await group.getByRole('link', { name: 'Look' }).click()
  const drawer = page.getByRole('complementary', { name: 'Details' })
  const payload = drawer.getByLabel('Payload')
  await payload.waitFor(patience)
  const text = await payload.inputValue()
  expect(text).toContain('Nadia')
  expect(text).toContain('hologram')
  // As it is, it fails again; mended it would be processed.
  await payload.fill(text.replace('a\\u0000b', 'ab'))
  await drawer.getByRole('button', { name: 'Dry run' }).click()
  await drawer.locator('[data-replay=dry]').waitFor(patience)
  expect(await seriousFindings(page)).toEqual([])
  await drawer.getByRole('button', { name: 'Replay', exact: true }).click()
  await drawer.getByText('replayed', { exact: true }).first().waitFor(patience)
  await page.keyboard.press('Escape')
  await page.getByText('No dead letters').first().waitFor(patience)
  await page.getByRole('link', { name: 'Inbox' }).click()
  await page.getByRole('tab', { name: 'All' }).click()
  await rowOf(page, 'Nadia').waitFor(patience)
  expect(problems).toEqual([])
})
