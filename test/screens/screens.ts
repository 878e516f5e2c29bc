import { mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { type Browser, chromium, type Page } from 'playwright-core'
import sharp from 'sharp'
import { linkoDir } from '#deploy/local/profiles.ts'
import { startStack } from '#deploy/local/stack.ts'
import { ROOT } from '#shared/process/config.ts'
import { chromiumPath } from '#test/support/chromium.ts'
import { dashboardPages } from './dashboard-pages.ts'
import { fillWorld } from './fill-world.ts'

/**
 * `npm run screens [page …]`: pictures of every page of the dashboard, in both themes, at 360 and 1440 px, in three languages, into
 * `docs/screens`. It starts Linko with a world of its own. Look at them one by one before they are committed.
 */
const TARGET = path.join(ROOT, 'docs/screens')
const LANGUAGES = ['en', 'fr', 'ar'] as const
const THEMES = ['light', 'dark'] as const
const WIDTHS = [360, 1440] as const
/** For what hangs. */
const PAGE_MS = 180_000
const wanted = process.argv.slice(2)

/** A picture: what is shown, for whom, and how one gets there. */
interface Shot {
  name: string
  isPublic: boolean
  /** In which languages; without, in all. */
  languages?: readonly string[]
  open(page: Page): Promise<void>
}

const shots = [...pagesOfRoutes(), ...states()].filter(({ name }) => wanted.length === 0 || wanted.includes(name))

async function takeAll(): Promise<void> {
  const profile = 'screens'
  // Nothing of an earlier world, whose times would be those of another day.
  rmSync(linkoDir(profile), { recursive: true, force: true })
  await using stack = await startStack({
    profile,
    envFile: path.join(linkoDir(profile), 'demo.env'),
    docker: 'never',
    extraEnv: { LOG_LEVEL: 'warn', RATE_LIMIT_API: '100000/min', RATE_LIMIT_AUTH: '100000/min' },
    report: line => console.log(line),
  })
  await fillWorld(stack.env)
  mkdirSync(TARGET, { recursive: true })
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox'], timeout: PAGE_MS })
  try {
    for (const language of LANGUAGES)
      for (const theme of THEMES)
        for (const width of WIDTHS) await takeSeries(browser, stack.env.BASE_URL as string, { language, theme, width })
  } finally {
    await browser.close()
  }
}

interface Look {
  language: (typeof LANGUAGES)[number]
  theme: (typeof THEMES)[number]
  width: (typeof WIDTHS)[number]
}

/** All pictures of one look, by one visitor: first what is for everybody, then what needs somebody. */
async function takeSeries(browser: Browser, baseURL: string, look: Look): Promise<void> {
  const { language, theme, width } = look
  const isPhone = width < 768
  const context = await browser.newContext({
    baseURL,
    locale: language,
    viewport: { width, height: isPhone ? 740 : 900 },
    ...(isPhone && { hasTouch: true, isMobile: true }),
    reducedMotion: 'reduce',
  })
  context.setDefaultTimeout(PAGE_MS)
  const kept = JSON.stringify(JSON.stringify({ locale: language, theme }))
  await context.addInitScript(`localStorage.setItem('linko.preferences', ${kept})`)
  const page = await context.newPage()
  const own = shots.filter(({ languages }) => languages?.includes(language) ?? true)
  for (const shot of own.filter(({ isPublic }) => isPublic)) await take(page, shot, look)
  await page.goto('/sign-in')
  await page.getByRole('button', { name: /Platform Admin/ }).click()
  await page.waitForURL(/\/inbox/)
  for (const shot of own.filter(({ isPublic }) => !isPublic)) await take(page, shot, look)
  await context.close()
}

async function take(page: Page, { name, open }: Shot, { language, theme, width }: Look): Promise<void> {
  await open(page)
  await settled(page)
  const png = await page.screenshot({ animations: 'disabled' })
  const file = `${name}-${language}-${width}-${theme}.webp`
  await sharp(png).webp({ quality: 55, effort: 4 }).toFile(path.join(TARGET, file))
  console.log(file)
}

const IS_SETTLED = `
  [...document.querySelectorAll('.pulsing')].every(bone => bone.getClientRects().length === 0) &&
  [...document.images].every(image => image.complete) &&
  (document.querySelector('nav') === null || document.querySelector('[data-connection=live]') !== null)`

/** As it is when everything has come: headings, no place holders, pictures, and the connection. */
async function settled(page: Page): Promise<void> {
  await page.locator('h1:visible, h2:visible').first().waitFor()
  // By the driver: the policy of the page allows no evaluation of its own.
  while (!(await page.evaluate(IS_SETTLED))) await setTimeout(100)
  await page.waitForLoadState('networkidle')
}

function pagesOfRoutes(): Shot[] {
  return dashboardPages().map(({ path: address, isPublic }) => ({
    name: address.slice(1).replaceAll('/', '-'),
    isPublic,
    open: async page => void (await page.goto(address === '/inbox' ? '/inbox?tab=all' : address)),
  }))
}

/** What pages show when something in them is open. */
function states(): Shot[] {
  const openThread = async (page: Page) => {
    await page.goto('/inbox?tab=all')
    await page.locator('a[data-conversation]').filter({ hasText: 'Salma' }).first().click()
    await page.locator('[data-message]').first().waitFor()
  }
  return [
    { name: 'conversation', isPublic: false, open: openThread },
    {
      name: 'contact-of-conversation',
      isPublic: false,
      languages: ['en'],
      async open(page) {
        await openThread(page)
        await page.goto(`${page.url()}&contact=true`)
        await page.locator('[data-pane=contact] h2').waitFor()
      },
    },
    {
      name: 'window-closed',
      isPublic: false,
      languages: ['en'],
      async open(page) {
        await page.goto('/inbox?tab=all')
        await page.locator('a[data-conversation]').filter({ hasText: 'Karim' }).first().click()
        await page.locator('[data-message]').first().waitFor()
      },
    },
    {
      name: 'several-selected',
      isPublic: false,
      languages: ['en'],
      async open(page) {
        await page.goto('/inbox?tab=all')
        await page.locator('a[data-conversation]').first().waitFor()
        await page.locator('[data-pane=list] header button').last().click()
        for (const i of [0, 2]) await page.locator('[data-pane=list] li input[type=checkbox]').nth(i).check()
      },
    },
  ]
}

await takeAll()
