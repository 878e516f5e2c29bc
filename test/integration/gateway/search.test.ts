import { Types } from 'mongoose'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Id, MessageDoc } from '#shared/model/documents.ts'
import type { SentCommand } from '#shared/store/connect.ts'
import { createWorld } from '#test/support/world.ts'
import { type Gateway, openGateway, PEOPLE, type Person } from '#test/support/worlds/gateway.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'

const DAY_MS = 86_400_000
const T0 = Date.parse('2026-01-01T00:00:00.000Z')
const stack = new AsyncDisposableStack()
let gateway: Gateway
const commands: SentCommand[] = []
const clientId = new Types.ObjectId()

/** Forty messages of the demo tenant, one a day, and one of another tenant that says the same. */
beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld()), {}, command => commands.push(command)))
  const demo = (await userByEmail(gateway.store, PEOPLE.agent)).tenantId
  const other = (await userByEmail(gateway.store, PEOPLE.other)).tenantId
  await add(40, demo)
  await add(1, other)
})
afterAll(() => stack.disposeAsync())

async function add(count: number, tenantId: Id, word = ''): Promise<void> {
  const { messages } = gateway.store.models
  const row = (await messages.findOne({ tenantId }).lean()) as MessageDoc
  const copies = Array.from({ length: count }, (_, i) => ({
    ...row,
    _id: new Types.ObjectId(),
    wamid: `wamid.search.${word}.${tenantId}.${i}`,
    previousIds: i === 3 && word === '' ? ['wamid.before'] : [],
    idempotencyKey: null,
    clientId: i % 2 ? clientId : row.clientId,
    status: i % 10 ? ('SENT' as const) : ('FAILED' as const),
    content: { text: `${word || 'Kumquat'} invoice ${i}`, media: null, template: null, data: null },
    at: new Date(T0 + i * DAY_MS),
  }))
  await messages.insertMany(copies)
}

const find = async (query: Record<string, string>, as: Person = 'agent') =>
  await gateway.call('GET', `/api/v1/messages?${new URLSearchParams(query)}`, { as })
const textsOf = async (query: Record<string, string>) =>
  (await find({ limit: '100', ...query })).body.data.map((row: { content: { text: string } }) => row.content.text)

test('words are found that stand together in a text, of the own tenant only', async () => {
  expect((await find({ q: 'kumquat' })).body).toMatchObject({ total: 40, hasMore: true, page: 1, limit: 25 })
  expect((await find({ q: 'kumquat' }, 'other')).body.total).toBe(1)
  expect(await textsOf({ q: 'invoice kumquat 17' })).toEqual(['Kumquat invoice 17'])
  expect(await textsOf({ q: 'kumquat lemon' })).toEqual([])
})

test('a cursor goes through all that was found, newest first, each once', async () => {
  const seen: string[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { body } = await find({ q: 'kumquat', limit: '15', ...(cursor && { cursor }) })
    seen.push(...body.data.map((row: { content: { text: string } }) => row.content.text))
    cursor = body.nextCursor
  }
  expect(seen).toEqual(Array.from({ length: 40 }, (_, i) => `Kumquat invoice ${39 - i}`))
})

test('status, number and time narrow it down, alone and together', async () => {
  const from = new Date(T0).toISOString()
  const to = new Date(T0 + 20 * DAY_MS).toISOString()
  expect(await textsOf({ from, to })).toHaveLength(20)
  expect(await textsOf({ status: 'FAILED', from, to })).toEqual(['Kumquat invoice 10', 'Kumquat invoice 0'])
  expect(await textsOf({ clientId: String(clientId) })).toHaveLength(20)
  expect(await textsOf({ clientId: String(clientId), q: 'kumquat', from, to })).toHaveLength(10)
})

test('a message is found by each wamid that it had', async () => {
  expect(await textsOf({ wamid: 'wamid.before' })).toEqual(['Kumquat invoice 3'])
  const { body } = await find({ q: 'kumquat 3' })
  expect(await textsOf({ wamid: body.data[0].externalMessageId })).toEqual([body.data[0].content.text])
  expect(await textsOf({ wamid: 'wamid.nobody' })).toEqual([])
})

test.for([
  ['q', '"'],
  ['status', 'lost'],
  ['from', 'yesterday'],
  ['clientId', 'x'],
] as const)('%s that says %j is refused', async ([name, value]) => {
  expect((await find({ [name]: value })).status).toBe(400)
})

describe('a search that takes too long', () => {
  /** What is found more than once. */
  const SEARCHED = [
    ['conversations', '661'],
    ['contacts', '661'],
    ['leads', '661'],
    ['messages', 'kumquat'],
  ] as const

  test.for(SEARCHED)('of %s is ended after 2 s, its reading and its counting', async ([name, q]) => {
    commands.length = 0
    const { status, body } = await gateway.call('GET', `/api/v1/${name}?q=${q}&limit=1`, { as: 'agent' })
    expect([status, body.hasMore]).toEqual([200, true])
    const limits = commands.flatMap(({ collection, command }) => (collection === name ? [command.maxTimeMS] : []))
    expect(limits.length).toBeGreaterThanOrEqual(2)
    expect(new Set(limits)).toEqual(new Set([2000]))
  })

  test.for(SEARCHED)('of %s is answered 503 with a sentence and a time', async ([name, q]) => {
    const late = Object.assign(new Error('operation exceeded time limit'), { name: 'MongoServerError', code: 50 })
    const count = vi.spyOn(gateway.store.models[name], 'countDocuments').mockRejectedValue(late)
    const { status, body, headers } = await gateway.call('GET', `/api/v1/${name}?q=${q}&limit=1`, { as: 'agent' })
    count.mockRestore()
    expect([status, body.errorCode, headers.get('retry-after')]).toEqual([503, 'SEARCH_TOO_BROAD', '5'])
    expect(body.detail).toContain('took too long')
  })
})

test.for(['/conversations', '/contacts', '/messages', '/dead-letters', '/campaigns', '/templates'])(
  'the list %s ends after 5 s at the latest',
  async path => {
    commands.length = 0
    expect((await gateway.call('GET', `/api/v1${path}`, { as: 'manager' })).status).toBe(200)
    const bounded = commands.flatMap(({ command }) => command.maxTimeMS ?? [])
    expect(bounded.length).toBeGreaterThanOrEqual(1)
    expect(Math.max(...(bounded as number[]))).toBeLessThanOrEqual(5000)
  },
)

describe('the total of a list', () => {
  const counted = () => commands.filter(({ name }) => name === 'aggregate' || name === 'count').length
  const listed = async (query: string) => {
    commands.length = 0
    const { body } = await gateway.call('GET', `/api/v1/messages?${query}`, { as: 'agent' })
    return { ...body, counted: counted() }
  }

  test('is told by the last page, without counting', async () => {
    expect(await listed('q=kumquat&limit=50')).toMatchObject({ total: 40, totalIsExact: true, counted: 0 })
    expect(await listed('q=kumquat&limit=15&page=3')).toMatchObject({ total: 40, totalIsExact: true, counted: 0 })
    expect(await listed('q=kumquat&limit=15&page=4')).toMatchObject({ total: 40, data: [], counted: 1 })
    expect(await listed('q=kumquat&limit=15')).toMatchObject({ total: 40, hasMore: true, counted: 1 })
  })

  test('is counted again in a short list, and kept for a while in a long one', async () => {
    const { tenantId } = await userByEmail(gateway.store, PEOPLE.agent)
    await listed('q=kumquat&limit=15')
    await add(1, tenantId, 'kumquat')
    expect(await listed('q=kumquat&limit=15')).toMatchObject({ total: 41, counted: 1 })
    await add(1100, tenantId, 'tamarillo')
    expect(await listed('q=tamarillo&limit=15')).toMatchObject({ total: 1100, counted: 1 })
    expect(await listed('q=tamarillo&limit=15')).toMatchObject({ total: 1100, counted: 0 })
    expect((await gateway.call('GET', '/api/v1/messages?q=tamarillo&limit=15', { as: 'other' })).body.total).toBe(0)
  })
})
