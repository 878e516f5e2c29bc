import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import express from 'express'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { serviceWorkerOf } from '#services/gateway/dashboard/build/service-worker-plugin.ts'
import { serveDashboard } from '#services/gateway/pages/serve-dashboard.ts'
import { chromiumPath } from '#test/support/chromium.ts'
import { untilPasses } from '#test/support/until.ts'
import { PAGE_MS } from '#test/support/worlds/browser.ts'

let browser: Browser
beforeAll(async () => {
  browser = await chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox'], timeout: PAGE_MS })
})
afterAll(async () => await browser?.close())

/** A site whose builds are a page, a chunk that it loads, and one that it loads later; and a browser of its own before it. */
async function site() {
  const dir = mkdtempSync(path.join(tmpdir(), 'linko-site-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const network: { state: 'open' | 'cut' | 'failing' } = { state: 'open' }
  const app = express()
  app.use((request, response, next) => {
    if (network.state === 'cut') request.socket.destroy()
    else if (network.state === 'failing') response.status(502).end('bad gateway')
    else next()
  })
  app.get('/api/v1/person', (_request, response) => void response.json({ name: 'Amina' }))
  app.use(serveDashboard(dir, { socketUrl: undefined, isEncrypted: false }))
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const context = await browser.newContext({ baseURL })
  context.setDefaultTimeout(PAGE_MS)
  onTestFinished(async () => await context.close())
  return { dir, network, context, ...deployer(dir) }
}

const pageOf = (build: string) =>
  `<!doctype html><title>${build}</title><script src="/first-paint.js"></script><script type="module" src="/assets/entry-${build}.js"></script>`

function deployer(dir: string) {
  let builtAt = Date.now()
  const write = (name: string, content: string) => {
    mkdirSync(path.dirname(path.join(dir, name)), { recursive: true })
    writeFileSync(path.join(dir, name), content)
  }
  const workerOf = (build: string) =>
    serviceWorkerOf({
      page: pageOf(build),
      assets: [`/assets/entry-${build}.js`, `/assets/later-${build}.js`, '/assets/same.js'],
      files: ['/first-paint.js'],
    })
  /** Puts a build in place of the one before. @param worker of which build its worker is */
  async function deploy(build: string, worker = build): Promise<void> {
    rmSync(path.join(dir, 'assets'), { recursive: true, force: true })
    write('first-paint.js', '')
    write(`assets/entry-${build}.js`, ENTRY.replaceAll('BUILD', build))
    write(`assets/later-${build}.js`, `export default 'later ${build}'`)
    write('assets/same.js', '')
    write('sw.js', await workerOf(worker))
    write('index.html', pageOf(build))
    builtAt += 10_000
    utimesSync(path.join(dir, 'index.html'), new Date(), new Date(builtAt))
  }
  return { deploy }
}

const ENTRY = `window.build = 'BUILD'
window.later = () => import('/assets/later-BUILD.js').then(module => module.default)
void navigator.serviceWorker.register('/sw.js').catch(() => {})`

async function open(context: BrowserContext, address = '/inbox'): Promise<Page> {
  const page = await context.newPage()
  await page.goto(address)
  return page
}
const buildOf = (page: Page) => page.evaluate('window.build')
const laterOf = (page: Page) => page.evaluate('window.later()')
/** Titles of the pages that are kept: one for each build that is complete. */
const keptBuilds = (page: Page): Promise<string[]> =>
  page.evaluate(`caches.keys().then(names => Promise.all(names.map(async name => {
    // To open a cache that was dropped in this moment would make it anew.
    const page = await caches.match('/', { cacheName: name })
    return page ? /<title>(.*)<.title>/.exec(await page.text())[1] : 'incomplete'
  })))`)
const untilKept = (page: Page, builds: string[]) =>
  untilPasses(async () => expect(await keptBuilds(page)).toEqual(builds), PAGE_MS)

test('what was opened once opens without network at any address, with what it loads later', async () => {
  const { context, network, deploy } = await site()
  await deploy('one')
  const first = await open(context)
  await untilKept(first, ['one'])
  for (const state of ['cut', 'failing'] as const) {
    network.state = state
    const page = await open(context, '/inbox/655f00000000000000000000?tab=all')
    expect(await buildOf(page)).toBe('one')
    expect(await laterOf(page)).toBe('later one')
  }
})

test('an open network shows the newest build; tabs of the one before find their chunks until they are closed', async () => {
  const { context, network, deploy } = await site()
  await deploy('one')
  const old = await open(context)
  await untilKept(old, ['one'])
  await deploy('two')
  const fresh = await open(context)
  expect(await buildOf(fresh)).toBe('two')
  await untilKept(fresh, ['one', 'two'])
  // The gateway no longer has it.
  expect(await laterOf(old)).toBe('later one')
  network.state = 'cut'
  const offline = await open(context)
  expect([await buildOf(offline), await laterOf(offline)]).toEqual(['two', 'later two'])
  network.state = 'open'
  for (const page of [old, fresh, offline]) await page.close()
  const next = await open(context)
  expect(await buildOf(next)).toBe('two')
  await untilKept(next, ['two'])
})

test('a build that is taken back is shown again, without network too', async () => {
  const { context, network, deploy } = await site()
  await deploy('one')
  const first = await open(context)
  await untilKept(first, ['one'])
  await deploy('two')
  await untilKept(await open(context), ['one', 'two'])
  await deploy('one')
  const back = await open(context)
  await untilKept(back, ['one', 'two', 'one'])
  network.state = 'cut'
  expect(await buildOf(await open(context))).toBe('one')
})

test('the page of another build is not kept beside the files of this one', async () => {
  const { context, network, deploy } = await site()
  await deploy('one')
  const first = await open(context)
  await untilKept(first, ['one'])
  await deploy('two', 'three')
  const page = await open(context)
  await page.evaluate(`navigator.serviceWorker.getRegistration().then(it => it.update()).catch(() => {})`)
  await untilKept(page, ['one'])
  network.state = 'cut'
  expect(await buildOf(await open(context))).toBe('one')
})

test('answers of the API are not kept', async () => {
  const { context, network, deploy } = await site()
  await deploy('one')
  await untilKept(await open(context), ['one'])
  const page = await open(context)
  const ask = `fetch('/api/v1/person').then(answer => answer.json(), () => null)`
  expect(await page.evaluate(ask)).toEqual({ name: 'Amina' })
  network.state = 'cut'
  expect(await page.evaluate(ask)).toBeNull()
})
