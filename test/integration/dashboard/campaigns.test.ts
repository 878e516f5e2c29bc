import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { untilPasses, untilTrue } from '#test/support/until.ts'
import {
  type BrowserWorld,
  openBrowserWorld,
  PAGE_MS,
  START_MS,
  seriousFindings,
  signInAs,
} from '#test/support/worlds/browser.ts'

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
  const answer = await fetch(`${world.stack.env.META_GRAPH_URL}/_sim/messages?limit=1`)
  return ((await answer.json()) as { total: number }).total
}

const MANY = { recipients: 1000, bad: 10, unreachable: 5 }

/** 1,000 people, five of whom nobody can reach, and ten rows that are nobody's. */
function largeFile(): Buffer {
  const rows = Array.from({ length: MANY.recipients + MANY.bad }, (_, i) => {
    if (i < MANY.bad) return `not a number ${i};Nobody;Fès`
    // Numbers of this kind always fail.
    return i < MANY.bad + MANY.unreachable
      ? `+336399899${i};Person ${i};Paris`
      : `+2126640${String(i).padStart(5, '0')};Person ${i};Rabat`
  })
  return Buffer.from(['Téléphone;Prénom;Ville', ...rows].join('\n'))
}

test('9: a campaign to 1,000 with ten bad rows: estimate, progress, pause, the rest, and a CSV of who got nothing', {
  timeout: START_MS,
}, async () => {
  const { page, problems } = await world.visit()
  await signInAs(page, 'Demo Manager')
  await page.getByRole('link', { name: 'Campaigns' }).click()
  await page.getByRole('link', { name: 'New campaign' }).click()
  await page.getByLabel('Name', { exact: true }).fill('A thousand')
  await page.getByLabel('Template', { exact: true }).selectOption({ label: 'welcome · en_US' })
  await page.getByRole('button', { name: 'Next: audience' }).click()
  const file = { name: 'thousand.csv', mimeType: 'text/csv', buffer: largeFile() }
  await page.getByLabel('File with recipients').setInputFiles(file)
  await page.getByRole('button', { name: 'Check the audience' }).click(patience)
  await page.getByText('1,000 recipients').waitFor(patience)
  expect(await page.locator('[data-audience]').textContent()).toMatch(/Not valid[\s\S]*10/)
  await page.getByRole('button', { name: 'Next: estimate' }).click()
  // Each figure of the estimate, and each country with its price.
  await page.getByText('of 1,010 rows').waitFor(patience)
  for (const name of ['Recipients', 'Costs at most', 'Takes', 'Done by'])
    expect(await page.locator(`dt:text-is("${name}") + dd`).textContent()).toMatch(/\d/)
  for (const [country, people] of [
    ['Morocco', '995'],
    ['France', '5'],
  ] as const)
    expect(await page.getByRole('row', { name: new RegExp(country) }).textContent()).toMatch(new RegExp(`${people}.*MAD`))
  await page.getByRole('button', { name: 'Next: schedule' }).click()
  const before = await accepted()
  await page.getByRole('button', { name: 'Send now' }).click()
  const dialog = page.getByRole('dialog')
  // From 1,000 on the number is typed.
  expect(await dialog.getByRole('button', { name: 'Send now' }).isDisabled()).toBe(true)
  await dialog.getByRole('textbox').fill('1000')
  await dialog.getByRole('button', { name: 'Send now' }).click()
  await page.locator('[data-campaign=RUNNING]').waitFor(patience)
  const sent = async () =>
    Number.parseInt(((await page.locator('[data-campaign] p').first().textContent()) ?? '').replaceAll(',', ''), 10)
  await untilTrue(async () => (await sent()) > 0, PAGE_MS)
  const early = await sent()
  await untilTrue(async () => (await sent()) > early, PAGE_MS)
  await page.getByRole('button', { name: 'Pause' }).click()
  await page.locator('[data-campaign=PAUSED]').waitFor(patience)
  // What was under way has arrived, as the page says, and nothing follows.
  await untilPasses(async () => expect(await sent()).toBe((await accepted()) - before), PAGE_MS)
  const held = await sent()
  expect(held).toBeLessThan(MANY.recipients)
  expect(await seriousFindings(page)).toEqual([])
  expect((await accepted()) - before).toBe(held)
  await page.getByRole('button', { name: 'Resume' }).click()
  await page.locator('[data-campaign=DONE]').waitFor(patience)
  await page.getByText('1,000 of 1,000 sent').waitFor(patience)
  await page.locator('[data-way=failed]').getByText(String(MANY.unreachable), { exact: true }).waitFor(patience)
  await page.getByText('131026').first().waitFor(patience)
  const report = (await download(page, () => page.getByRole('button', { name: 'All as CSV' }).first().click())).trim().split('\n')
  expect(report).toHaveLength(1 + MANY.bad + MANY.unreachable)
  expect(report.filter(row => row.includes('invalid'))).toHaveLength(MANY.bad)
  expect(report.filter(row => row.includes('131026'))).toHaveLength(MANY.unreachable)
  expect(await seriousFindings(page)).toEqual([])
  expect(problems).toEqual([])
})

test('an agent has no right to campaigns', { timeout: START_MS }, async () => {
  const { page } = await world.visit()
  await signInAs(page, 'Demo Agent')
  await page.goto('/campaigns')
  await page.getByRole('heading', { name: 'Your role does not include this' }).waitFor(patience)
})
