import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { untilPasses } from '#test/support/until.ts'
import { type BrowserWorld, openBrowserWorld, PAGE_MS, seriousFindings, signInAs } from '#test/support/worlds/browser.ts'
import { SALMA } from '#test/support/worlds/browser-steps.ts'
import { textOf } from '#test/support/worlds/browser-texts.ts'

const START_MS = 600_000
const patience = { timeout: PAGE_MS }
const LOOKS = [
  ['en', 'light'],
  ['en', 'dark'],
  ['ar', 'dark'],
] as const

let world: BrowserWorld
beforeAll(async () => {
  world = await openBrowserWorld()
}, START_MS)
afterAll(async () => await world?.[Symbol.asyncDispose](), START_MS)

/** Opens a section of the settings as somebody of the demo, in a language and theme, with its texts. */
async function openSection(section: string, who: string, [locale, theme]: (typeof LOOKS)[number]) {
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

test.for(LOOKS)(
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
  const { page, dialog, button } = await openSection('labels', 'Demo Manager', ['en', 'light'])
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
