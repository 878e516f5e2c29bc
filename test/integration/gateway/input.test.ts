import { request as rawRequest } from 'node:http'
import { Types } from 'mongoose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { routes } from '#services/gateway/routes.ts'
import { createApiKey } from '#shared/auth/api-keys.ts'
import { forgetTenant } from '#shared/store/accounts/tenants.ts'
import { setTenantLimits } from '#shared/store/numbers/limits.ts'
import { createWorld } from '#test/support/world.ts'
import { type Gateway, openGateway, PEOPLE } from '#test/support/worlds/gateway.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'

const stack = new AsyncDisposableStack()
let gateway: Gateway
beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld())))
})
afterAll(() => stack.disposeAsync())

const send = (body: unknown, headers = {}) => gateway.call('POST', '/api/v1/messages/send', { as: 'agent', body, headers })
const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) })

describe('a body', () => {
  test.for<[string, unknown]>([
    ['no JSON', '{"text":'],
    ['a member that nobody knows', { to: '+212661000101', text: 'a', tenantId: 'x' }],
    ['__proto__', '{"to":"+212661000101","text":"a","__proto__":{"isAdmin":true}}'],
    ['constructor', { to: '+212661000101', text: 'a', constructor: { prototype: {} } }],
    ['an operator', { to: { $gt: '' }, text: 'a' }],
    ['a dotted key', { to: '+212661000101', text: 'a', 'dispatch.state': 'READY' }],
    ['depth 21', { to: '+212661000101', text: 'a', data: nested(21) }],
    ['a list of 1,001', { to: '+212661000101', text: 'a', data: Array(1001).fill(0) }],
    ['NUL', { to: '+212661000101', text: 'a\u0000b' }],
    ['half a character', '{"to":"+212661000101","text":"\\ud83d"}'],
    ['text as a number', { to: '+212661000101', text: 5 }],
    ['nobody to send to', { text: 'a' }],
  ])('[F43] refused with 400: %s', async ([, body]) => {
    const answer = await send(body)
    expect(answer.status).toBe(400)
    expect(answer.headers.get('content-type')).toContain('application/problem+json')
    expect(Object.keys(answer.body).toSorted()).toEqual(
      ['detail', 'errorCode', 'errors', 'requestId', 'status', 'title', 'type'].toSorted(),
    )
    expect(answer.headers.get('x-request-id')).toBe(answer.body.requestId)
  })

  test('is at most 256 KiB, JSON and not compressed', async () => {
    expect((await send({ text: 'x'.repeat(256 * 1024) })).status).toBe(413)
    expect((await send('a=1', { 'content-type': 'application/x-www-form-urlencoded' })).status).toBe(415)
    expect((await send({ text: 'a' }, { 'content-encoding': 'gzip' })).status).toBe(415)
  })

  test('is refused where none belongs, unless it is empty', async () => {
    const { body } = await gateway.call('GET', '/api/v1/conversations', { as: 'agent' })
    const path = `/api/v1/conversations/${body.data[0].id}/read`
    expect((await gateway.call('PUT', path, { as: 'agent', body: {} })).status).toBe(200)
    expect((await gateway.call('PUT', path, { as: 'agent', body: { unreadCount: 5 } })).status).toBe(400)
  })
})

describe('a text', () => {
  const SALMA = '+212661000101' // her window is open
  test.for([
    ['emoji of several code points', '👩🏽‍💻🏴󠁧󠁢󠁳󠁣󠁴󠁿🇲🇦'],
    ['Arabic beside Latin', 'مرحبا Salma, غدا في 10:30'],
    ['joiners and marks of direction', 'a\u200db\u200c\u200fc\u202e'],
    ['separators of lines', 'a\u2028b\u2029c\td\ne'],
    ['4,096 characters', 'x'.repeat(4096)],
    ['2,048 characters of two units each', '👍'.repeat(2048)],
    ['characters beyond the planes in use', '\u{10ffff}\u{e000}'],
  ])('[F43] is stored to the letter: %s', async ([, text]) => {
    const { status, body } = await send({ to: SALMA, text })
    expect([status, body.content.text]).toEqual([202, text])
    const row = await gateway.store.raw.messages.findOne({ _id: new Types.ObjectId(String(body.id)) })
    expect(row?.payload).toMatchObject({ text: { body: text } })
  })

  test('[F43] in combining characters is stored in its composed form, which looks the same', async () => {
    expect((await send({ to: SALMA, text: 'e\u0301te\u0301' })).body.content.text).toBe('\u00e9t\u00e9')
  })

  test('[F43] of 4,097 characters is refused', async () => {
    expect((await send({ to: SALMA, text: 'x'.repeat(4097) })).status).toBe(400)
  })
})

describe('operators', () => {
  const bodies = routes.flatMap(({ method, path, body }) => {
    const { properties = {} } = body ? z.toJSONSchema(body, { io: 'input', unrepresentable: 'any' }) : {}
    const fields = Object.keys(properties)
    return fields.length > 0 ? [[`${method.toUpperCase()} ${path}`, fields] as const] : []
  })

  test.for(bodies)('[F45] in any field of %s are refused', async ([name, fields]) => {
    const [method, path] = name.split(' ') as [string, string]
    const at = path.replaceAll(/\{\w+\}/g, '0'.repeat(24))
    for (const field of fields)
      for (const value of [{ $ne: null }, { $gt: '' }, [{ $regex: '(a+)+$' }]]) {
        const { status, body } = await gateway.call(method, at, { as: 'platform', body: { [field]: value } })
        expect([field, value, [400, 404, 422].includes(status)]).toEqual([field, value, true])
        expect(body.errorCode).not.toBe('INTERNAL')
      }
  })

  test.for(routes.filter(({ method, action }) => method === 'get' && action).map(({ path }) => path))(
    '[F45] in the query of %s are refused',
    async path => {
      const at = path.replaceAll(/\{\w+\}/g, '0'.repeat(24))
      for (const query of ['limit[$gt]=', 'q[$ne]=x', 'status[$regex]=.*', '$where=1', 'page=1&page[$gt]=0'])
        expect([query, (await gateway.call('GET', `${at}?${query}`, { as: 'platform' })).status]).toEqual([query, 400])
    },
  )
})

describe('a query', () => {
  test.for([
    '?limit=5&limit=6',
    '?limit=101',
    '?limit=0',
    '?page=-1',
    '?nobody=knows',
    '?status[$ne]=open',
    '?cursor=bm9uc2Vuc2U',
    '?q=%00',
    '?unread=maybe',
  ])('[F45] %s is refused', async query => {
    expect((await gateway.call('GET', `/api/v1/conversations${query}`, { as: 'agent' })).status).toBe(400)
  })

  test('is refused where none belongs', async () => {
    expect((await gateway.call('GET', '/api/v1/auth/me?x=1', { as: 'agent' })).status).toBe(400)
  })

  test('[F45] text is searched for as it is, not as a pattern', async () => {
    const find = async (q: string) =>
      (await gateway.call('GET', `/api/v1/conversations?q=${encodeURIComponent(q)}`, { as: 'agent' })).body.total
    expect(await find('salma')).toBe(1)
    expect(await find('.*')).toBe(0)
    expect(await find('(((')).toBe(0)
    expect(await find('0661000101')).toBe(1)
    expect(await find('+212 661-000101')).toBe(1)
  })
})

describe('an address', () => {
  test('that is none is 404, another method 405', async () => {
    const none = await gateway.call('GET', '/api/v1/nothing')
    expect([none.status, none.body.errorCode]).toEqual([404, 'NOT_FOUND'])
    const wrong = await gateway.call('DELETE', '/api/v1/conversations')
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET'])
    // No user has the id `names`: it is another address.
    const fixed = await gateway.call('DELETE', '/api/v1/users/names', { as: 'admin' })
    expect([fixed.status, fixed.headers.get('allow')]).toEqual([405, 'GET'])
  })

  test('with a broken escape is 400', async () => {
    expect((await gateway.call('GET', '/api/v1/templates/%E0%A4%A', { as: 'agent' })).status).toBe(400)
  })
})

test('browsers of listed origins alone may read; every answer carries the security headers', async () => {
  const get = (origin: string) => gateway.call('GET', '/api/v1/health', { headers: { origin } })
  const listed = await get('http://dashboard.test')
  expect(listed.headers.get('access-control-allow-origin')).toBe('http://dashboard.test')
  expect((await get('http://evil.example')).headers.get('access-control-allow-origin')).toBeNull()
  const policy = listed.headers.get('content-security-policy') ?? ''
  expect(policy).not.toContain('unsafe-inline')
  expect(policy).toContain("frame-ancestors 'none'")
  expect(listed.headers.get('x-content-type-options')).toBe('nosniff')
  expect(listed.headers.get('strict-transport-security')).toBeTruthy()
  expect((await gateway.call('GET', '/api/v1/auth/me', { as: 'agent' })).headers.get('cache-control')).toBe('no-store')
})

test('duplicate identity headers are refused', async () => {
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const headers = ['host', 'x', 'authorization', 'Bearer a', 'authorization', 'Bearer b']
    rawRequest(`${gateway.url}/api/v1/auth/me`, { headers }, answer => {
      answer.resume()
      resolve(answer.statusCode)
    })
      .on('error', reject)
      .end()
  })
  expect(status).toBe(401)
})

describe('OpenAPI', () => {
  test('lists every route, and nothing under a name it does not have', async () => {
    const { body } = await gateway.call('GET', '/api/v1/openapi.json')
    expect(body.openapi).toBe('3.1.0')
    for (const { method, path, summary } of routes) expect(body.paths[path]?.[method]?.summary).toBe(summary)
    for (const address of ['/api/v1/webhook', '/webhook', '/api/webhooks', '/api/webhooks/whatsapp'])
      expect(body.paths[address].servers).toHaveLength(1)
    const ids = Object.values(body.paths as Record<string, Record<string, { operationId?: string }>>)
      .flatMap(methods => Object.values(methods))
      .map(({ operationId }) => operationId)
      .filter(Boolean)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('every reference leads somewhere', async () => {
    const { body } = await gateway.call('GET', '/api/v1/openapi.json')
    const references = [...JSON.stringify(body).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(match => match[1] as string)
    expect(references.length).toBeGreaterThan(10)
    for (const reference of new Set(references))
      expect(
        reference.split('/').reduce((at, key) => at?.[key], body),
        reference,
      ).toBeDefined()
  })

  test('comes as a Postman collection and as a page without anything inline', async () => {
    const postman = await gateway.call('GET', '/api/v1/postman.json')
    expect(postman.body.item.length).toBeGreaterThan(4)
    const page = await gateway.call('GET', '/docs')
    expect(page.headers.get('content-type')).toContain('text/html')
    expect(page.body).not.toMatch(/<script(?![^>]*src=)|\son\w+=|style=/)
    expect((await gateway.call('GET', '/docs/page.js')).headers.get('content-type')).toContain('text/javascript')
  })
})

describe('limits', () => {
  test('are shown in headers, refused with 429, and count sends, reads, writes and live figures apart', async () => {
    await using small = await openGateway(await createWorld(), {
      RATE_LIMIT_API: '2/min',
      RATE_LIMIT_MESSAGES: '1/min',
      RATE_LIMIT_AUTH: '3/min',
    })
    const write = () => small.call('POST', `/api/v1/phone-numbers/${'0'.repeat(24)}/resume`, { as: 'admin' })
    const first = await write()
    expect([first.status, first.headers.get('ratelimit-limit'), first.headers.get('ratelimit-remaining')]).toEqual([
      404,
      '2',
      '1',
    ])
    await write()
    const refused = await write()
    expect([refused.status, refused.body.errorCode]).toEqual([429, 'RATE_LIMITED'])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    for (let i = 0; i < 20; i++) expect((await small.call('GET', '/api/v1/auth/me', { as: 'admin' })).status).toBe(200)
    expect((await small.call('GET', '/api/v1/auth/me', { as: 'admin' })).status).toBe(429)
    expect((await small.call('GET', '/api/v1/auth/me', { as: 'agent' })).status).toBe(200)
    const live = await small.call('GET', '/api/v1/backlog', { as: 'admin' })
    expect([live.status, live.headers.get('ratelimit-limit')]).toEqual([200, '200'])
    const send = () => small.call('POST', '/api/v1/messages/send', { as: 'admin', body: {} })
    expect([(await send()).status, (await send()).status]).toEqual([400, 429])
    const login = (email: string) => small.call('POST', '/api/v1/auth/login', { body: { email, password: 'x' } })
    for (let i = 0; i < 3; i++) expect((await login('a@x.example')).status).toBe(401)
    expect((await login('a@x.example')).status).toBe(429)
    expect((await login('b@x.example')).status).toBe(401)
    for (let i = 0; i < 5; i++) expect((await small.call('POST', '/api/v1/auth/refresh', { body: {} })).status).toBe(401)
  })

  test('of sends are of one person or key, whatever else their tenant does', async () => {
    await using small = await openGateway(await createWorld(), { RATE_LIMIT_MESSAGES: '2/min' })
    const { _id, tenantId } = await userByEmail(small.store, PEOPLE.admin)
    const fields = { tenantId, name: 'erp', role: 'agent' as const, scopes: ['messages.send' as const], createdBy: _id }
    const keys = await Promise.all([1, 2].map(() => createApiKey(small.store, fields)))
    const body = { to: '+212661000101', text: 'a' }
    const send = (who: object, path = '/messages/send') => small.call('POST', `/api/v1${path}`, { ...who, body })
    const callers: object[] = [{ as: 'admin' }, { as: 'agent' }, ...keys.map(({ key }) => ({ token: key }))]
    for (const who of callers) {
      const answers = [await send(who), await send(who, '/messages/text'), await send(who)]
      expect(answers.map(({ status }) => status)).toEqual([202, 202, 429])
      expect(answers.map(({ headers }) => headers.get('ratelimit-remaining'))).toEqual(['1', '0', '0'])
      const [, , refused] = answers
      const [wait, reset] = ['retry-after', 'ratelimit-reset'].map(name => Number(refused?.headers.get(name)))
      expect(wait).toBe(reset)
      expect(wait).toBeGreaterThan(0)
    }
    const limitOf = async () => (await send({ as: 'manager' })).headers.get('ratelimit-limit')
    await setTenantLimits(small.store, tenantId, { messagesPerMinute: 7 }, _id)
    expect(await limitOf()).toBe('2')
    await setTenantLimits(small.store, tenantId, { messagesPerMinute: 1 }, _id)
    expect(await limitOf()).toBe('1')
    await setTenantLimits(small.store, tenantId, { messagesPerMinute: 7 }, _id)
    const ceilings = { messagesPerMinute: 9, messagesPerDay: null }
    await small.store.models.tenants.updateOne({ _id: tenantId }, { $set: { ceilings } })
    forgetTenant(small.store, tenantId)
    expect(await limitOf()).toBe('7')
  })

  test('[F21] hold without Redis too', async () => {
    await using small = await openGateway(await createWorld(), { RATE_LIMIT_MESSAGES: '1/min' })
    small.redis.disconnect()
    const send = () => small.call('POST', '/api/v1/messages/send', { as: 'admin', body: {} })
    expect([(await send()).status, (await send()).status]).toEqual([400, 429])
  })
})
