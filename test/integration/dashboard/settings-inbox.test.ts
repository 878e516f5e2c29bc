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
import { KARIM, SALMA } from '#test/support/worlds/browser-steps.ts'
import { textOf } from '#test/support/worlds/browser-texts.ts'

const patience = { timeout: PAGE_MS }
const ENGLISH = ['en', 'light'] as const
const ARABIC = ['ar', 'dark'] as const
type Look = readonly ['en' | 'fr' | 'ar', 'light' | 'dark']

let world: BrowserWorld
beforeAll(async () => {
  world = await openBrowserWorld()
}, START_MS)
afterAll(async () => await world?.[Symbol.asyncDispose](), START_MS)

/** Opens a section of the settings as somebody of the demo, in a language and theme, with its texts. */
async function openSection(section: string, who: string, [locale, theme]: Look) {
  const { page, problems } = await world.visit({ chosen: { locale, theme } })
  await signInAs(page, who)
  await page.goto(`/settings?section=${section}`)
  const text = (id: string, values: Record<string, string> = {}) =>
    Object.entries(values).reduce((known, [name, value]) => known.replace(`{${name}}`, value), textOf(locale, id))
  const button = (id: string, values?: Record<string, string>) =>
    page.getByRole('button', { name: text(id, values), exact: true })
  return { page, problems, text, button, dialog: page.getByRole('dialog') }
}

const untilGone = (page: Page) => untilPasses(async () => expect(await page.getByRole('dialog').count()).toBe(0), PAGE_MS)

test.for([ENGLISH, ARABIC])(
  '[dashboard 3.9] a manager makes, renames, finds and deletes a label: %s, %s',
  { timeout: START_MS },
  async look => {
    const { page, problems, text, button, dialog } = await openSection('labels', 'Demo Manager', look)
    const [name, renamed] = [`Entretien ${look.join(' ')}`, `Embauche ${look.join(' ')}`]
    const label = async () =>
      (await world.call('manager', 'GET', '/labels')).data.find((one: { name: string }) => [name, renamed].includes(one.name))
    await button('labels.new').click()
    await dialog.getByLabel(text('labels.name')).fill(name)
    await dialog.getByLabel(text('labels.color')).fill('#00aa33')
    await dialog.getByLabel(text('labels.description')).fill('Premier rendez-vous')
    expect(await seriousFindings(page)).toEqual([])
    await dialog.getByRole('button', { name: text('labels.create') }).click()
    await page.getByText('Premier rendez-vous').last().waitFor(patience)
    expect(await label()).toMatchObject({ name, color: '#00aa33', description: 'Premier rendez-vous' })

    const [conversation] = (await world.call('manager', 'GET', `/conversations?q=${SALMA.waId}`)).data
    await world.call('manager', 'PATCH', `/conversations/${conversation.id}/labels`, { add: [name] })
    await button('labels.edit.of', { name }).click()
    await dialog.getByLabel(text('labels.name')).fill(renamed)
    await dialog.getByRole('button', { name: text('form.save') }).click()
    await untilGone(page)
    await button('labels.edit.of', { name: renamed }).waitFor(patience)
    expect((await world.call('manager', 'GET', `/conversations/${conversation.id}`)).labels).toContain(renamed)

    const row = page.getByRole('listitem').filter({ hasText: renamed })
    await row.getByRole('button', { name: text('labels.uses') }).click()
    await row.getByRole('link', { name: text('labels.uses.toConversations') }).waitFor(patience)
    expect(await seriousFindings(page)).toEqual([])
    await button('labels.remove.of', { name: renamed }).click()
    await dialog.getByRole('listitem').first().waitFor(patience)
    expect(await seriousFindings(page)).toEqual([])
    await dialog.getByRole('button', { name: text('labels.remove'), exact: true }).click()
    await untilGone(page)
    await untilPasses(async () => expect(await page.getByText(renamed).count()).toBe(0), PAGE_MS)
    expect(await label()).toBeUndefined()
    expect((await world.call('manager', 'GET', `/conversations/${conversation.id}`)).labels).not.toContain(renamed)
    expect(problems).toEqual([])
  },
)

test('a label that somebody else changes meanwhile is shown beside one’s own change', { timeout: START_MS }, async () => {
  const { id } = await world.call('manager', 'POST', '/labels', { name: 'Contested', color: '#aa3300' })
  const { page, dialog, button } = await openSection('labels', 'Demo Manager', ENGLISH)
  await button('labels.edit.of', { name: 'Contested' }).click()
  await dialog.getByLabel('Description').fill('mine')
  await world.call('tenant_admin', 'PATCH', `/labels/${id}`, { description: 'theirs' })
  await dialog.getByRole('button', { name: 'Save' }).click()
  const alert = dialog.getByRole('alert')
  await alert.getByText('theirs').waitFor(patience)
  expect(await alert.textContent()).toContain('Demo Admin')
  expect(await seriousFindings(page)).toEqual([])
  await alert.getByRole('button', { name: 'Save mine instead' }).click()
  await untilGone(page)
  const { data } = await world.call('manager', 'GET', '/labels')
  expect(data.find((one: { id: string }) => one.id === id).description).toBe('mine')
  await world.call('manager', 'DELETE', `/labels/${id}`)
})

test('[dashboard 3.9] a quick reply for everybody is made with a file, and an agent chooses it', {
  timeout: START_MS,
}, async () => {
  const { page, problems, button, dialog } = await openSection('replies', 'Demo Manager', ENGLISH)
  await button('replies.new').click()
  await dialog.getByLabel('Shortcut').fill('horaires')
  await dialog.getByLabel('Title').fill('Our hours')
  await dialog.getByLabel('Text', { exact: true }).fill('Bonjour ')
  await dialog.getByRole('button', { name: 'Customer’s first name' }).click()
  await dialog.getByRole('region', { name: 'Preview' }).getByText('Bonjour Salma').waitFor(patience)
  await dialog.getByLabel('File').setInputFiles({ name: 'hours.txt', mimeType: 'text/plain', buffer: Buffer.from('9 to 18') })
  await dialog.getByLabel('For whom').selectOption('account')
  expect(await seriousFindings(page)).toEqual([])
  await dialog.getByRole('button', { name: 'Create quick reply' }).click()
  await untilGone(page)
  const reply = async () =>
    (await world.call('agent', 'GET', '/quick-replies')).data.find((one: { shortcut: string }) => one.shortcut === 'horaires')
  const made = await reply()
  expect(made).toMatchObject({ scope: 'account', title: 'Our hours', text: 'Bonjour {{contact.firstName}}' })
  expect(made.mediaId).toMatch(/^[0-9a-f]{24}$/)

  await button('replies.edit.of', { name: 'Our hours' }).click()
  await dialog.getByRole('button', { name: 'Remove file' }).click()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await untilGone(page)
  expect((await reply()).mediaId).toBeNull()

  const agent = await world.visit()
  await signInAs(agent.page, 'Demo Agent')
  await agent.page.goto('/settings?section=replies')
  await agent.page.getByText('Our hours').waitFor(patience)
  expect(await agent.page.getByRole('button', { name: 'Edit “Our hours”' }).count()).toBe(0)
  await button('replies.remove.of', { name: 'Our hours' }).click()
  await dialog.getByRole('button', { name: 'Delete' }).click()
  await untilGone(page)
  expect(await reply()).toBeUndefined()
  expect(problems).toEqual([])
})

test('[dashboard 3.9] an admin sets hours, a holiday and an away message, which a customer gets', {
  timeout: START_MS,
}, async () => {
  const { page, problems, button } = await openSection('hours', 'Demo Admin', ENGLISH)
  const { data } = await world.call('tenant_admin', 'GET', '/phone-numbers')
  const answers = () => world.call('tenant_admin', 'GET', `/phone-numbers/${data[0].id}/automatic-answers`)
  await page.getByLabel('People answer at certain hours').check()
  await page.getByLabel('Monday, to').fill('17:30')
  await button('hours.copy').click()
  await page.getByLabel('Date without working hours').fill('2026-12-25')
  await page.getByRole('button', { name: 'Add holiday' }).click()
  await page.getByLabel('Answer who writes outside the working hours').check()
  await page.getByLabel('Text of the away message').fill('Fermé pour le moment')
  expect(await seriousFindings(page)).toEqual([])

  await page.getByRole('link', { name: 'My account' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Stay' }).click()
  await button('form.save').click()
  await untilPasses(async () => expect(await button('form.save').count()).toBe(0), PAGE_MS)
  const saved = await answers()
  expect(saved).toMatchObject({ away: 'Fermé pour le moment', greeting: null, hours: { holidays: ['2026-12-25'] } })
  expect(saved.hours.intervals).toEqual([1, 2, 3, 4, 5].map(day => ({ day, from: '09:00', to: '17:30' })))

  for (const day of ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday'])
    await page.getByRole('button', { name: `Remove times on ${day}` }).click()
  await button('form.save').click()
  await untilPasses(async () => expect((await answers()).hours.intervals).toEqual([]), PAGE_MS)
  // The recorder knows a number's answers a few seconds later.
  await untilPasses(async () => {
    await world.customerWrites(KARIM.waId, `Bonsoir ${Date.now()}`)
    const [conversation] = (await world.call('manager', 'GET', `/conversations?q=${KARIM.waId}`)).data
    const { data } = await world.call('manager', 'GET', `/conversations/${conversation.id}/messages`)
    expect(data.map(({ content }: { content: { text: string } }) => content.text)).toContain('Fermé pour le moment')
  }, PAGE_MS)
  await page.getByLabel('Answer who writes outside the working hours').uncheck()
  await page.getByLabel('People answer at certain hours').uncheck()
  await button('form.save').click()
  await untilPasses(async () => expect(await answers()).toMatchObject({ away: null, hours: null }), PAGE_MS)
  expect(problems).toEqual([])
})

test('[dashboard 3.9] an admin sets capacity, a rule, a ceiling, a price and limits', { timeout: START_MS }, async () => {
  const { page, problems, button } = await openSection('assignment', 'Demo Admin', ENGLISH)
  const settings = () => world.call('tenant_admin', 'GET', '/settings')
  const saved = () => untilPasses(async () => expect(await button('form.save').count()).toBe(0), PAGE_MS)
  const before = await settings()
  await page.getByLabel('New conversations go to').selectOption('least-busy')
  await page.getByLabel('Most open conversations of an agent').fill('8')
  await page.getByRole('button', { name: 'Add rule' }).click()
  await page.getByRole('checkbox', { name: 'Demo Agent' }).check()
  await page.getByLabel('For a closed window').selectOption({ index: 1 })
  expect(await seriousFindings(page)).toEqual([])
  await button('form.save').click()
  await saved()
  const rule = { label: null, clientId: null, agentIds: [await world.idOf('agent')] }
  expect((await settings()).assignment).toMatchObject({ mode: 'least-busy', capacity: 8, rules: [rule] })
  expect((await settings()).reengageTemplate).toMatchObject({ name: expect.any(String) })

  await page.goto('/settings?section=costs')
  await page.getByLabel('Stop before a month costs too much').check()
  await page.getByLabel('Most a month (MAD)').fill('5000')
  await page.getByRole('button', { name: 'Add price' }).click()
  const price = page.getByRole('group').last()
  await price.getByLabel('Country').fill('fr')
  await price.getByLabel('Amount (MAD)').fill('0.9')
  expect(await seriousFindings(page)).toEqual([])
  await world.call('tenant_admin', 'PATCH', '/settings', { spendCeiling: { amount: 4000 } })
  await button('form.save').click()
  const alert = page.getByRole('alert')
  await alert.getByText('4,000 MAD').waitFor(patience)
  await alert.getByText('5,000 MAD').waitFor(patience)
  expect(await seriousFindings(page)).toEqual([])
  await alert.getByRole('button', { name: 'Save mine instead' }).click()
  await saved()
  expect((await settings()).spendCeiling).toMatchObject({ amount: 5000, campaignsStopAt: 90, templatesStopAt: 95 })
  expect((await settings()).prices.at(-1)).toEqual({ category: null, country: 'FR', from: null, amount: 0.9 })

  await page.goto('/settings?section=limits')
  await page.getByLabel('Messages a minute').fill('900')
  await page
    .getByLabel(/Messages a second from/)
    .first()
    .fill('20')
  await button('form.save').click()
  await saved()
  const limits = await world.call('tenant_admin', 'GET', '/limits')
  expect([limits.messagesPerMinute.own, limits.numbers[0].maxPerSecond]).toEqual([900, 20])
  await world.call('tenant_admin', 'PUT', '/limits', {
    messagesPerMinute: null,
    numbers: [{ id: limits.numbers[0].id, maxPerSecond: null }],
  })
  const { assignment, spendCeiling, prices, reengageTemplate } = before
  await world.call('tenant_admin', 'PATCH', '/settings', { assignment, spendCeiling, prices, reengageTemplate })
  // The refusal that was wanted, as the browser notes it.
  expect(problems.filter(problem => !problem.includes('409'))).toEqual([])
})

const SECTIONS = ['company', 'labels', 'replies', 'hours', 'assignment', 'costs', 'limits', 'retention', 'keys']

test.for([['en', 'dark'], ARABIC] as const)(
  'axe finds nothing serious in any section, at any width, in %s, %s',
  { timeout: START_MS },
  async ([locale, theme]) => {
    await world.call('tenant_admin', 'PATCH', '/settings', { assignment: { mode: 'least-busy' }, spendCeiling: { amount: 4000 } })
    const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }
    const { page, problems } = await world.visit({ chosen: { locale, theme }, ...(locale === 'ar' ? phone : {}) })
    await signInAs(page, 'Demo Admin')
    const found: string[] = []
    for (const section of SECTIONS) {
      await page.goto(`/settings?section=${section}`)
      await page.locator('form, ul').last().waitFor(patience)
      await untilTrue(async () => (await page.locator('.pulsing:visible').count()) === 0, PAGE_MS)
      for (const finding of await seriousFindings(page)) found.push(`${section}: ${finding}`)
      const tooWide = (await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')) as number
      if (tooWide > 0) found.push(`${section}: ${tooWide} px too wide`)
    }
    expect(found).toEqual([])
    expect(problems).toEqual([])
  },
)
