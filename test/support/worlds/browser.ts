import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { onTestFailed } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { linkoDir } from '#deploy/local/profiles.ts'
import { type Stack, startStack } from '#deploy/local/stack.ts'
import { chromiumPath } from '../chromium.ts'
import { createWorld } from '../world.ts'

/** For what hangs: a page may be ten times slower on one machine than on another. */
export const PAGE_MS = 120_000
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** Run in the page, whose types these tests do not have. */
const FINDINGS = `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, impact, nodes }) =>
  ({ id, impact, nodes: nodes.map(({ target, failureSummary }) => target.join(' ') + ' ' + failureSummary) })))`
const WATCH_POLICY = `document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) =>
  reportViolation('policy: ' + effectiveDirective + ' ' + blockedURI))`
const { phoneNumberId } = DEMO_TENANTS.demo

export interface BrowserWorld extends AsyncDisposable {
  stack: Stack
  /** A visitor of its own: cookies and storage are empty. */
  visit(options?: BrowserContextOptions): Promise<Visitor>
  /** A customer writes, as the simulator of Meta does it. */
  customerWrites(from: string, text: string): Promise<void>
}

export interface Visitor {
  page: Page
  context: BrowserContext
  /** What no page may cause: violations of the policy, errors on the console, requests to anybody else. */
  problems: string[]
}

/** The whole of Linko with its built dashboard and the simulator, and a browser before it. */
export async function openBrowserWorld(): Promise<BrowserWorld> {
  await using opening = new AsyncDisposableStack()
  const world = opening.use(await createWorld())
  // The launcher takes servers that it is given; this process is the test file's own.
  Object.assign(process.env, { MONGODB_URI: world.mongodbUri, RABBITMQ_URL: world.rabbitmqUrl, REDIS_URL: world.redisUrl })
  const profile = `test-browser-${process.pid}`
  const stack = opening.use(
    await startStack({
      profile,
      envFile: path.join(linkoDir(profile), 'demo.env'),
      docker: 'container',
      extraEnv: { LOG_LEVEL: 'warn', RATE_LIMIT_API: '100000/min', RATE_LIMIT_AUTH: '100000/min' },
      report: () => undefined,
    }),
  )
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox'], timeout: PAGE_MS })
  opening.defer(() => browser.close())
  const opened = opening.move()
  return {
    stack,
    visit: options => visit(browser, stack.env, options),
    customerWrites: (from, text) => customerWrites(stack.env, from, text),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

async function visit(browser: Browser, env: Stack['env'], options: BrowserContextOptions = {}): Promise<Visitor> {
  const context = await browser.newContext({
    baseURL: env.BASE_URL as string,
    locale: 'en-GB',
    viewport: { width: 1440, height: 900 },
    ...options,
  })
  context.setDefaultTimeout(PAGE_MS)
  const page = await context.newPage()
  const problems: string[] = []
  onTestFailed(async () => {
    // What it looked like, for whoever reads the failure.
    await page.screenshot({ path: path.join(linkoDir('failed'), `${Date.now()}.png`) }).catch(() => undefined)
    console.error(`${page.url()}\n${problems.join('\n')}`)
  })
  await page.exposeFunction('reportViolation', (violation: string) => void problems.push(violation))
  await page.addInitScript(WATCH_POLICY)
  page.on('console', message => message.type() === 'error' && problems.push(`console: ${message.text()}`))
  page.on('pageerror', error => problems.push(`error: ${error.message}`))
  const own = [env.BASE_URL, env.SOCKET_URL, (env.SOCKET_URL as string).replace(/^http/, 'ws')].map(
    url => new URL(url as string).host,
  )
  const look = (url: string) => {
    const { protocol, host } = new URL(url)
    if (!['blob:', 'data:'].includes(protocol) && !own.includes(host)) problems.push(`foreign: ${url}`)
  }
  page.on('request', request => look(request.url()))
  page.on('websocket', socket => look(socket.url()))
  return { page, context, problems }
}

async function customerWrites({ META_GRAPH_URL }: Stack['env'], from: string, message: string): Promise<void> {
  const body = JSON.stringify({ phoneNumberId, from, message })
  const response = await fetch(`${META_GRAPH_URL}/_sim/inbound`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
  })
  if (!response.ok) throw new Error(`the simulator answered ${response.status}: ${await response.text()}`)
}

/** What axe finds serious or critical on the page as it is now. */
export async function seriousFindings(page: Page): Promise<string[]> {
  await page.evaluate(AXE)
  const findings = (await page.evaluate(FINDINGS)) as { id: string; impact: string; nodes: string[] }[]
  const serious = findings.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  return serious.flatMap(({ id, nodes }) => nodes.map(node => `${id}: ${node}`))
}

/** Signs in by a click on a person of the demo. */
export async function signInAs(page: Page, name: string): Promise<void> {
  await page.goto('/sign-in')
  await page.getByRole('button', { name: new RegExp(name) }).click()
  await page.waitForURL(/\/inbox/)
}
