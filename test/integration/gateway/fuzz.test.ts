import fc from 'fast-check'
import { Types } from 'mongoose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSimulator } from '#deploy/simulator/simulator.ts'
import { describeApi } from '#services/gateway/docs/describe-api.ts'
import { routes } from '#services/gateway/routes.ts'
import { createApiKey } from '#shared/auth/api-keys.ts'
import type { Id } from '#shared/model/documents.ts'
import type { SentCommand } from '#shared/store/connect.ts'
import { asTenant } from '#shared/store/tenancy/tenancy.ts'
import { contractOf, type Operation, operationsOf, type Parameter } from '#test/support/api-contract.ts'
import { explainAll } from '#test/support/explain.ts'
import { type Schema, valuesOf } from '#test/support/schema-values.ts'
import { createWorld } from '#test/support/world.ts'
import { type Gateway, openGateway, PEOPLE } from '#test/support/worlds/gateway.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'

/** Requests of each caller to each operation. The long run is `npm run fuzz`. */
const RUNS = 2
const CALLERS = ['nobody', 'agent', 'manager', 'admin', 'platform', 'key'] as const
type Caller = (typeof CALLERS)[number]

const document = describeApi(routes, { baseUrl: 'https://api.example', ingestUrl: 'https://hooks.example' }) as Schema
const faultsOf = contractOf(document)
/** Of the service itself: answered before the app, which alone is here. */
const ELSEWHERE = ['/health', '/ready', '/metrics']
/** What ends other operations comes last. */
const ENDS = /^delete .*\/(phone-numbers|clients|tenants)\/|disconnect$|^post .*\/tenants\/|\/pause$/
const operations = operationsOf(document)
  .filter(({ path }) => !ELSEWHERE.includes(path))
  .toSorted((a, b) => rankOf(a) - rankOf(b))

function rankOf({ method, path }: Operation): number {
  return method === 'get' ? 0 : ENDS.test(`${method} ${path}`) ? 3 : method === 'delete' ? 2 : 1
}

const APP_SECRET = 'secret-of-the-app-of-this-test'
const stack = new AsyncDisposableStack()
let gateway: Gateway
let key: string
let tenantId: Id
let ids: Record<string, string[]>
const succeeded = new Set<string>()
const commands: SentCommand[] = []

beforeAll(async () => {
  const simulator = stack.use(await createSimulator({ reviewMs: 3_600_000, appId: '918273645500112', appSecret: APP_SECRET }))
  const env = { META_GRAPH_URL: simulator.url, META_APP_ID: '918273645500112', META_APP_SECRET: APP_SECRET }
  gateway = stack.use(await openGateway(stack.use(await createWorld()), env, command => commands.push(command)))
  tenantId = (await userByEmail(gateway.store, PEOPLE.agent)).tenantId
  key = (
    await asTenant(tenantId, () => createApiKey(gateway.store, { tenantId, name: 'fuzz', role: 'tenant_admin', scopes: ['*'] }))
  ).key
  ids = await idsBySegment()
  commands.length = 0
})
afterAll(() => stack.disposeAsync())

/** Ids that exist, by the segment of the address in front of them. Users and tenants are ones that no caller needs. */
async function idsBySegment(): Promise<Record<string, string[]>> {
  const { raw } = gateway.store
  const some = async (
    name: 'conversations' | 'contacts' | 'messages' | 'templates' | 'clients' | 'pipelines' | 'webhookEvents',
  ) => (await raw[name].find({ tenantId }).limit(3).toArray()).map(({ _id }) => String(_id))
  const made = async (path: string, body: object, as: 'admin' | 'platform' = 'admin') => {
    const { status, body: answer } = await gateway.call('POST', `/api/v1${path}`, { as, body })
    expect([path, status]).toEqual([path, 201])
    return [String(answer.id)]
  }
  const numbers = await some('clients')
  const campaign = { name: 'Fuzz', templateName: 'welcome', language: 'en_US' }
  return {
    conversations: await some('conversations'),
    conversation: await some('conversations'),
    contacts: await some('contacts'),
    messages: await some('conversations'),
    'by-id': await some('messages'),
    templates: await some('templates'),
    clients: numbers,
    'phone-numbers': numbers,
    leads: await made('/leads', { name: 'Fuzz' }),
    labels: await made('/labels', { name: 'fuzz' }),
    'quick-replies': await made('/quick-replies', { shortcut: 'fuzz', title: 'Fuzz', text: 'fuzz' }),
    views: await made('/views', { name: 'Fuzz', query: { unread: true } }),
    campaigns: await made('/campaigns', campaign),
    'api-keys': await made('/api-keys', { name: 'Fuzz', scopes: ['contacts.read'] }),
    users: await made('/users', { email: 'fuzz@example.com', name: 'Fuzz' }),
    tenants: await made('/tenants', { name: 'Fuzz', adminEmail: 'fuzz-admin@example.com', adminName: 'Fuzz' }, 'platform'),
    pipelines: await some('pipelines'),
    'webhook-events': await some('webhookEvents'),
  }
}

interface Sent {
  path: Record<string, unknown>
  query: Record<string, unknown>
  header: Record<string, unknown>
  body: unknown
}

/** Requests to an operation: right ones, and such with some wrong members. The same ones each time. */
function requestsTo(operation: Operation, caller: Caller): Sent[] {
  const options = { document, ids: [...Object.values(ids).flat(), '0'.repeat(24)] }
  return [0, 25].flatMap(broken => {
    const fieldsOf = (place: Parameter['in']) => {
      const own = operation.parameters.filter(one => one.in === place && one.name !== 'X-Organization-Id')
      const values = own.map(one => [
        one.name,
        place === 'path' ? idFor(operation, one) : valuesOf(one.schema, { ...options, broken }),
      ])
      return fc.record(Object.fromEntries(values) as Record<string, fc.Arbitrary<unknown>>, {
        requiredKeys: own.filter(({ required }) => required).map(({ name }) => name),
      })
    }
    const request = fc.record({
      path: fieldsOf('path'),
      query: fieldsOf('query'),
      header: fieldsOf('header'),
      body: operation.body ? valuesOf(operation.body, { ...options, broken }) : fc.constant(undefined),
    })
    return fc.sample(request, { numRuns: RUNS / 2, seed: seedOf(`${operation.operationId} ${caller} ${broken}`) }) as Sent[]
  })
}

function idFor({ path }: Operation, { name, schema }: Parameter): fc.Arbitrary<unknown> {
  const before = path.split('/')[path.split('/').indexOf(`{${name}}`) - 1] ?? ''
  const known = ids[before] ?? []
  const any = valuesOf(schema, { document, ids: ['0'.repeat(24)], broken: 20 }).map(value => String(value) || '0')
  return known.length === 0 ? any : fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: any })
}

const seedOf = (text: string) => [...text].reduce((seed, character) => (Math.imul(seed, 31) + character.charCodeAt(0)) | 0, 7)

async function ask(operation: Operation, caller: Caller, { path, query, header, body }: Sent) {
  const at = operation.path.replace(/\{(\w+)\}/g, (_all, name) => encodeURIComponent(textOf(path[name])))
  const search = new URLSearchParams(Object.entries(query).map(([name, value]): [string, string] => [name, textOf(value)]))
  const headers = Object.entries(header).filter(([, value]) => /^[\x21-\x7e]+$/.test(textOf(value)))
  const token = caller === 'nobody' ? null : caller === 'key' ? key : await gateway.tokenFor(caller)
  const [upload] = operation.uploads.filter(type => type !== 'multipart/form-data')
  const content = upload ? 'phone,name\n+212661000101,Salma\n' : body === undefined ? undefined : JSON.stringify(body)
  const url = `${gateway.url}${at}${search.size > 0 ? `?${search}` : ''}`
  const response = await fetch(url, {
    method: operation.method.toUpperCase(),
    redirect: 'manual',
    headers: {
      ...(content !== undefined && { 'content-type': upload ?? 'application/json' }),
      ...(token && { authorization: `Bearer ${token}` }),
      ...Object.fromEntries(headers.map(([name, value]) => [name, name === 'Prefer' ? 'wait=0' : textOf(value)])),
    },
    ...(content !== undefined && { body: content }),
  })
  const text = await response.text()
  const type = response.headers.get('content-type')?.split(';')[0] ?? null
  return { url, status: response.status, type, body: type?.endsWith('json') && text ? JSON.parse(text) : text }
}

const textOf = (value: unknown) => (typeof value === 'string' ? value.toWellFormed() : JSON.stringify(value))

describe('every answer is one that the document describes', () => {
  test.for(operations.map(operation => [`${operation.method} ${operation.path}`, operation] as const))(
    '%s',
    async ([name, operation]) => {
      for (const caller of operation.isPublic ? (['nobody'] as const) : CALLERS)
        for (const request of requestsTo(operation, caller)) {
          const answer = await ask(operation, caller, request)
          if (answer.status < 300) succeeded.add(name)
          const context = { caller, url: answer.url, sent: request.body, status: answer.status }
          expect({ ...context, faults: faultsOf(operation, answer) }).toEqual({ ...context, faults: [] })
        }
    },
  )

  test('and many of the requests are right ones', () => {
    // Otherwise the test would see refusals only.
    expect(succeeded.size).toBeGreaterThan(operations.length / 2)
  })
})

test('no statement of any route reads a whole collection', { timeout: 600_000 }, async () => {
  const explained = await explainAll(gateway.store, commands)
  expect(explained.length).toBeGreaterThan(150)
  // The driver asks whether there is any file at all before it makes its indexes.
  const scans = explained.filter(({ isScan, what }) => isScan && what !== 'find files.files {}')
  expect(scans.map(({ what, examined }) => `${what}: examined ${examined}`)).toEqual([])
})

test('an answer that the document does not describe is found', () => {
  const operation = operations.find(({ operationId }) => operationId === 'getLabels') as Operation
  const row = { id: String(new Types.ObjectId()), name: 'a', color: '#000000', description: null, isArchived: 'no' }
  const list = { data: [row], total: 1, totalIsExact: true, page: 1, limit: 1, hasMore: false, nextCursor: null }
  const faults = (status: number, type: string | null, body: unknown) => faultsOf(operation, { status, type, body })
  expect(faults(200, 'application/json', list)).not.toEqual([])
  expect(faults(200, 'application/json', { ...list, data: [] })).toEqual([])
  expect(faults(418, 'application/json', {})).not.toEqual([])
  expect(faults(200, 'text/html', '')).not.toEqual([])
  expect(faults(200, null, '')).not.toEqual([])
  expect(faults(404, 'application/problem+json', { title: 'Not Found' })).not.toEqual([])
})
