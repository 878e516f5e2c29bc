import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DashboardPage, dashboardPages } from '#test/screens/dashboard-pages.ts'
import { untilPasses, untilTrue } from '#test/support/until.ts'
import {
  type BrowserWorld,
  openBrowserWorld,
  PAGE_MS,
  START_MS,
  seriousFindings,
  signInAs,
} from '#test/support/worlds/browser.ts'
import { ELODIE, openConversation, rowOf, SALMA } from '#test/support/worlds/browser-steps.ts'

/** A look at every page. */
const ALL_MS = 900_000
const patience = { timeout: PAGE_MS }

const pages = dashboardPages()
let world: BrowserWorld
beforeAll(async () => {
  world = await openBrowserWorld()
}, START_MS)
afterAll(async () => await world?.[Symbol.asyncDispose](), START_MS)

/** The page as it is when everything has come. */
async function settled(page: Page): Promise<void> {
  await page.locator('h1:visible, h2:visible').first().waitFor(patience)
  await untilTrue(async () => (await page.locator('.pulsing:visible').count()) === 0, PAGE_MS)
}

async function open(page: Page, { path }: DashboardPage): Promise<void> {
  await page.goto(path)
  await settled(page)
}

/** What can be opened over the inbox: how, and what is there then. */
const OVERLAYS: Record<string, (page: Page) => Promise<void>> = {
  palette: async page => await opened(page, 'Control+k', '[role=dialog], dialog[open]'),
  shortcuts: async page => await opened(page, '?', 'dialog[open]'),
  assign: async page => await opened(page, 'a', 'dialog[open] [role=option]'),
  labels: async page => await opened(page, 'l', 'dialog[open]'),
  snooze: async page => await opened(page, 'z', 'dialog[open] [role=option]'),
  views: async page => {
    await page.locator('[data-pane=list] header button').nth(-2).click()
    await page.locator('dialog[open]').waitFor(patience)
  },
  person: async page => {
    await page.locator('nav button[aria-haspopup=menu]:visible').last().click()
    await page.getByRole('menu').waitFor(patience)
  },
}

async function opened(page: Page, key: string, selector: string): Promise<void> {
  // Out of the composer, where letters are letters.
  await page.locator('[data-pane=thread] h2').first().click()
  await untilPasses(async () => {
    await page.keyboard.press(key)
    await page.locator(selector).first().waitFor({ timeout: 5000 })
  }, PAGE_MS)
}

describe.for([
  ['en', 'light'],
  ['en', 'dark'],
  ['ar', 'light'],
  ['ar', 'dark'],
] as const)('in %s, %s', ([locale, theme]) => {
  test('axe finds nothing serious on any page, and no page breaks the policy', { timeout: ALL_MS }, async () => {
    const { page, problems } = await world.visit({ chosen: { locale, theme } })
    const found: string[] = []
    const look = async (where: string) => {
      expect(await page.evaluate('document.documentElement.dir')).toBe(locale === 'ar' ? 'rtl' : 'ltr')
      for (const finding of await seriousFindings(page)) found.push(`${where}: ${finding}`)
    }
    expect(pages.length).toBeGreaterThan(6)
    for (const one of pages.filter(({ isPublic }) => isPublic)) {
      await open(page, one)
      await look(one.name)
    }
    await signInAs(page, 'Platform Admin')
    for (const one of pages.filter(({ isPublic }) => !isPublic)) {
      await open(page, one)
      await look(one.name)
    }
    await page.goto('/inbox?tab=all')
    await openConversation(page, SALMA.name)
    await settled(page)
    await look('inbox, a conversation')
    expect(found).toEqual([])
    expect(problems).toEqual([])
  })
})

test('axe finds nothing serious in what floats above the inbox, nor at 360 px', { timeout: ALL_MS }, async () => {
  const { page, problems } = await world.visit()
  await signInAs(page, 'Demo Admin')
  await page.goto('/inbox?tab=all')
  await openConversation(page, SALMA.name)
  const found: string[] = []
  for (const [name, show] of Object.entries(OVERLAYS)) {
    await show(page)
    for (const finding of await seriousFindings(page)) found.push(`${name}: ${finding}`)
    await page.keyboard.press('Escape')
    await untilTrue(async () => (await page.locator('dialog[open], [role=menu]:visible').count()) === 0, PAGE_MS)
  }
  const phone = await world.visit({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true })
  await signInAs(phone.page, 'Demo Admin')
  for (const one of pages.filter(({ isPublic }) => !isPublic)) {
    await open(phone.page, one)
    for (const finding of await seriousFindings(phone.page)) found.push(`${one.name} at 360 px: ${finding}`)
    const tooWide = (await phone.page.evaluate('document.documentElement.scrollWidth - window.innerWidth')) as number
    expect([one.name, Math.max(0, tooWide)]).toEqual([one.name, 0])
  }
  expect(found).toEqual([])
  expect([...problems, ...phone.problems]).toEqual([])
})

/** Each would do something as markup, as a template of another library, or as an address. */
const PAYLOADS = [
  '<img src=x onerror="window.pwned=1">',
  '<script>window.pwned=1</script>',
  '"><svg/onload=window.pwned=1>',
  '</textarea><script>window.pwned=1</script>',
  '<iframe srcdoc="<script>parent.pwned=1</script>"></iframe>',
  '<a href="javascript:window.pwned=1">click</a>',
  '<style>*{display:none}</style>',
  '<form action=https://evil.example><input name=a></form>',
  '{{constructor.constructor("window.pwned=1")()}}',
  '$' + '{window.pwned=1}',
  'javascript:window.pwned=1',
  '[click](javascript:window.pwned=1)',
  '\u202e<b>gnp.exe</b>',
  '*<i>bold</i>* _<u>x</u>_ `<b>code</b>`',
]

test('markup in names, texts, file names, notes, labels and values of templates stays text', { timeout: ALL_MS }, async () => {
  const ask = (method: string, path: string, body?: object) => world.call('tenant_admin', method, path, body)
  const file = { mime_type: 'text/plain', data: Buffer.from('a').toString('base64') }
  for (const [i, payload] of PAYLOADS.entries()) {
    await world.customerWrites(ELODIE.waId, payload, i === 0 ? { name: PAYLOADS[0] } : {})
    if (i < 3) await world.customerWrites(ELODIE.waId, { type: 'document', document: { ...file, filename: `${payload}.txt` } })
  }
  const [conversation] = (await ask('GET', `/conversations?q=${ELODIE.waId}`)).data
  const { id } = conversation
  await ask('POST', '/labels', { name: '<img src=x onerror=window.pwned=1>' })
  await ask('PATCH', `/conversations/${id}/labels`, { add: ['<img src=x onerror=window.pwned=1>'] })
  await ask('POST', `/conversations/${id}/notes`, { text: PAYLOADS[1] })
  await ask('PATCH', `/contacts/${conversation.contact.id}`, {
    name: PAYLOADS[2],
    attributes: { city: PAYLOADS[0], link: PAYLOADS[10] },
  })
  await ask('POST', '/messages/send-template', {
    to: ELODIE.waId,
    templateName: 'welcome',
    language: 'en_US',
    variables: [PAYLOADS[5]],
  })

  const { page, problems } = await world.visit()
  await signInAs(page, 'Demo Admin')
  await page.goto(`/inbox/${id}?tab=all`)
  await page.locator('[data-message]').first().waitFor(patience)
  await untilTrue(async () => ((await page.locator('[data-pane=thread]').textContent()) ?? '').includes('Hello '), PAGE_MS)
  const textOf = async (selector: string) => ((await page.locator(selector).textContent()) ?? '').replace(/\s+/g, ' ')
  for (const payload of PAYLOADS.slice(0, -1))
    await untilPasses(async () => expect(await textOf('[data-pane=thread] ol')).toContain(payload), PAGE_MS)
  expect(await textOf('[data-pane=thread] ol')).toContain(`${PAYLOADS[0]}.txt`)
  const contact = '[data-pane=contact]'
  for (const payload of [PAYLOADS[0], PAYLOADS[1], PAYLOADS[2], PAYLOADS[10], '<img src=x onerror=window.pwned=1>'] as string[])
    await untilPasses(async () => expect(await textOf(contact)).toContain(payload), PAGE_MS)
  await untilPasses(async () => expect(await rowOf(page, PAYLOADS[2] as string).count()).toBe(1), PAGE_MS)
  await harmless(page)
  await page.goto('/contacts')
  await page
    .getByText(PAYLOADS[2] as string)
    .first()
    .waitFor(patience)
  await harmless(page)
  expect(problems).toEqual([])
})

async function harmless(page: Page): Promise<void> {
  expect(await page.evaluate('window.pwned')).toBeUndefined()
  const made = await page.evaluate(
    `document.querySelectorAll('img[src=x], iframe, form[action], svg[onload], main script, main style, [onerror]').length`,
  )
  expect(made).toBe(0)
  const addresses = (await page.evaluate(`[...document.querySelectorAll('a[href]')].map(a => a.protocol)`)) as string[]
  expect(addresses.filter(protocol => protocol !== 'http:' && protocol !== 'https:')).toEqual([])
}
