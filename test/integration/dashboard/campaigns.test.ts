import { parse } from 'csv-parse/sync'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
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

const patience = { timeout: PAGE_MS }

let world: BrowserWorld
beforeAll(async () => {
  world = await openBrowserWorld()
}, START_MS)
afterAll(async () => await world?.[Symbol.asyncDispose](), START_MS)

/** What a click saves. */
async function download(page: Page, click: () => Promise<void>): Promise<string> {
  const coming = page.waitForEvent('download', patience)
  await click()
  const chunks: Buffer[] = []
  for await (const chunk of await (await coming).createReadStream()) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

const ROWS = 120
const BAD = 6

/** A file as Excel writes it in Morocco, with rows that cannot be sent to, and one person twice. */
function audienceFile(prefix: string): Buffer {
  const rows = Array.from({ length: ROWS }, (_, i) =>
    i < BAD ? `abc;Nobody ${i};Fès` : `+212${prefix}${String(i).padStart(5, '0')};Person ${i};Rabat`,
  )
  return Buffer.from(`\ufeff${['Téléphone;Prénom;Ville', ...rows, rows.at(-1)].join('\r\n')}`)
}

test('a manager sends a campaign by clicks: columns, estimate, pause, and who got nothing', { timeout: START_MS }, async () => {
  const { page, problems } = await world.visit()
  await signInAs(page, 'Demo Manager')
  await page.goto('/campaigns/new')
  await page.getByLabel('Name', { exact: true }).fill('November openings')
  await page.getByLabel('Template', { exact: true }).selectOption({ label: 'welcome · en_US' })
  await page.getByRole('complementary', { name: 'As it arrives' }).getByText('Hello').waitFor(patience)
  expect(await seriousFindings(page)).toEqual([])
  await page.getByRole('button', { name: 'Next: audience' }).click()

  const file = { name: 'people.csv', mimeType: 'text/csv', buffer: audienceFile('6620') }
  await page.getByLabel('File with recipients').setInputFiles(file)
  await page.getByRole('button', { name: 'Check the audience' }).click(patience)
  await page.getByText(`${ROWS - BAD} recipients`).waitFor(patience)
  expect(await page.locator('[data-audience]').textContent()).toMatch(/Not valid[\s\S]*6[\s\S]*Twice[\s\S]*1/)
  await page.getByRole('complementary', { name: 'As it arrives' }).getByText(`Person ${BAD}`).first().waitFor(patience)
  const rows = await download(page, () => page.getByRole('button', { name: 'Save the rows that are left out' }).click())
  expect(rows.trim().split('\n')).toHaveLength(1 + BAD + 1)
  await page.getByRole('button', { name: 'Next: estimate' }).click()
  await page.getByText('MAD 45.60').first().waitFor(patience)
  expect(await seriousFindings(page)).toEqual([])
  await page.getByRole('button', { name: 'Next: schedule' }).click()

  await page.getByLabel('Messages a minute at most').fill('60')
  await page.getByRole('button', { name: 'Send now' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Send now' }).click()
  await page.locator('[data-campaign=RUNNING]').waitFor(patience)
  await untilTrue(async () => (await sent()) >= 2)
  await page.getByRole('button', { name: 'Pause' }).click()
  await page.locator('[data-campaign=PAUSED]').waitFor(patience)
  expect(await sent()).toBeLessThan(ROWS - BAD)
  await page.getByRole('button', { name: 'Resume' }).click()
  await page.locator('[data-campaign=RUNNING]').waitFor(patience)
  await page.getByRole('button', { name: 'Cancel campaign' }).click()
  expect(await seriousFindings(page)).toEqual([])
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel it' }).click()
  await page.locator('[data-campaign=CANCELLED]').waitFor(patience)
  const report = await download(page, () => page.getByRole('button', { name: 'All as CSV' }).first().click())
  expect(report.match(/,SKIPPED,invalid,/g)).toHaveLength(BAD)
  expect(report.match(/,SKIPPED,duplicate,/g)).toHaveLength(1)
  expect(problems).toEqual([])

  async function sent(): Promise<number> {
    return Number.parseInt((await page.locator('[data-campaign] p').first().textContent()) ?? '', 10)
  }
})

test('everybody of the estimate got it, and who was left out says why', {
  timeout: START_MS,
}, async () => {
  const { page, problems } = await world.visit()
  await signInAs(page, 'Demo Manager')
  await page.goto('/campaigns/new')
  await page.getByLabel('Name', { exact: true }).fill('Second wave')
  await page.getByLabel('Template', { exact: true }).selectOption({ label: 'welcome · en_US' })
  await page.getByRole('button', { name: 'Next: audience' }).click()
  const file = { name: 'people.csv', mimeType: 'text/csv', buffer: audienceFile('6630') }
  await page.getByLabel('File with recipients').setInputFiles(file)
  await page.getByRole('button', { name: 'Check the audience' }).click(patience)
  await page.getByRole('button', { name: 'Next: estimate' }).click(patience)
  await page.getByRole('button', { name: 'Next: schedule' }).click(patience)
  await page.getByRole('button', { name: 'Send now' }).click(patience)
  await page.getByRole('dialog').getByRole('button', { name: 'Send now' }).click()
  await page.locator('[data-campaign=DONE]').waitFor(patience)
  await untilPasses(async () => {
    const text = await page.locator('[data-campaign=DONE]').textContent()
    expect(text).toContain(`${ROWS - BAD} of ${ROWS - BAD} sent`)
  }, PAGE_MS)
  await page.getByRole('combobox', { name: 'State of the message' }).selectOption('skipped')
  await page.getByText('The column Téléphone contains no valid phone number.').first().waitFor(patience)
  expect(new URL(page.url()).searchParams.get('recipients')).toBe('skipped')
  await page.goto('/campaigns')
  await page.getByRole('link', { name: 'Second wave' }).waitFor(patience)
  expect(await seriousFindings(page)).toEqual([])
  expect(problems).toEqual([])
})

/** Messages that Meta has accepted so far. */
async function accepted(): Promise<number> {
  return (await askMessages('limit=1')).total
}

/** When Meta accepted each message since a moment; all in ms since 1970. */
const acceptedSince = async (ms: number): Promise<number[]> =>
  (await askMessages(`sinceAt=${new Date(ms).toISOString()}`)).data.map(({ at }) => Date.parse(at))

async function askMessages(query: string): Promise<{ data: { at: string }[]; total: number }> {
  const answer = await fetch(`${world.stack.env.META_GRAPH_URL}/_sim/messages?${query}`)
  return (await answer.json()) as { data: { at: string }[]; total: number }
}

/**
 * Size of the large campaign: `CAMPAIGN_RECIPIENTS=10000` measures one, whose figures are then held to the promised bounds.
 * `CAMPAIGN_PER_MINUTE`: its own rate, where the machine has not the cores for that of the number, 4,800.
 */
const RECIPIENTS = Number(process.env.CAMPAIGN_RECIPIENTS ?? 1000)
const PER_MINUTE = process.env.CAMPAIGN_PER_MINUTE
const IS_MEASURED = process.env.CAMPAIGN_RECIPIENTS !== undefined
const MANY = { recipients: RECIPIENTS, bad: RECIPIENTS / 100, unreachable: RECIPIENTS / 200 }
/** What a message costs in the demo, in MAD. */
const PRICE = 0.4
const money = (amount: number) => Math.round(amount * 100) / 100

/** People, some of whom nobody can reach, behind rows that are nobody's. */
function largeFile(): Buffer {
  const rows = Array.from({ length: MANY.recipients + MANY.bad }, (_, i) => {
    if (i < MANY.bad) return `not a number ${i};Nobody;Fès`
    // Numbers of this kind always fail.
    return i < MANY.bad + MANY.unreachable
      ? `+3363998${9800 + i};Person ${i};Paris`
      : `+2126640${String(i).padStart(5, '0')};Person ${i};Rabat`
  })
  return Buffer.from(['Téléphone;Prénom;Ville', ...rows].join('\n'))
}

/** Lets the demo company write first to as many people as it likes: its limit is 2,000 in a day. */
async function liftMessagingLimit(): Promise<void> {
  await world.simulate(`/wabas/${DEMO_TENANTS.demo.wabaId}`, { messagingTier: 'TIER_UNLIMITED' })
  const number = async () => (await world.call('tenant_admin', 'GET', '/phone-numbers')).data[0]
  const { id } = await number()
  // Its fields are read from Meta at once after a pause.
  for (const move of ['pause', 'resume']) await world.call('tenant_admin', 'POST', `/phone-numbers/${id}/${move}`, {})
  await untilPasses(async () => expect((await number()).messagingLimit).toBeNull(), PAGE_MS)
}

/** What the company's messages of today have cost, once all that happened until now is counted. */
async function spent(): Promise<number> {
  const now = Date.now()
  // Nothing is counted anew until something happens.
  await world.customerWrites(SALMA.waId, 'Bonjour')
  let report = await world.call('manager', 'GET', '/analytics/cost')
  await untilTrue(async () => {
    report = await world.call('manager', 'GET', '/analytics/cost')
    return Date.parse(report.countedAt) > now
  }, PAGE_MS)
  return money(report.totals.cost.MAD ?? 0)
}

test('9: a large campaign with a bad row in a hundred: estimate, progress, pause, the rest, and a CSV of who got nothing', {
  timeout: IS_MEASURED ? 3 * START_MS : START_MS,
}, async () => {
  const { recipients, bad, unreachable } = MANY
  const shown = (value: number) => value.toLocaleString('en')
  await liftMessagingLimit()
  const { page, problems } = await world.visit()
  await signInAs(page, 'Demo Manager')
  await page.getByRole('link', { name: 'Campaigns' }).click()
  await page.getByRole('link', { name: 'New campaign' }).click()
  await page.getByLabel('Name', { exact: true }).fill('Thousands')
  await page.getByLabel('Template', { exact: true }).selectOption({ label: 'welcome · en_US' })
  await page.getByRole('button', { name: 'Next: audience' }).click()
  const file = { name: 'thousands.csv', mimeType: 'text/csv', buffer: largeFile() }
  await page.getByLabel('File with recipients').setInputFiles(file)
  await page.getByRole('button', { name: 'Check the audience' }).click(patience)
  await page.getByText(`${shown(recipients)} recipients`).waitFor(patience)
  expect(await page.locator('[data-audience]').textContent()).toMatch(new RegExp(`Not valid[\\s\\S]*${bad}`))
  await page.getByRole('button', { name: 'Next: estimate' }).click()
  // Each figure of the estimate, and each country with its price.
  await page.getByText(`of ${shown(recipients + bad)} rows`).waitFor(patience)
  for (const name of ['Recipients', 'Costs at most', 'Takes', 'Done by'])
    expect(await page.locator(`dt:text-is("${name}") + dd`).textContent()).toMatch(/\d/)
  for (const [country, people] of [
    ['Morocco', recipients - unreachable],
    ['France', unreachable],
  ] as const)
    expect(await page.getByRole('row', { name: new RegExp(country) }).textContent()).toMatch(new RegExp(`${shown(people)}.*MAD`))
  const [{ id }] = (await world.call('manager', 'GET', '/campaigns?limit=1')).data
  if (PER_MINUTE) await world.call('manager', 'PATCH', `/campaigns/${id}`, { perMinute: Number(PER_MINUTE) })
  const estimate = await world.call('manager', 'POST', `/campaigns/${id}/estimate`, {})
  expect(estimate).toMatchObject({ recipients, left: { invalid: bad }, cost: { amount: money(recipients * PRICE) } })
  await page.getByRole('button', { name: 'Next: schedule' }).click()
  if (PER_MINUTE) await page.getByLabel('Messages a minute at most').fill(PER_MINUTE)
  const [before, spentBefore] = [await accepted(), await spent()]
  await page.getByRole('button', { name: 'Send now' }).click()
  const dialog = page.getByRole('dialog')
  // From 1,000 on the number is typed.
  expect(await dialog.getByRole('button', { name: 'Send now' }).isDisabled()).toBe(true)
  await dialog.getByRole('textbox').fill(String(recipients))
  const startedAt = Date.now()
  await dialog.getByRole('button', { name: 'Send now' }).click()
  await page.locator('[data-campaign=RUNNING]').waitFor(patience)
  const sent = async () =>
    Number.parseInt(((await page.locator('[data-campaign] p').first().textContent()) ?? '').replaceAll(',', ''), 10)
  await untilTrue(async () => (await sent()) > 0, PAGE_MS)
  const early = await sent()
  await untilTrue(async () => (await sent()) > early, PAGE_MS)
  const pausedAt = Date.now()
  const answer = page.waitForResponse(response => response.url().endsWith('/pause'))
  await page.getByRole('button', { name: 'Pause' }).click()
  await answer
  const answeredAt = Date.now()
  await page.locator('[data-campaign=PAUSED]').waitFor(patience)
  // What was under way has arrived, as the page says, and nothing follows.
  await untilPasses(async () => expect(await sent()).toBe((await accepted()) - before), PAGE_MS)
  const held = await sent()
  expect(held).toBeLessThan(recipients)
  expect(await seriousFindings(page)).toEqual([])
  expect((await accepted()) - before).toBe(held)
  const late = (await acceptedSince(pausedAt)).map(at => at - pausedAt)
  const resumedAt = Date.now()
  await page.getByRole('button', { name: 'Resume' }).click()
  await page.locator('[data-campaign=DONE]').waitFor({ timeout: IS_MEASURED ? START_MS : PAGE_MS })
  await page.getByText(`${shown(recipients)} of ${shown(recipients)} sent`).waitFor(patience)
  expect((await accepted()) - before).toBe(recipients)
  await page.locator('[data-way=failed]').getByText(String(unreachable), { exact: true }).waitFor(patience)
  await page.getByText('131026').first().waitFor(patience)
  const csv = await download(page, () => page.getByRole('button', { name: 'All as CSV' }).first().click())
  const left: Record<string, string>[] = parse(csv, { columns: true, bom: true })
  // The file begins with them, so each is there once, and nobody else is.
  const expected = Array.from({ length: bad + unreachable }, (_, i) =>
    i < bad ? [i + 1, 'SKIPPED', 'invalid', ''] : [i + 1, 'FAILED', '', '131026'],
  )
  const listed = left.map(({ row, state, reason, code }) => [Number(row), state, reason, code] as const)
  expect(listed.toSorted(([one], [other]) => one - other)).toEqual(expected)
  // Whom nobody can reach costs nothing, so it is less than was said.
  let cost = 0
  await untilPasses(async () => {
    cost = money((await spent()) - spentBefore)
    expect(cost).toBe(money((recipients - unreachable) * PRICE))
  }, PAGE_MS)
  const lastAt = Math.max(...(await acceptedSince(resumedAt)))
  const seconds = (pausedAt - startedAt + (lastAt - resumedAt)) / 1000
  const figures = {
    ...{ recipients, refused: bad, failed: unreachable, csvRows: left.length, costEstimated: estimate.cost.amount, cost },
    ...{
      secondsEstimated: estimate.durationSeconds,
      seconds,
      pauseAnsweredMs: answeredAt - pausedAt,
      sentAfterPause: late.length,
      lastAfterPauseMs: Math.max(0, ...late),
    },
  }
  console.log(JSON.stringify(figures))
  if (IS_MEASURED) {
    expect(figures.lastAfterPauseMs).toBeLessThan(1000)
    expect(Math.abs(seconds / estimate.durationSeconds - 1)).toBeLessThan(0.1)
  }
  expect(await seriousFindings(page)).toEqual([])
  expect(problems).toEqual([])
})

test('an agent has no right to campaigns', { timeout: START_MS }, async () => {
  const { page } = await world.visit()
  await signInAs(page, 'Demo Agent')
  await page.goto('/campaigns')
  await page.getByRole('heading', { name: 'Your role does not include this' }).waitFor(patience)
})
