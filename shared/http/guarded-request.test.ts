import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { checkedUrl, guardedRequest, RefusedAddress } from './guarded-request.ts'

test.for([
  'http://example.com/file',
  'https://example.com:8443/file',
  'ftp://example.com/file',
  'https://127.0.0.1/',
  'https://2130706433/',
  'https://0x7f.1/',
  'https://169.254.169.254/latest/meta-data',
  'https://10.1.2.3/',
  'https://100.64.0.1/',
  'https://[::1]/',
  'https://[::ffff:10.0.0.1]/',
  'https://[fd00::1]/',
  'https://[64:ff9b::7f00:1]/',
  'https://user:secret@example.com/',
  'not a url',
])('%s is refused', address => {
  expect(() => checkedUrl(address)).toThrow(RefusedAddress)
})

test('a public https address passes', () => {
  expect(checkedUrl('https://8.8.8.8/').hostname).toBe('8.8.8.8')
})

test('a name that resolves to a private address is refused when connecting', async () => {
  await expect(guardedRequest('https://localhost/')).rejects.toThrow(RefusedAddress)
})

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  onTestFinished(() => void server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('a configured host may be private, but may not redirect to another private one', async () => {
  const host = await serve((_request, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/inside' }).end())
  const call = guardedRequest(`http://${host}/`, { allowedHosts: [host], plainHosts: [host], redirects: 3 })
  await expect(call).rejects.toThrow(RefusedAddress)
})

test('[F51] a listed host is called by plain http only where that is allowed', async () => {
  const host = await serve((_request, response) => response.end('file'))
  await expect(guardedRequest(`http://${host}/`, { allowedHosts: [host] })).rejects.toThrow(RefusedAddress)
  await expect(guardedRequest(`http://${host}/`, { plainHosts: [host] })).rejects.toThrow(RefusedAddress)
  expect(checkedUrl(`https://${host}/`, [host]).host).toBe(host)
})

test('[F51] a redirect does not lead to a listed host by plain http', async () => {
  const target = await serve((_request, response) => response.end('file'))
  const host = await serve((_request, response) => response.writeHead(302, { location: `http://${target}/` }).end())
  const call = guardedRequest(`http://${host}/`, { allowedHosts: [host, target], plainHosts: [host], redirects: 1 })
  await expect(call).rejects.toThrow(RefusedAddress)
})

test('a body that drips is cut when its whole time is over, and when the caller gives up', async () => {
  const drips = new Set<NodeJS.Timeout>()
  const host = await serve((_request, response) => {
    response.write('a')
    const timer = setInterval(() => response.write('a'), 20)
    drips.add(timer)
    response.on('close', () => clearInterval(timer))
  })
  onTestFinished(() => {
    for (const timer of drips) clearInterval(timer)
  })
  const open = (more: object) => guardedRequest(`http://${host}/`, { allowedHosts: [host], plainHosts: [host], ...more })
  await expect(buffer((await open({ totalMs: 300 })).body)).rejects.toThrow()
  const giveUp = new AbortController()
  const { body } = await open({ signal: giveUp.signal })
  giveUp.abort(new Error('not wanted any more'))
  await expect(buffer(body)).rejects.toThrow('not wanted any more')
})

test('a body that nobody reads can be given up without a crash, and one that breaks off throws for who reads it', async () => {
  const host = await serve((request, response) => {
    response.write('beginning')
    if (request.url === '/broken') setImmediate(() => response.destroy())
  })
  const options = { allowedHosts: [host], plainHosts: [host] }
  const { body } = await guardedRequest(`http://${host}/endless`, options)
  body.destroy()
  // An error that nobody hears would end the test here.
  await new Promise(resolve => body.once('close', resolve))
  const { body: broken } = await guardedRequest(`http://${host}/broken`, options)
  await expect(buffer(broken)).rejects.toThrow()
})

test('a token does not follow a redirect to another host', async () => {
  const seen: (string | undefined)[] = []
  const target = await serve((request, response) => {
    seen.push(request.headers.authorization)
    response.end('file')
  })
  const host = await serve((_request, response) => response.writeHead(302, { location: `http://${target}/file` }).end())
  const response = await guardedRequest(`http://${host}/`, {
    allowedHosts: [host, target],
    plainHosts: [host, target],
    redirects: 1,
    headers: { authorization: 'Bearer secret' },
  })
  expect([response.status, seen]).toEqual([200, [undefined]])
  response.body.resume()
})
