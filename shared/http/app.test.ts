import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import pino from 'pino'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { ApiError } from '../domain/errors.ts'
import { listen } from '../process/health.ts'
import { createHttpApp, type HttpAppOptions } from './app.ts'
import { type Caller, route } from './route.ts'

const CALLER: Caller = {
  kind: 'user',
  id: 'u',
  tenantId: 't',
  homeTenantId: 't',
  role: 'agent',
  name: 'Ana',
  email: null,
  may: () => true,
}

const echo = route({
  method: 'post',
  path: '/echo',
  action: 'session.write',
  tag: 'test',
  summary: 'Echo',
  body: z.strictObject({ word: z.string() }),
  async handle({ body }) {
    return { body }
  },
})
const upload = route({
  method: 'post',
  path: '/upload',
  action: 'session.write',
  tag: 'test',
  summary: 'Upload',
  upload: { types: ['text/csv'], maxBytes: 1000 },
  async handle({ upload: file }) {
    let bytes = 0
    for await (const chunk of file ?? []) bytes += (chunk as Buffer).length
    return { body: { bytes } }
  },
})

async function open(options: Partial<HttpAppOptions<unknown>> = {}) {
  const lines: string[] = []
  const app = createHttpApp({
    routes: [echo, upload],
    deps: {},
    corsOrigins: [],
    trustProxy: 0,
    log: pino({}, { write: line => void lines.push(line) }),
    authenticate: async () => CALLER,
    limit: async () => ({}),
    within: (_caller, work) => work(),
    isOutage: () => false,
    ...options,
  })
  const listening = await listen(createServer(app), '127.0.0.1', 0)
  return {
    lines,
    port: listening.port,
    url: `http://127.0.0.1:${listening.port}`,
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  }
}

const head = (path: string, type: string) =>
  `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: ${type}\r\ncontent-length: 20\r\nconnection: close\r\n\r\n`

test('[F42] a JSON body that does not come is not waited for, an upload is', { timeout: 20_000 }, async () => {
  await using app = await open({ bodyMs: 100 })
  const slow = connect(app.port, '127.0.0.1')
  slow.on('error', () => undefined).resume()
  slow.write(`${head('/echo', 'application/json')}{"word":`)
  await once(slow, 'close')

  const patient = connect(app.port, '127.0.0.1')
  patient.write(`${head('/upload', 'text/csv')}${'x'.repeat(10)}`)
  const quick = connect(app.port, '127.0.0.1')
  quick.on('error', () => undefined).resume()
  quick.write(head('/echo', 'application/json'))
  await once(quick, 'close')
  patient.write('y'.repeat(10))
  const [answer] = await once(patient, 'data')
  expect(String(answer)).toContain('{"bytes":20}')
})

const list = route({
  method: 'post',
  path: '/lists/{id}',
  action: 'session.write',
  tag: 'test',
  summary: 'List',
  params: z.strictObject({ id: z.string() }),
  body: z.strictObject({ words: z.array(z.string()).max(2000) }),
  maxBodyBytes: 2 * 1024 * 1024,
  async handle({ body }) {
    return { body: { count: body.words.length } }
  },
})

test('a route may take a larger body than others, but not from strangers', async () => {
  let isKnown = true
  await using app = await open({ routes: [echo, list], authenticate: async () => (isKnown ? CALLER : null) })
  const send = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(app.url + path, { method: 'POST', headers, body: JSON.stringify(body) })
    return [answer.status, await answer.json()]
  }
  const words = Array(2000).fill('x'.repeat(500))
  expect(await send('/lists/1', { words })).toEqual([200, { count: 2000 }])
  expect(await send('/LISTS/1/', { words: ['a'] })).toEqual([200, { count: 1 }])
  expect(await send('/echo', { word: 'x'.repeat(256 * 1024) })).toMatchObject([
    413,
    { detail: 'The body is larger than 256 KiB.' },
  ])
  expect(await send('/lists/1', { words: ['x'.repeat(2 * 1024 * 1024)] })).toMatchObject([
    413,
    { detail: expect.stringContaining('2048') },
  ])
  expect(await send('/lists/1', { words: [...words, 'x'] })).toMatchObject([400, { errorCode: 'BODY_INVALID' }])
  isKnown = false
  expect(await send('/lists/1', { words: ['a'] })).toMatchObject([401, {}])
})

test('no page of ours shows in a frame', async () => {
  await using app = await open()
  const { headers } = await fetch(`${app.url}/echo`, { method: 'POST' })
  expect(headers.get('x-frame-options')).toBe('DENY')
  expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
})

test('a refusal that says so leaves no log line', async () => {
  let isUnlogged = false
  const authenticate = () => Promise.reject(new ApiError(429, 'RATE_LIMITED', 'Too many.', { isUnlogged }))
  await using app = await open({ authenticate })
  const call = () => fetch(`${app.url}/echo`, { method: 'POST' })
  expect((await call()).status).toBe(429)
  isUnlogged = true
  expect((await call()).status).toBe(429)
  expect(app.lines.filter(line => line.includes('"status":429'))).toHaveLength(1)
})
