import { createServer, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import pino from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { sign } from '#shared/meta/signature.ts'
import { listen } from '#shared/process/health.ts'
import type { OutgoingMessage } from '#shared/queue/types.ts'
import { untilTrue } from '#test/support/until.ts'
import { type BodyReader, createBodyReader } from './bodies.ts'
import { SERVER_OPTIONS, watchConnections } from './connections.ts'
import { createReceiver } from './receiver.ts'

const SECRET = 'the-secret-of-the-door'
const FORGED = `sha256=${'0'.repeat(64)}`
const PATH = '/api/v1/webhook'
const envelope = (filling = '') =>
  `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"a":"${filling}"}}]}]}`

interface Options {
  bodies?: BodyReader
  trustProxy?: number
  /** Resolves when the broker confirms; it does so at once by default. */
  confirmed?: Promise<void>
}

/** The webhook's server as `main.ts` builds it, with a broker that takes everything. */
async function open({ bodies = createBodyReader(), trustProxy = 0, confirmed = Promise.resolve() }: Options = {}) {
  const published: OutgoingMessage[] = []
  const receiver = createReceiver({
    queue: {
      async publish(message) {
        published.push(message)
        await confirmed
      },
    },
    spool: null,
    secrets: [SECRET],
    verifyToken: 'verify-token-of-tests',
    log: pino({ level: 'silent' }),
    bodies,
    trustProxy,
    onProven: socket => connections.prove(socket),
  })
  const server = createServer(SERVER_OPTIONS, receiver)
  const connections = watchConnections(server, trustProxy)
  const { port } = await listen(server, '127.0.0.1', 0)
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port, published, connections, bodies }
}

interface Answer {
  status: number
  type: string | undefined
  body: string
}

/** Posts over a connection of its own, as someone who comes for the first time. */
function post(port: number, body: string, headers: Record<string, string> = {}, path = PATH): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const signed = { 'x-hub-signature-256': sign(body, SECRET), ...headers }
    const sent = request({ port, path, method: 'POST', agent: false, headers: signed }, response => {
      let text = ''
      response.on('data', chunk => (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'], body: text }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

/** Raw connections that send `text` first; each opens again when it is closed, and all that they hear is kept. */
function flood(port: number, count: number, text: string) {
  const sockets = new Set<Socket>()
  const heard: string[] = []
  let opened = 0
  let isOver = false
  function join(): void {
    if (isOver) return
    const socket = connect(port, '127.0.0.1', () => {
      opened++
      socket.write(text)
    })
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', data => heard.push(data.toString()))
    socket.on('close', () => {
      sockets.delete(socket)
      setTimeout(join, 50)
    })
  }
  for (let i = 0; i < count; i++) join()
  onTestFinished(() => {
    isOver = true
    for (const socket of sockets) socket.destroy()
  })
  return { heard, sockets, opened: () => opened }
}

const headersOf = (signature: string | null, rest: string) =>
  `POST ${PATH} HTTP/1.1\r\nhost: x\r\n${signature === null ? '' : `x-hub-signature-256: ${signature}\r\n`}${rest}\r\n\r\n`

test.for<[string, string]>([
  ['say nothing at all', ''],
  ['promise a body and send one byte of it', `${headersOf(FORGED, 'content-length: 3000000')}{`],
  ['promise a body without a signature', `${headersOf(null, 'content-length: 3000000')}{`],
  ['send half a header', `POST ${PATH} HTTP/1.1\r\nhost:`],
])('[F42] while 520 connections %s, a signed webhook is answered 200', { timeout: 180_000 }, async ([, text]) => {
  const { port, published, connections } = await open()
  const { opened } = flood(port, 520, text)
  await untilTrue(() => opened() >= 520)
  for (let i = 0; i < 5; i++) expect((await post(port, envelope())).status).toBe(200)
  expect(published).toHaveLength(5)
  expect(connections.unproven()).toBeLessThanOrEqual(512)
})

test('[F42] only signed bodies take a place: beyond 500 that wait for the broker the next is answered 503', async () => {
  const { promise: confirmed, resolve: confirm } = Promise.withResolvers<void>()
  const { port, published, connections } = await open({ confirmed })
  const forged = await Promise.all(Array.from({ length: 20 }, () => post(port, envelope(), { 'x-hub-signature-256': FORGED })))
  expect(forged.every(({ status }) => status === 401)).toBe(true)
  const waiting = Array.from({ length: 500 }, () => post(port, envelope()))
  await untilTrue(() => published.length === 500)
  expect((await post(port, envelope())).status).toBe(503)
  // Who has sent a signed body gives way to nobody.
  const { sockets } = flood(port, 520, '')
  await untilTrue(() => sockets.size >= 500 && connections.unproven() >= 500)
  confirm()
  expect((await Promise.all(waiting)).every(({ status }) => status === 200)).toBe(true)
})

test('[F42] a missing or malformed signature is answered before the body has come', async () => {
  const { port, bodies } = await open()
  const { heard } = flood(port, 1, headersOf(null, 'content-length: 3000000'))
  await untilTrue(() => heard.length > 0)
  expect(heard[0]).toMatch(/^HTTP\/1\.1 401 [\s\S]*connection: close[\s\S]*WHATSAPP_SIGNATURE_INVALID/i)
  expect(bodies.bytes()).toBe(0)
})

test('[F42] a body that does not begin, and one that goes on too slowly, are answered 408', async () => {
  const { port } = await open({ bodies: createBodyReader({ mostBytes: 1e6, startMs: 100, bytesPerMs: 64 }) })
  const silent = flood(port, 1, headersOf(FORGED, 'content-length: 1000'))
  const endless = flood(port, 1, headersOf(FORGED, 'transfer-encoding: chunked'))
  const trickle = setInterval(() => {
    for (const socket of endless.sockets) socket.write('1\r\na\r\n')
  }, 10)
  onTestFinished(() => clearInterval(trickle))
  for (const { heard } of [silent, endless]) {
    await untilTrue(() => heard.length > 0)
    expect(heard[0]).toMatch(/^HTTP\/1\.1 408 [\s\S]*BODY_TOO_SLOW/)
  }
})

test('[F42] chunks without end are answered 413', async () => {
  const { port, bodies } = await open()
  const { heard, sockets } = flood(port, 1, headersOf(FORGED, 'transfer-encoding: chunked'))
  const chunk = `8000\r\n${'x'.repeat(0x8000)}\r\n`
  await untilTrue(() => {
    for (const socket of sockets) if (!socket.connecting && socket.writable) socket.write(chunk)
    return heard.length > 0
  })
  expect(heard[0]).toMatch(/^HTTP\/1\.1 413 /)
  await untilTrue(() => bodies.bytes() < 4 * 1024 * 1024)
})

test('[F42] unfinished bodies take no more memory than the bound, and a signed one passes them', async () => {
  const bodies = createBodyReader({ mostBytes: 1_000_000, startMs: 60_000, bytesPerMs: 64 })
  const { port } = await open({ bodies })
  const { heard } = flood(port, 40, headersOf(FORGED, 'content-length: 100000') + 'x'.repeat(99_999))
  const seen: number[] = []
  await untilTrue(() => {
    seen.push(bodies.bytes())
    return heard.filter(text => text.startsWith('HTTP/1.1 503')).length >= 30
  })
  for (let i = 0; i < 5; i++) expect((await post(port, envelope('y'.repeat(100_000)))).status).toBe(200)
  expect(Math.max(...seen, bodies.bytes())).toBeLessThanOrEqual(1_000_000)
  expect(Math.max(...seen)).toBeGreaterThan(500_000)
})

test('[F42] a body in chunks of one byte counts for what it costs', async () => {
  const bodies = createBodyReader({ mostBytes: 1_000_000, startMs: 60_000, bytesPerMs: 64 })
  const { port } = await open({ bodies })
  const { heard } = flood(port, 1, headersOf(FORGED, 'transfer-encoding: chunked') + '1\r\na\r\n'.repeat(20_000))
  await untilTrue(() => heard.length > 0)
  expect(heard[0]).toMatch(/^HTTP\/1\.1 503 /)
})

test('[F42] behind a proxy the bytes count for the address that it names: another one keeps its slow body', async () => {
  const bodies = createBodyReader({ mostBytes: 1_000_000, startMs: 60_000, bytesPerMs: 64 })
  const { port, published } = await open({ bodies, trustProxy: 1 })
  const body = envelope('z'.repeat(50_000))
  const rest = `x-forwarded-for: 6.6.6.6, 192.0.2.1\r\ncontent-length: ${body.length}`
  const slow = flood(port, 1, headersOf(sign(body, SECRET), rest) + body.slice(0, 25_000))
  await untilTrue(() => bodies.bytes() > 25_000)
  const other = headersOf(FORGED, 'x-forwarded-for: 192.0.2.1, 6.6.6.6\r\ncontent-length: 100000') + 'x'.repeat(99_999)
  const { heard } = flood(port, 40, other)
  await untilTrue(() => heard.filter(text => text.startsWith('HTTP/1.1 503')).length >= 30)
  for (const socket of slow.sockets) socket.write(body.slice(25_000))
  await untilTrue(() => slow.heard.length > 0)
  expect(slow.heard[0]).toMatch(/^HTTP\/1\.1 200 /)
  expect(published).toHaveLength(1)
})

test.for(['/nothing', '/%E0%A4%A', '/api/v1/webhook/%', '/%3Cscript%3E'])(
  'nothing at %s: a problem document that does not repeat it',
  async path => {
    const { port } = await open()
    const got = await fetch(`http://127.0.0.1:${port}${path}`)
    const answers = [
      { status: got.status, type: got.headers.get('content-type'), body: await got.text() },
      await post(port, envelope(), {}, path),
    ]
    for (const { status, type, body } of answers) {
      expect([status, type]).toEqual([404, 'application/problem+json'])
      expect(JSON.parse(body)).toEqual({ type: 'about:blank', title: 'Not Found', status: 404, errorCode: 'NOT_FOUND' })
    }
  },
)
