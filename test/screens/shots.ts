import type { Page } from 'playwright-core'
import { VIEWS } from '#services/gateway/dashboard/src/features/operations/search.ts'
import { SECTIONS } from '#services/gateway/dashboard/src/features/settings/sections.ts'
import { textOf } from '#test/support/worlds/browser-texts.ts'
import { dashboardPages } from './dashboard-pages.ts'
import type { FilledWorld } from './fill-world.ts'

export const LANGUAGES = ['en', 'fr', 'ar'] as const
export const THEMES = ['light', 'dark'] as const
export const WIDTHS = [360, 1440] as const

/** How a picture is taken. */
export interface Look {
  language: (typeof LANGUAGES)[number]
  theme: (typeof THEMES)[number]
  width: (typeof WIDTHS)[number]
}

/** A picture: what is shown, for whom, and how one gets there. */
export interface Shot {
  name: string
  isPublic: boolean
  open(page: Page, look: Look): Promise<void>
}

/** All pictures: pages, their parts that have an address, and what is open in them. */
export function shotsOf(world: FilledWorld): Shot[] {
  const addresses = [
    ...SECTIONS.map(section => `/settings?section=${section}`),
    ...VIEWS.map(view => `/operations?view=${view}${view === 'find' ? `&q=${world.messageId}` : ''}`),
  ]
  return [
    ...dashboardPages().map(({ path, isPublic }) => ({
      ...at(path.slice(1).replaceAll('/', '-'), path === '/inbox' ? '/inbox?tab=all' : path),
      isPublic,
    })),
    ...addresses.map(address => at(address.replace(/^\/|&.*/g, '').replace(/\?\w+=/, '-'), address)),
    at('number', `/numbers/${world.numberId}`),
    at('template', `/templates?open=${world.templateId}`),
    at('template-edit', `/templates/${world.templateId}/edit`),
    at('campaign', `/campaigns/${world.campaignId}`),
    ...STATES,
  ]
}

/** A page by its address. */
const at = (name: string, address: string): Shot => ({
  name,
  isPublic: false,
  open: async page => void (await page.goto(address)),
})

async function openThread(page: Page, person: string): Promise<void> {
  await page.goto('/inbox?tab=all')
  await page.locator('a[data-conversation]').filter({ hasText: person }).first().click()
  await page.locator('[data-message]').first().waitFor()
}

/** What pages show when something in them is open. */
const STATES: readonly Shot[] = [
  { name: 'conversation', isPublic: false, open: page => openThread(page, 'Salma') },
  {
    name: 'contact-of-conversation',
    isPublic: false,
    async open(page) {
      await openThread(page, 'Salma')
      await page.goto(`${page.url()}&contact=true`)
      await page.locator('[data-pane=contact] h2').waitFor()
    },
  },
  { name: 'window-closed', isPublic: false, open: page => openThread(page, 'Karim') },
  {
    name: 'message-timeline',
    isPublic: false,
    async open(page) {
      await openThread(page, 'Omar')
      const id = await page.locator('[data-message]').last().getAttribute('data-message')
      await page.goto(`${page.url()}&message=${id}`)
      await page.locator('[data-pane=timeline] h2').waitFor()
    },
  },
  {
    name: 'several-selected',
    isPublic: false,
    async open(page) {
      await page.goto('/inbox?tab=all')
      await page.locator('a[data-conversation]').first().waitFor()
      await page.locator('[data-pane=list] header button').last().click()
      for (const i of [0, 2]) await page.locator('[data-pane=list] li input[type=checkbox]').nth(i).check()
    },
  },
  {
    name: 'first-message',
    isPublic: false,
    async open(page, { language }) {
      await page.goto('/contacts')
      await page.getByRole('button', { name: textOf(language, 'contacts.first.write') }).click()
      await page.getByRole('dialog').locator('[data-template]').first().waitFor()
    },
  },
  {
    name: 'answered-elsewhere',
    isPublic: false,
    async open(page) {
      await openThread(page, 'هند')
      await page.locator('[data-routing=other]').waitFor()
    },
  },
  {
    name: 'notifications',
    isPublic: false,
    async open(page, { language, width }) {
      const isPhone = width < 768
      await page.goto('/inbox?tab=all')
      await page.locator('a[data-conversation]').first().waitFor()
      if (isPhone) await page.getByRole('button', { name: textOf(language, 'app.nav.more'), exact: true }).click()
      const name = textOf(language, 'app.notifications')
      await page.getByRole(isPhone ? 'menuitem' : 'button', { name }).click()
      await page.getByRole('dialog').getByRole('checkbox').first().waitFor()
    },
  },
  {
    name: 'palette',
    isPublic: false,
    async open(page) {
      await page.goto('/inbox?tab=all')
      await page.locator('a[data-conversation]').first().waitFor()
      await page.keyboard.press('Control+k')
      await page.getByRole('dialog').getByRole('option').first().waitFor()
    },
  },
]
