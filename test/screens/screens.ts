import { mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { type Browser, chromium, type Page } from 'playwright-core'
import sharp from 'sharp'
import { linkoDir } from '#deploy/local/profiles.ts'
import { startStack } from '#deploy/local/stack.ts'
import { ROOT } from '#shared/process/config.ts'
import { chromiumPath } from '#test/support/chromium.ts'
import { fillWorld } from './fill-world.ts'
import { LANGUAGES, type Look, type Shot, shotsOf, THEMES, WIDTHS } from './shots.ts'

/**
 * `npm run screens [page …]`: pictures of every page of the dashboard, in both themes, at 360 and 1440 px, in three languages, into
 * `docs/screens`. It starts Linko with a world of its own. Look at them one by one before they are committed.
 */
const TARGET = path.join(ROOT, 'docs/screens')
/** For what hangs. */
const PAGE_MS = 180_000
const wanted = process.argv.slice(2)

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
  const shots = shotsOf(await fillWorld(stack.env)).filter(({ name }) => wanted.length === 0 || wanted.includes(name))
  mkdirSync(TARGET, { recursive: true })
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox'], timeout: PAGE_MS })
  try {
    for (const language of LANGUAGES)
      for (const theme of THEMES)
        for (const width of WIDTHS) await takeSeries(browser, stack.env.BASE_URL as string, shots, { language, theme, width })
  } finally {
    await browser.close()
  }
}

/** All pictures of one look, by one visitor: first what is for everybody, then what needs somebody. */
async function takeSeries(browser: Browser, baseURL: string, shots: readonly Shot[], look: Look): Promise<void> {
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
  for (const shot of shots.filter(({ isPublic }) => isPublic)) await take(page, shot, look)
  await page.goto('/sign-in')
  await page.getByRole('button', { name: /Platform Admin/ }).click()
  await page.waitForURL(/\/inbox/)
  for (const shot of shots.filter(({ isPublic }) => !isPublic)) await take(page, shot, look)
  await context.close()
}

async function take(page: Page, { name, open }: Shot, look: Look): Promise<void> {
  const { language, theme, width } = look
  await open(page, look)
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

await takeAll()
