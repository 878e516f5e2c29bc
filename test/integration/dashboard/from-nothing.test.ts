import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT } from '#shared/process/config.ts'
import {
  type BrowserWorld,
  openBrowserWorld,
  PAGE_MS,
  START_MS,
  seriousFindings,
  type Visitor,
} from '#test/support/worlds/browser.ts'
import { messageOf, rowOf } from '#test/support/worlds/browser-steps.ts'
import { SPARE } from '#test/support/worlds/onboarding.ts'

const patience = { timeout: PAGE_MS }
const PASSWORD = 'correct horse battery staple of Rabat'
const CUSTOMER = { waId: '212661000888', name: 'Samira Bennis' }
/** What it may cost at most; who makes it longer says why. */
const MOST = { clicks: 24, fields: 12 }

let world: BrowserWorld
beforeAll(async () => {
  world = await openBrowserWorld({}, { isEmpty: true })
}, START_MS)
afterAll(async () => await world?.[Symbol.asyncDispose](), START_MS)

/** The operator's one command. @returns the link of the first admin */
async function firstAdmin(email: string): Promise<string> {
  const { MONGODB_URI, DASHBOARD_URL } = world.stack.env
  const env = { PATH: process.env.PATH, MONGODB_URI, DASHBOARD_URL }
  const command = [path.join(ROOT, 'deploy/admin.ts'), 'create', email, '--company', 'Operator']
  const { stdout } = await promisify(execFile)(process.execPath, command, { env, cwd: path.join(ROOT, 'deploy') })
  return /http\S+welcome#token=\S+/.exec(stdout)?.[0] as string
}

/** Counts what hands do. */
function createHands() {
  const done = { clicks: 0, fields: 0 }
  return {
    done,
    async click(what: Locator): Promise<void> {
      await what.click(patience)
      done.clicks++
    },
    async fill(what: Locator, text: string): Promise<void> {
      await what.fill(text, patience)
      done.fields++
    },
  }
}
type Hands = ReturnType<typeof createHands>

/** Opens a link that was handed on, and chooses a password. */
async function follow(link: string, { click, fill }: Hands): Promise<Visitor> {
  const visitor = await world.visit()
  const { page } = visitor
  await page.goto(link)
  await fill(page.getByLabel('New password', { exact: true }), PASSWORD)
  expect(await seriousFindings(page)).toEqual([])
  await click(page.locator('button[type=submit]'))
  await page.waitForURL(/\/inbox/, patience)
  return visitor
}

const linkIn = async (page: Page): Promise<string> =>
  ((await page.getByText(/welcome#token=/).textContent(patience)) as string).trim()
const go = (page: Page, name: string) => page.getByRole('link', { name, exact: true })

async function makeTenant(page: Page, { click, fill }: Hands): Promise<string> {
  await click(go(page, 'Tenants'))
  await click(page.getByRole('button', { name: 'New tenant' }))
  const dialog = page.getByRole('dialog')
  await fill(dialog.getByLabel('Name of the company'), 'Sahara Export')
  await fill(dialog.getByLabel('Name of its first admin'), 'Nadia Alami')
  await fill(dialog.getByLabel('Work e-mail of the admin'), 'nadia@sahara.example')
  await click(dialog.getByRole('button', { name: 'Create the tenant' }))
  return await linkIn(page)
}

async function invite(page: Page, { click, fill }: Hands): Promise<string> {
  await click(go(page, 'People'))
  await click(page.getByRole('button', { name: 'Invite somebody' }))
  const dialog = page.getByRole('dialog')
  await fill(dialog.getByLabel('Name'), 'Omar Fassi')
  await fill(dialog.getByLabel(/e-mail/), 'omar@sahara.example')
  await click(dialog.locator('button[type=submit]'))
  const link = await linkIn(page)
  await click(dialog.getByRole('button', { name: 'Close' }).last())
  return link
}

/** Through the dialog of Embedded Signup, which the simulator shows in a window of its own. */
async function connectNumber(page: Page, { click }: Hands): Promise<void> {
  await click(go(page, 'Inbox'))
  await page.locator('[aria-current=step]').getByText('Connect a number').waitFor(patience)
  await click(go(page, 'To the numbers'))
  const opening = page.waitForEvent('popup', patience)
  await click(page.getByRole('button', { name: 'Connect a number' }))
  const dialog = await opening
  await click(dialog.locator(`input[value="${SPARE.first}"]`))
  await click(dialog.getByRole('button', { name: 'Continue' }))
  await page.locator('[data-connection=DONE]').waitFor(patience)
}

async function writeTemplate(page: Page, { click, fill }: Hands): Promise<void> {
  await click(go(page, 'Inbox'))
  await page.locator('[aria-current=step]').getByText('Have a template').waitFor(patience)
  await click(go(page, 'Write a template'))
  await fill(page.getByLabel('Name', { exact: true }), 'order_shipped')
  await fill(page.getByLabel('Text', { exact: true }), 'Hello, your order {{1}} has left our warehouse.')
  await fill(page.getByLabel('Sample of {{1}}'), 'A-1042')
  await click(page.getByRole('button', { name: 'Submit to WhatsApp' }))
  // Its state changes by itself.
  await page.getByRole('region', { name: 'Preview' }).getByText('approved', { exact: true }).waitFor(patience)
}

/** A person writes to the new number; the agent answers with the new template. */
async function answer(page: Page, { click, fill }: Hands): Promise<Locator> {
  await world.customerWrites(CUSTOMER.waId, 'Where is my order?', { phoneNumberId: SPARE.first, name: CUSTOMER.name })
  await click(page.getByRole('tab', { name: 'Unassigned' }))
  await click(rowOf(page, CUSTOMER.name))
  await click(page.getByRole('button', { name: 'Template', exact: true }))
  await click(page.locator('[data-template]').filter({ hasText: 'order_shipped' }))
  await fill(page.getByLabel('Value 1', { exact: true }), 'A-7731')
  await click(page.getByRole('button', { name: 'Send template' }))
  return messageOf(page, 'your order A-7731 has left')
}

test(`from an empty installation to a message that a customer has read: at most ${MOST.clicks} clicks and ${MOST.fields} fields`, {
  timeout: START_MS,
}, async () => {
  const hands = createHands()
  const from = performance.now()
  const operator = await follow(await firstAdmin('root@operator.example'), hands)
  const admin = await follow(await makeTenant(operator.page, hands), hands)
  const link = await invite(admin.page, hands)
  await connectNumber(admin.page, hands)
  await writeTemplate(admin.page, hands)
  const agent = await follow(link, hands)
  await agent.page.locator('[aria-current=step]').getByText('The first message').waitFor(patience)
  expect(await seriousFindings(agent.page)).toEqual([])
  const message = await answer(agent.page, hands)
  await message.getByRole('img', { name: /^read / }).waitFor(patience)
  const seconds = Math.round((performance.now() - from) / 1000)
  console.log(`from nothing to read: ${hands.done.clicks} clicks, ${hands.done.fields} fields, ${seconds} s of the machine`)
  expect(hands.done.clicks).toBeLessThanOrEqual(MOST.clicks)
  expect(hands.done.fields).toBeLessThanOrEqual(MOST.fields)
  for (const { problems } of [operator, admin, agent]) expect(problems).toEqual([])
})
