import { afterAll, beforeAll, expect, test } from 'vitest'
import { untilPasses, untilTrue } from '#test/support/until.ts'
import { type BrowserWorld, openBrowserWorld, PAGE_MS, seriousFindings, signInAs } from '#test/support/worlds/browser.ts'

const START_MS = 600_000
const patience = { timeout: PAGE_MS }

let world: BrowserWorld
beforeAll(async () => {
  world = await openBrowserWorld()
}, START_MS)
afterAll(async () => await world?.[Symbol.asyncDispose](), START_MS)

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
  const rows = await download(() => page.getByRole('button', { name: 'Save the rows that are left out' }).click())
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
  const report = await download(() => page.getByRole('button', { name: 'All as CSV' }).first().click())
  expect(report.match(/invalid/g)).toHaveLength(BAD)
  expect(report.match(/duplicate/g)).toHaveLength(1)
  expect(problems).toEqual([])

  async function sent(): Promise<number> {
    return Number.parseInt((await page.locator('[data-campaign] p').first().textContent()) ?? '', 10)
  }
  async function download(click: () => Promise<void>): Promise<string> {
    const coming = page.waitForEvent('download', patience)
    await click()
    const chunks: Buffer[] = []
    for await (const chunk of await (await coming).createReadStream()) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks).toString('utf8')
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

test('an agent has no right to campaigns', { timeout: START_MS }, async () => {
  const { page } = await world.visit()
  await signInAs(page, 'Demo Agent')
  await page.goto('/campaigns')
  await page.getByRole('heading', { name: 'Your role does not include this' }).waitFor(patience)
})
