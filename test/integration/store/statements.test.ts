import { globSync } from 'node:fs'
import path from 'node:path'
import { type mongo, Types } from 'mongoose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { describeApi } from '#services/gateway/docs/describe-api.ts'
import { routes } from '#services/gateway/routes.ts'
import { createRecording, newPace } from '#services/ingest/recorder/recorder.ts'
import { ROOT } from '#shared/process/config.ts'
import type { SentCommand, Store } from '#shared/store/connect.ts'
import type { CollectionName } from '#shared/store/models.ts'
import { operationsOf, type Parameter } from '#test/support/api-contract.ts'
import { type Explained, explainAll } from '#test/support/explain.ts'
import { followed, type Schema } from '#test/support/schema-values.ts'
import { createWorld } from '#test/support/world.ts'
import { deliveryOf, readFixture, readSequence } from '#test/support/worlds/fixtures.ts'
import { type Gateway, openGateway, PEOPLE } from '#test/support/worlds/gateway.ts'
import { log } from '#test/support/worlds/ingest.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'
import { openSenderWorld, startMeta } from '#test/support/worlds/sender.ts'

/** Rows of the same tenant that no statement is about: one that reads them all shows. */
const OTHERS = 2000

async function addOthers(store: Store, tenantId: Types.ObjectId, phoneNumberId: string): Promise<void> {
  const at = (i: number) => new Date(Date.now() - i * 60_000)
  const people = Array.from({ length: OTHERS }, () => ({ contactId: new Types.ObjectId(), conversationId: new Types.ObjectId() }))
  const ours = { tenantId, phoneNumberId, createdAt: at(0), updatedAt: at(0), deletedAt: null }
  /** Rows like one that is there, so that every route can show them. */
  const fill = async (name: CollectionName, rowOf: (i: number) => object) => {
    const collection = store.raw[name] as unknown as mongo.Collection
    const {
      _id,
      seq: _seq,
      idempotencyKey: _key,
      dispatch: _dispatch,
      ...like
    }: Record<string, unknown> = (await collection.findOne({ tenantId })) ?? {}
    await collection.insertMany(people.map((_, i) => ({ ...like, ...ours, ...rowOf(i) })))
  }
  await fill('contacts', i => ({
    _id: people[i]?.contactId,
    waId: `4479${String(i).padStart(8, '0')}`,
    userId: `GB.${i}`,
    phone: `4479${String(i).padStart(8, '0')}`,
    name: `Other ${i}`,
  }))
  await fill('conversations', i => ({
    _id: people[i]?.conversationId,
    contactId: people[i]?.contactId,
    clientId: new Types.ObjectId(),
    contact: { phone: `4479${i}`, name: `Other ${i}` },
    lastActivityAt: at(i),
    messageCount: 1,
    unreadCount: 0,
    status: 'open',
  }))
  await fill('messages', i => ({
    conversationId: people[i]?.conversationId,
    contactId: people[i]?.contactId,
    direction: 'OUTBOUND',
    wamid: `wamid.other.${i}`,
    status: 'SENT',
    at: at(i),
    seq: 1,
    content: { text: 'other' },
    previousIds: [],
  }))
  await fill('leads', i => ({ phone: `4479${i}`, name: `Other ${i}`, status: 'open', contactId: people[i]?.contactId }))
  await fill('events', i => ({ _id: `other:${i}`, name: 'message:status', at: at(i), payload: {}, seq: 1_000_000 + i }))
  await fill('webhookEvents', i => ({ _id: `m:other.${i}`, status: 'PROCESSED', receivedAt: at(i), payload: {} }))
  await fill('parkedItems', i => ({ _id: `s:other.${i}`, wamid: `wamid.parked.${i}`, payload: {} }))
  const died = { exchange: '', routingKey: '', type: 'other', reason: 'r', cause: 'r', error: null, attempt: 1, settledAt: null }
  await fill('deadLetters', i => ({ ...died, messageId: `m:other.${i}`, queue: 'q', state: 'REPLAYED', payload: '{}' }))
}

/** A statement may look at a few rows beside those that it finds. */
const isWasteful = ({ examined, found }: Explained) => examined > 3 * found + 30
const named = ({ what, examined, found, indexes }: Explained) => `${what}: examined ${examined} for ${found} by ${indexes}`

const stack = new AsyncDisposableStack()
let gateway: Gateway
let commands: SentCommand[] = []
beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld()), {}, command => commands.push(command)))
  const { tenantId } = await userByEmail(gateway.store, PEOPLE.agent)
  await addOthers(gateway.store, tenantId, DEMO_TENANTS.demo.phoneNumberId)
})
afterAll(() => stack.disposeAsync())

describe('the statements of the recorder', () => {
  let explained: Explained[]

  beforeAll(async () => {
    const { store, queue } = gateway
    const events = { publish: async () => undefined, settled: async () => undefined }
    const recording = createRecording({ store, queue, log, events, pace: newPace() })
    const files = (folder: string) =>
      globSync('*.json', { cwd: path.join(ROOT, 'test/fixtures', folder) }).map(file => file.replace('.json', ''))
    const bodies = [...files('webhooks').map(readFixture), ...files('webhook-sequences').flatMap(readSequence)]
    commands = []
    // Once one by one, and once together: then all are duplicates, which are looked for in another way.
    for (const body of bodies) await recording([deliveryOf(body, new Date())])
    await recording(bodies.map(body => deliveryOf(body, new Date())))
    explained = await explainAll(store, commands)
  }, 240_000)

  test('are many', () => {
    expect(explained.length).toBeGreaterThan(30)
    expect(explained.some(({ what }) => what.startsWith('find messages {tenantId,wamid{$in}}'))).toBe(true)
    expect(explained.some(({ what }) => what.startsWith('find parkedItems'))).toBe(true)
  })

  test('never read a whole collection', () => {
    expect(explained.filter(({ isScan }) => isScan).map(named)).toEqual([])
  })

  test('examine hardly more rows than they find', () => {
    expect(explained.filter(isWasteful).map(named)).toEqual([])
  })

  test('name the tenant wherever rows have one', () => {
    const isOfTenant = ({ what }: Explained) => /^\w+ (messages|contacts|conversations|leads|notes) /.test(what)
    expect(explained.filter(one => isOfTenant(one) && !one.what.includes('tenantId')).map(named)).toEqual([])
  })
})

/** Not the least one, which no index of ids holds. */
const NOBODYS = '1'.repeat(24)
const document = describeApi(routes, { baseUrl: 'https://api.example', ingestUrl: 'https://hooks.example' }) as Schema
const SERVICE = ['/health', '/ready', '/metrics']
const PAGING = ['page', 'limit', 'cursor']

/** Texts for a filter: each value of a choice, and one of everything else. */
function samplesOf({ name, schema: given }: Parameter): string[] {
  const schema = followed(given, document)
  if (Array.isArray(schema.enum)) return schema.enum.map(String)
  if (schema.format === 'date-time') return [new Date().toISOString()]
  if (schema.format === 'date') return [new Date().toISOString().slice(0, 10)]
  if (schema.pattern === '^[0-9a-f]{24}$') return [NOBODYS]
  if (schema.type === 'integer' || schema.type === 'number') return [String(schema.minimum ?? 1)]
  return /phone|number/i.test(name) ? ['+212661000101'] : ['salma']
}

test('the statements of the reading routes use indexes, for every filter and every order', { timeout: 600_000 }, async () => {
  const asked: [string, number][] = []
  const plain: SentCommand[] = []
  const { store } = gateway
  const { tenantId } = await userByEmail(store, PEOPLE.agent)
  const idOf = async (name: CollectionName) =>
    String((await (store.raw[name] as unknown as mongo.Collection).findOne({ tenantId }))?._id ?? NOBODYS)
  const ids: [RegExp, string][] = [
    [/\/conversations?\//, await idOf('conversations')],
    [/\/contacts\//, await idOf('contacts')],
    [/\/messages\//, await idOf('messages')],
    [/\/templates\//, await idOf('templates')],
    [/\/phone-numbers\//, await idOf('clients')],
    [/\/leads\//, await idOf('leads')],
    [/./, NOBODYS],
  ]
  commands = []
  const reading = operationsOf(document).filter(({ method, path: address }) => method === 'get' && !SERVICE.includes(address))
  for (const { path: address, parameters } of reading) {
    const [, id] = ids.find(([pattern]) => pattern.test(address)) as [RegExp, string]
    const get = (query: Record<string, string>) =>
      gateway.call('GET', `${address.replace(/\{\w+\}/g, id)}?${new URLSearchParams(query)}`, {
        as: 'platform',
        headers: { 'x-organization-id': String(tenantId) },
      })
    const from = commands.length
    const first = await get({})
    plain.push(...commands.slice(from))
    if (first.body?.nextCursor) await get({ cursor: first.body.nextCursor })
    // Each filter and each order alone.
    for (const parameter of parameters.filter(one => one.in === 'query' && !PAGING.includes(one.name)))
      for (const value of samplesOf(parameter))
        asked.push([`${address}?${parameter.name}=${value}`, (await get({ [parameter.name]: value })).status])
  }
  // Some only go with another one.
  expect(asked.length).toBeGreaterThan(80)
  expect(asked.filter(([, status]) => status >= 500)).toEqual([])
  expect(asked.filter(([, status]) => status === 200).length).toBeGreaterThan(asked.length * 0.8)
  const explained = await explainAll(store, commands)
  expect(explained.length).toBeGreaterThan(90)
  // A count of everything reads everything, up to its bound.
  const isCountOfAll = ({ what }: Explained) => /^aggregate \w+ \[\{\$match\{\}\}/.test(what)
  expect(explained.filter(one => one.isScan && !isCountOfAll(one)).map(named)).toEqual([])
  // Counts read what they count, up to their bound. A rare filter may read the rows of its tenant by their time, within a limit.
  const lists = (await explainAll(store, plain)).filter(({ what }) => !what.startsWith('aggregate'))
  expect(lists.length).toBeGreaterThan(30)
  // No index finds a person in a webhook: the export of a person reads the days that are kept.
  const isOfExport = ({ what }: Explained) => /^find webhookEvents .*\$or/.test(what)
  expect(lists.filter(one => isWasteful(one) && !isOfExport(one)).map(named)).toEqual([])
})

test('the statements of the sender use indexes', { timeout: 240_000 }, async () => {
  await using world = await createWorld()
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url)
  await addOthers(w.store, w.tenantId, w.client.phoneNumberId)
  await using sender = await w.startSender()
  const conversation = await w.addConversation()
  const sent = [await w.sendOne(), await w.sendOne({}, conversation), await w.sendOne({}, conversation)]
  for (const message of sent) await w.until(message, ({ status }) => status === 'SENT')
  const seen = sender.commands.map(({ name, command }) => ({ name: name.split(' ')[0] as string, collection: null, command }))
  const explained = await explainAll(w.store, seen)
  expect(explained.length).toBeGreaterThan(10)
  // All numbers of the platform are read once, after Redis has lost its data.
  const scans = explained.filter(({ isScan, what }) => isScan && !what.startsWith('find clients {deletedAt,messagingLimit'))
  expect(scans.map(named)).toEqual([])
  expect(
    explained
      .filter(({ what }) => !what.startsWith('aggregate'))
      .filter(isWasteful)
      .map(named),
  ).toEqual([])
})
