import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import express from 'express'
import { expect, onTestFinished, test } from 'vitest'
import { serveDashboard } from './serve-dashboard.ts'

const SCRIPT = 'console.log(1)'

/** A built site, served before an API that answers everything else with 404 and JSON. */
async function site({ socketUrl = 'https://sockets.linko.test', isBuilt = true } = {}) {
  const dir = mkdtempSync(path.join(tmpdir(), 'linko-site-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const write = (name: string, content: string | Buffer) => {
    mkdirSync(path.dirname(path.join(dir, name)), { recursive: true })
    writeFileSync(path.join(dir, name), content)
  }
  if (isBuilt) {
    write('index.html', '<!doctype html>one')
    write('assets/index-4f2a.js', SCRIPT)
    write('assets/index-4f2a.js.gz', gzipSync(SCRIPT))
    write('first-paint.js', 'let a')
    write('.sources', 'secret')
    write('.vite/manifest.json', '{}')
  }
  const app = express()
  app.use(serveDashboard(dir, { socketUrl, isEncrypted: true }))
  app.use((_request, response) => void response.status(404).json({ errorCode: 'NOT_FOUND' }))
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const open = (address: string, headers: Record<string, string> = { accept: 'text/html,*/*' }, method = 'GET') =>
    fetch(`http://127.0.0.1:${port}${address}`, { headers, method })
  return { open, write, dir }
}

test('every address that a browser opens is the page, which is asked for each time', async () => {
  const { open } = await site()
  for (const address of ['/', '/inbox', '/inbox/655f00000000000000000000?tab=all', '/sign-in']) {
    const response = await open(address)
    expect([response.status, await response.text()]).toEqual([200, '<!doctype html>one'])
    expect(response.headers.get('cache-control')).toBe('no-cache')
  }
})

test('the API is never the page: not for an unknown address, not for another method, not for another client', async () => {
  const { open } = await site()
  for (const address of ['/api', '/api/v1/nothing', '/docs/nothing', '/health', '/metrics'])
    expect((await open(address)).status).toBe(404)
  expect((await open('/inbox', { accept: 'text/html' }, 'POST')).status).toBe(404)
  expect((await open('/inbox', { accept: 'application/json' })).status).toBe(404)
  // An old page asks for a chunk that is gone: it must notice.
  expect((await open('/assets/index-0000.js')).status).toBe(404)
})

test('files with a hash in their name are kept for a year, the others are asked for each time', async () => {
  const { open } = await site()
  const hashed = await open('/assets/index-4f2a.js', {})
  expect(hashed.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
  expect(hashed.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
  const plain = await open('/first-paint.js', {})
  expect(plain.headers.get('cache-control')).toBe('no-cache')
  const etag = plain.headers.get('etag') as string
  expect((await open('/first-paint.js', { 'if-none-match': etag })).status).toBe(304)
})

test('what was compressed by the build is sent compressed to who can read it', async () => {
  const { open } = await site()
  const small = await open('/assets/index-4f2a.js', { 'accept-encoding': 'gzip' })
  expect([small.headers.get('content-encoding'), await small.text()]).toEqual(['gzip', SCRIPT])
  const whole = await open('/assets/index-4f2a.js', { 'accept-encoding': 'identity' })
  expect([whole.headers.get('content-encoding'), await whole.text()]).toEqual([null, SCRIPT])
})

test('the policy allows own files and the sockets, and no inline script', async () => {
  const { open } = await site()
  const policy = (await open('/inbox')).headers.get('content-security-policy')
  expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'")
  expect(policy).toContain("connect-src 'self' https://sockets.linko.test wss://sockets.linko.test;")
  expect(policy).toContain("frame-ancestors 'none'")
  expect(policy).not.toContain('unsafe')
  const alone = (await (await site({ socketUrl: '' })).open('/inbox')).headers.get('content-security-policy')
  expect(alone).toContain("connect-src 'self';")
})

test('nothing beside the site is served', async () => {
  const { open } = await site()
  for (const address of [
    '/.sources',
    '/.vite/manifest.json',
    '/assets/../.sources',
    '/%2e%2e/package.json',
    '/assets/%2e%2e/.sources',
  ])
    expect((await open(address, {})).status).toBe(404)
})

test('a later build is noticed, and without a build nothing is', async () => {
  const { open, write, dir } = await site()
  await open('/inbox')
  write('index.html', '<!doctype html>two')
  utimesSync(path.join(dir, 'index.html'), new Date(), new Date(Date.now() + 10_000))
  expect(await (await open('/inbox')).text()).toBe('<!doctype html>two')
  expect((await (await site({ isBuilt: false })).open('/inbox')).status).toBe(404)
})

test('[ON-26] a page hears of the popups that it opens; only where Meta’s dialog returns a popup stays with its opener', async () => {
  const { open } = await site()
  const policyOf = async (address: string) => (await open(address)).headers.get('cross-origin-opener-policy')
  for (const address of ['/', '/inbox', '/numbers', '/numbers?tab=all', '/inbox?connection=1', '/numbers/x?connection=1'])
    expect([address, await policyOf(address)]).toEqual([address, 'same-origin-allow-popups'])
  for (const address of ['/numbers?connection=655f00000000000000000001&status=success', '/numbers/?status=error&connection=1'])
    expect([address, await policyOf(address)]).toEqual([address, 'unsafe-none'])
})
