import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { afterEach, expect, test } from 'vitest'
import { createMetaClient, type MetaClient, type MetaClientOptions } from './client.ts'

const opened: AsyncDisposable[] = []
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]()
})

async function listen(handler: RequestListener): Promise<string> {
  const server: Server = createServer(handler)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  opened.push({
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function client(baseUrl: string, options: Partial<MetaClientOptions> = {}): MetaClient {
  const created = createMetaClient({ baseUrl, version: 'v25.0', timeoutMs: 300, connectTimeoutMs: 300, ...options })
  opened.push(created)
  return created
}

const answers = (status: number, body: string, headers: Record<string, string> = {}) =>
  listen((_request, response) => response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body))
const send = (meta: MetaClient) => meta.sendMessage('1054', 'EAAtoken', { to: '+212600', type: 'text' })
const ACCEPTED = { messages: [{ id: 'wamid.A', message_status: 'accepted' }], contacts: [{ input: '+212600', wa_id: '212600' }] }

test('an accepted message has its id, and the request is what Meta documents', async () => {
  const seen: unknown[] = []
  const url = await listen(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    seen.push(request.method, request.url, request.headers.authorization, request.headers['content-type'], JSON.parse(body))
    response.end(JSON.stringify(ACCEPTED))
  })
  expect(await send(client(url))).toEqual({
    kind: 'accepted',
    wamid: 'wamid.A',
    waId: '212600',
    userId: null,
    messageStatus: 'accepted',
    httpStatus: 200,
    latencyMs: expect.any(Number),
    traceId: null,
  })
  expect(seen).toEqual(['POST', '/v25.0/1054/messages', 'Bearer EAAtoken', 'application/json', { to: '+212600', type: 'text' }])
})

test("a refusal has Meta's code, subcode, texts and trace id", async () => {
  const error = { message: '(#190) expired', type: 'OAuthException', code: 190, error_subcode: 463, fbtrace_id: 'AbC' }
  const url = await answers(401, JSON.stringify({ error: { ...error, error_data: { details: 'Session has expired' } } }))
  expect(await send(client(url))).toMatchObject({
    kind: 'refused',
    error: {
      code: 190,
      subcode: 463,
      title: '(#190) expired',
      detail: 'Session has expired',
      isTransient: false,
      httpStatus: 401,
    },
    traceId: 'AbC',
    retryAfterMs: 0,
  })
})

test('error_data may be a plain string, and is_transient counts', async () => {
  const url = await answers(400, JSON.stringify({ error: { code: 9, message: 'm', error_data: 'words', is_transient: true } }))
  expect(await send(client(url))).toMatchObject({ kind: 'refused', error: { code: 9, detail: 'words', isTransient: true } })
})

test.for([
  [429, 'slow down', { 'retry-after': '7' }, 7000],
  [500, '<html>', {}, 0],
  [503, '', { 'retry-after': 'soon' }, 0],
  [404, '<html>not here</html>', {}, 0],
  [400, '{"error":{"code":null}}', {}, 0],
] as const)('a plain %i without an envelope was not accepted', async ([status, body, headers, retryAfterMs]) => {
  expect(await send(client(await answers(status, body, headers)))).toMatchObject({
    kind: 'refused',
    error: { code: null, httpStatus: status },
    retryAfterMs,
  })
})

test.for([
  [502, '<html>bad gateway</html>'],
  [504, ''],
  [200, '<html>hello</html>'],
  [200, ''],
  [200, '{"messages":[{"id":"wam'],
  [200, '{"messages":[{"id":17}]}'],
  [200, '{"messages":[]}'],
  [200, '[]'],
  [200, '{"success":true}'],
] as const)('%i with %j leaves the outcome unknown', async ([status, body]) => {
  expect(await send(client(await answers(status, body)))).toMatchObject({ kind: 'unknown', httpStatus: status })
})

test("the longer of Retry-After and the wait in Meta's usage header counts", async () => {
  const row = { type: 'whatsapp_business_management', call_count: 100, estimated_time_to_regain_access: 14 }
  const body = JSON.stringify({ error: { code: 80007, message: 'limited' } })
  const usage = { 'x-business-use-case-usage': JSON.stringify({ '7001': [{ ...row, estimated_time_to_regain_access: 0 }, row] }) }
  for (const [headers, retryAfterMs] of [
    [usage, 14 * 60_000],
    [{ ...usage, 'retry-after': '900' }, 900_000],
    [{ 'x-business-use-case-usage': '{"7001":"soon"}' }, 0],
    [{ 'x-business-use-case-usage': 'soon' }, 0],
  ] as const)
    expect(await send(client(await answers(400, body, headers)))).toMatchObject({ kind: 'refused', retryAfterMs })
})

test.for([
  [{}, undefined],
  [{ 'x-app-usage': '{"call_count":28,"total_time":25,"total_cputime":31}' }, { account: 0, app: 31, regainMs: 0 }],
  [
    { 'x-business-use-case-usage': '{"31":[{"call_count":97,"total_time":5,"estimated_time_to_regain_access":2}]}' },
    { account: 97, app: 0, regainMs: 120_000 },
  ],
  [{ 'x-app-usage': 'soon', 'x-business-use-case-usage': '[]' }, undefined],
] as const)('the usage in the headers %j is %j', async ([headers, usage]) => {
  const meta = client(await answers(200, '{}', headers))
  const result = await meta.graph.get('me', { token: 't' })
  expect(result.kind === 'ok' && result.usage).toEqual(usage)
})

test("Meta's envelope is a refusal with status 502 too", async () => {
  const url = await answers(502, JSON.stringify({ error: { code: 2, message: 'temporary' } }))
  expect(await send(client(url))).toMatchObject({ kind: 'refused', error: { code: 2 } })
})

test('[F25] an answer of 5 MB is cut off and leaves the outcome unknown', async () => {
  const url = await answers(200, 'x'.repeat(5 * 1024 * 1024))
  expect(await send(client(url))).toMatchObject({ kind: 'unknown', why: expect.stringContaining('longer than') })
})

test('[F24] no answer in time, after the request was written, leaves the outcome unknown', async () => {
  const url = await listen(() => {})
  expect(await send(client(url))).toMatchObject({ kind: 'unknown', why: expect.stringContaining('ETIMEDOUT'), httpStatus: null })
})

test('[F25] an answer that never ends leaves the outcome unknown', async () => {
  const url = await listen((_request, response) => void response.write('{"messages":'))
  expect(await send(client(url))).toMatchObject({ kind: 'unknown' })
})

test('[F24] a connection reset after the request was written leaves the outcome unknown', async () => {
  const url = await listen(request => request.socket.resetAndDestroy())
  expect(await send(client(url))).toMatchObject({ kind: 'unknown' })
})

test('[F24] a refused connection, an unknown host and a failed TLS handshake sent nothing', async () => {
  const url = await answers(200, '{}')
  const closed = await listen(() => {})
  await opened.pop()?.[Symbol.asyncDispose]()
  for (const address of [closed, 'http://nowhere.invalid', url.replace('http:', 'https:')]) {
    expect(await send(client(address, { timeoutMs: 5000 }))).toMatchObject({ kind: 'unsent', httpStatus: null })
  }
})

test('a call that got no connection in time sent nothing, and is not made later', async () => {
  const waiting: ServerResponse[] = []
  const url = await listen((_request, response) => void waiting.push(response))
  const meta = client(url, { connections: 1 })
  const first = meta.graph.get('me', { token: 't', timeoutMs: 600 })
  expect(await send(meta)).toMatchObject({ kind: 'unsent', why: expect.stringContaining('ETIMEDOUT') })
  waiting[0]?.end('{}')
  expect(await first).toMatchObject({ kind: 'ok' })
  expect(await meta.graph.get('me', { token: 't', timeoutMs: 100 })).toMatchObject({ kind: 'unknown' })
  expect(waiting).toHaveLength(2)
})

test('a call with a token that is not a valid header value sent nothing', async () => {
  const meta = client(await answers(200, '{}'))
  expect(await meta.sendMessage('1', 'snow\u2603man', {})).toMatchObject({ kind: 'unsent' })
})

test('the other calls of the Graph API carry query and body, and no path leads to another host', async () => {
  const urls: string[] = []
  const url = await listen((request, response) => {
    urls.push(`${request.method} ${request.url}`)
    response.end('{"data":[]}')
  })
  const { graph } = client(url)
  expect(await graph.get('77/phone_numbers', { token: 't', query: { fields: 'id,name', limit: 5 } })).toMatchObject({
    kind: 'ok',
    data: { data: [] },
  })
  await graph.delete('//elsewhere.example/x', { token: 't' })
  expect(urls).toEqual(['GET /v25.0/77/phone_numbers?fields=id%2Cname&limit=5', 'DELETE /v25.0///elsewhere.example/x'])
})

test('connections are kept between calls', async () => {
  const ports = new Set<number | undefined>()
  const url = await listen((request, response) => {
    ports.add(request.socket.remotePort)
    response.end(JSON.stringify(ACCEPTED))
  })
  const meta = client(url)
  for (let i = 0; i < 20; i++) await send(meta)
  expect(ports.size).toBeLessThan(4)
})

test('a sample is uploaded to the app, with OAuth before the token', async () => {
  const seen: unknown[] = []
  const url = await listen(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    seen.push([request.url, request.headers.authorization, request.headers.file_offset, body])
    response.end(JSON.stringify(seen.length === 1 ? { id: 'upload:MTph=?sig=ARZ' } : { h: '4::aW1' }))
  })
  const file = { mimeType: 'image/png', filename: 'a.png', size: 3, content: Readable.from([Buffer.from('png')]) }
  expect(await client(url).uploadSample('918', 'EAAtoken', file)).toMatchObject({ kind: 'ok', data: { h: '4::aW1' } })
  expect(seen).toEqual([
    ['/v25.0/918/uploads?file_name=a.png&file_length=3&file_type=image%2Fpng', 'Bearer EAAtoken', undefined, ''],
    ['/v25.0/upload:MTph=?sig=ARZ', 'OAuth EAAtoken', '0', 'png'],
  ])
})

test.for(['https://else.where/upload', '/../1054/messages', 'upload:../1054/messages', 7])(
  'an upload that Meta calls %s is not followed',
  async id => {
    const url = await answers(200, JSON.stringify({ id }))
    const file = { mimeType: 'image/png', filename: 'a.png', size: 3, content: Readable.from([Buffer.from('png')]) }
    expect(await client(url).uploadSample('918', 'EAAtoken', file)).toMatchObject({ kind: 'unknown' })
  },
)
