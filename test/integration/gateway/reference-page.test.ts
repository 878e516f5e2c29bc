import { chromium } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chromiumPath } from '#test/support/chromium.ts'
import { createWorld } from '#test/support/world.ts'
import { type Gateway, openGateway } from '#test/support/worlds/gateway.ts'

/** For what hangs. */
const PAGE_MS = 170_000
const WATCH_POLICY = `document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) =>
  report('policy: ' + effectiveDirective + ' ' + blockedURI))`

const stack = new AsyncDisposableStack()
let gateway: Gateway
beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld())))
})
afterAll(() => stack.disposeAsync())

test('[DC-01] the reference shows the routes, and asks nobody but this host for anything', async () => {
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox'], timeout: PAGE_MS })
  stack.defer(() => browser.close())
  const page = await browser.newPage()
  const problems: string[] = []
  await page.exposeFunction('report', (problem: string) => void problems.push(problem))
  await page.addInitScript(WATCH_POLICY)
  page.on('console', message => message.type() === 'error' && problems.push(`console: ${message.text()}`))
  page.on('pageerror', error => problems.push(`error: ${error.message}`))
  page.on('request', request => {
    const { protocol, origin } = new URL(request.url())
    if (!['blob:', 'data:'].includes(protocol) && origin !== gateway.url) problems.push(`foreign: ${request.url()}`)
  })
  await page.goto(`${gateway.url}/docs`, { timeout: PAGE_MS })
  await page.getByText('Sign in with e-mail and password').first().waitFor({ timeout: PAGE_MS })
  await page.getByText('/api/v1/auth/login').first().waitFor({ timeout: PAGE_MS })
  expect(problems).toEqual([])
})

test('the policy of the reference lets nothing inline run, and every other answer keeps the stricter one', async () => {
  const policyOf = async (path: string) => (await gateway.call('GET', path)).headers.get('content-security-policy') ?? ''
  const policy = await policyOf('/docs')
  expect(policy).toContain("default-src 'none'; script-src 'self';")
  expect(policy).toContain("connect-src 'self'")
  expect(policy.match(/'unsafe-[a-z-]+'/g)).toEqual(["'unsafe-inline'"])
  expect(policy).toContain("style-src 'self' 'unsafe-inline'")
  for (const path of ['/api/v1/openapi.json', '/api/v1/health', '/docs/nothing'])
    expect(await policyOf(path)).not.toContain('unsafe')
})

test('the script of the reference is sent compressed, and once', async () => {
  const get = (headers: Record<string, string>) => fetch(`${gateway.url}/docs/scalar.js`, { headers })
  const first = await get({ 'accept-encoding': 'gzip' })
  expect([first.status, first.headers.get('content-encoding')]).toEqual([200, 'gzip'])
  const text = await first.text()
  expect(text).toContain('createApiReference')
  const plain = await get({ 'accept-encoding': 'identity' })
  expect([plain.headers.get('content-encoding'), (await plain.text()) === text]).toEqual([null, true])
  expect((await get({ 'if-none-match': first.headers.get('etag') as string })).status).toBe(304)
})
