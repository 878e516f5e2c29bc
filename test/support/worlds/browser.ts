import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { onTestFinished } from 'vitest'
import { DEMO_TENANTS, DEMO_USERS } from '#deploy/demo/world.ts'
import { freePort } from '#deploy/local/ports.ts'
import { linkoDir } from '#deploy/local/profiles.ts'
import { type Stack, startStack } from '#deploy/local/stack.ts'
import { chromiumPath } from '../chromium.ts'
import { startProxy } from '../tcp-proxy.ts'
import { createWorld } from '../world.ts'

/** For what hangs while everything starts, and for a test of many pages. */
export const START_MS = 600_000
/** For what hangs: a page may be ten times slower on one machine than on another. */
export const PAGE_MS = 120_000
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** A microphone that beeps, and whose use needs no click. */
const FAKE_MICROPHONE = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream']
/** Run in the page, whose types these tests do not have. */
const FINDINGS = `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, impact, nodes }) =>
  ({ id, impact, nodes: nodes.map(({ target, failureSummary }) => target.join(' ') + ' ' + failureSummary) })))`
const WATCH_POLICY = `document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) =>
  reportViolation('policy: ' + effectiveDirective + ' ' + blockedURI))`
const { phoneNumberId } = DEMO_TENANTS.demo

export interface BrowserWorld extends AsyncDisposable {
  stack: Stack
  mongodbUri: string
  /** The way from the browser to gateway and sockets: cut, nothing is reached; mended, everything is. */
  network: { cut(): void; mend(): void }
  /** The ways from Linko to its broker and to its database. */
  broker: { cut(): void; mend(): void }
  database: { cut(): void; mend(): void }
  /** A visitor of its own: cookies and storage are empty. */
  visit(options?: VisitOptions): Promise<Visitor>
  /** A customer writes, as the simulator of Meta does it: a text, or Meta's object of a message. */
  customerWrites(from: string, message: string | object, more?: object): Promise<void>
  /** Calls the API as a person of the demo, by role. @returns its answer */
  call(role: DemoRole, method: string, path: string, body?: object): Promise<ApiAnswer>
  /** A manager changes a conversation: `status`, `assign`. */
  change(conversationId: string, what: string, body: object): Promise<void>
  idOf(role: DemoRole): Promise<string>
  /** Asks the simulator of Meta to do something: `/people`. @returns its answer */
  simulate(path: string, body: object): Promise<Record<string, unknown>>
}

export type DemoRole = (typeof DEMO_USERS)[number]['role']
// biome-ignore lint/suspicious/noExplicitAny: a test says what it expects
export type ApiAnswer = any

export interface VisitOptions extends BrowserContextOptions {
  /** What the person has chosen before: language and theme. */
  chosen?: { locale?: 'en' | 'fr' | 'ar'; theme?: 'light' | 'dark' }
}

export interface Visitor {
  page: Page
  context: BrowserContext
  /** What no page may cause: violations of the policy, errors on the console, requests to anybody else. */
  problems: string[]
  /** Another tab of the same person, watched like the first. */
  openTab(): Promise<Page>
}

/**
 * The whole of Linko with its built dashboard and the simulator, and a browser before it. Ways in between can be cut.
 * @param env more of the services' variables @param isEmpty without the demo company: nobody can sign in yet
 */
export async function openBrowserWorld(env: Record<string, string> = {}, { isEmpty = false } = {}): Promise<BrowserWorld> {
  await using opening = new AsyncDisposableStack()
  const world = opening.use(await createWorld())
  const [gatewayPort, realtimePort] = [await freePort(), await freePort()]
  const [pages, sockets, broker, database] = [
    opening.use(await startProxy(`http://127.0.0.1:${gatewayPort}`)),
    opening.use(await startProxy(`http://127.0.0.1:${realtimePort}`)),
    opening.use(await startProxy(world.rabbitmqUrl)),
    // Directly to the one server, for the replica set's own address would lead past the proxy.
    opening.use(await startProxy(world.mongodbUri.replace(/\?.*$/, '?directConnection=true'))),
  ]
  const origin = (url: string) => new URL(url).origin
  // The launcher takes addresses that it is given; this process is the test file's own.
  Object.assign(process.env, {
    ...env,
    MONGODB_URI: database.url,
    RABBITMQ_URL: broker.url,
    REDIS_URL: world.redisUrl,
    GATEWAY_PORT: String(gatewayPort),
    REALTIME_PORT: String(realtimePort),
    BASE_URL: origin(pages.url),
    CORS_ORIGIN: origin(pages.url),
    SOCKET_URL: origin(sockets.url),
  })
  const profile = `test-browser-${process.pid}`
  const stack = opening.use(
    await startStack({
      profile,
      envFile: path.join(linkoDir(profile), 'demo.env'),
      docker: 'container',
      isEmpty,
      extraEnv: { LOG_LEVEL: 'warn', RATE_LIMIT_API: '100000/min', RATE_LIMIT_AUTH: '100000/min' },
      report: () => undefined,
    }),
  )
  const args = ['--no-sandbox', ...FAKE_MICROPHONE]
  const browser = await chromium.launch({ executablePath: chromiumPath(), args, timeout: PAGE_MS })
  opening.defer(() => browser.close())
  const opened = opening.move()
  const both = (what: 'cut' | 'mend') => () => {
    pages[what]()
    sockets[what]()
  }
  const simulate = (to: string, body: object) => askSimulator(stack.env, to, body)
  const call = createCaller(stack.env)
  return {
    stack,
    mongodbUri: world.mongodbUri,
    network: { cut: both('cut'), mend: both('mend') },
    broker,
    database,
    visit: options => visit(browser, stack.env, options),
    customerWrites: async (from, message, more = {}) =>
      void (await simulate('/inbound', { phoneNumberId, from, message, ...more })),
    call,
    change: async (id, what, body) => void (await call('manager', 'PATCH', `/conversations/${id}/${what}`, body)),
    idOf: async role => (await call(role, 'GET', '/auth/me')).id,
    simulate,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

async function visit(browser: Browser, env: Stack['env'], { chosen, ...options }: VisitOptions = {}): Promise<Visitor> {
  const context = await browser.newContext({
    baseURL: env.BASE_URL as string,
    locale: 'en-GB',
    viewport: { width: 1440, height: 900 },
    ...options,
  })
  context.setDefaultTimeout(PAGE_MS)
  const problems: string[] = []
  await context.exposeFunction('reportViolation', (violation: string) => void problems.push(violation))
  await context.addInitScript(WATCH_POLICY)
  if (chosen) {
    // Only until the person chooses something else.
    const kept = JSON.stringify(JSON.stringify(chosen))
    await context.addInitScript(`localStorage.getItem('linko.preferences') ?? localStorage.setItem('linko.preferences', ${kept})`)
  }
  const openTab = async () => {
    const page = await context.newPage()
    watch(page, env, problems)
    return page
  }
  const page = await openTab()
  onTestFinished(async ({ task }) => {
    // What it looked like, for whoever reads the failure.
    for (const [i, tab] of task.result?.state === 'fail' ? context.pages().entries() : []) {
      const file = path.join(linkoDir('failed'), `${Date.now()}-${i}.png`)
      await tab.screenshot({ path: file, timeout: PAGE_MS }).catch(() => undefined)
      console.error([tab.url(), file, ...problems].join('\n'))
    }
    await context.close().catch(() => undefined)
  })
  return { page, context, problems, openTab }
}

/** Notes what a page does that none may do. */
function watch(page: Page, env: Stack['env'], problems: string[]): void {
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
}

/** Past the proxies: a test does not need the network that it has cut. */
function createCaller({ GATEWAY_PORT }: Stack['env']): BrowserWorld['call'] {
  const ask = async (method: string, path: string, token: string | undefined, body?: object): Promise<ApiAnswer> => {
    const response = await fetch(`http://127.0.0.1:${GATEWAY_PORT}/api/v1${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      ...(body && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text ? JSON.parse(text) : null
  }
  return async (role, method, path, body) => {
    const { email, password } = DEMO_USERS.find(user => user.role === role) as (typeof DEMO_USERS)[number]
    const { accessToken } = await ask('POST', '/auth/login', undefined, { email, password })
    return await ask(method, path, accessToken, body)
  }
}

async function askSimulator({ META_GRAPH_URL }: Stack['env'], to: string, body: object): Promise<Record<string, unknown>> {
  const response = await fetch(`${META_GRAPH_URL}/_sim${to}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`the simulator answered ${response.status}: ${text}`)
  return text ? (JSON.parse(text) as Record<string, unknown>) : {}
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

/** Waits until the page's connection is live, in any language. */
export const untilLive = (page: Page): Promise<void> =>
  page.locator('[data-connection="live"]:visible').first().waitFor({ timeout: PAGE_MS })
