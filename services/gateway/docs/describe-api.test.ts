import { expect, test } from 'vitest'
import { z } from 'zod'
import { MAX_ITEMS } from '#shared/http/strict-json.ts'
import { routes } from '../routes.ts'
import { describeApi } from './describe-api.ts'
import { ingestUrlOf } from './openapi-routes.ts'
import { postmanCollection } from './postman.ts'

const document = describeApi(routes, { baseUrl: 'https://api.example', ingestUrl: 'https://hooks.example' })

/** The part of OpenAPI 3.1 that this document uses; a member that the standard does not define is an error. */
const Text = z.string().min(1)
const Schema = z.union([z.boolean(), z.record(z.string(), z.unknown())])
const Reference = z.strictObject({ $ref: z.string().startsWith('#/components/') })
const Content = z.record(
  z.string().regex(/^[\w.+*-]+\/[\w.+*-]+$/),
  z.strictObject({ schema: Schema.optional(), examples: z.record(z.string(), Reference).optional() }),
)
const Parameter = z.strictObject({
  name: Text,
  in: z.enum(['path', 'query', 'header']),
  required: z.boolean().optional(),
  description: Text.optional(),
  schema: Schema,
})
const ResponseHeader = z.strictObject({ description: Text, schema: Schema })
const Response = z.strictObject({
  description: Text,
  headers: z.record(z.string().regex(/^[A-Za-z-]+$/), ResponseHeader).optional(),
  content: Content.optional(),
})
const Operation = z.strictObject({
  operationId: z
    .string()
    .regex(/^[A-Za-z0-9]+$/)
    .optional(),
  summary: Text,
  tags: z.array(Text).min(1),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  'x-action': Text.optional(),
  parameters: z.array(z.union([Reference, Parameter])).optional(),
  requestBody: z.strictObject({ required: z.boolean(), content: Content }).optional(),
  responses: z.record(z.string().regex(/^([1-5]\d\d|default)$/), z.union([Reference, Response])),
})
const Servers = z.array(z.strictObject({ url: z.url() })).min(1)
const methods = ['get', 'post', 'put', 'patch', 'delete'] as const
const operations = Object.fromEntries(methods.map(method => [method, Operation.optional()])) as Record<
  (typeof methods)[number],
  z.ZodOptional<typeof Operation>
>
const PathItem = z.strictObject({ servers: Servers.optional(), ...operations })
const OpenApi = z.strictObject({
  openapi: z.literal('3.1.0'),
  info: z.strictObject({ title: Text, version: Text, description: Text }),
  servers: Servers,
  tags: z.array(z.strictObject({ name: Text })),
  paths: z.record(z.string().startsWith('/'), PathItem),
  components: z.strictObject({
    schemas: z.record(z.string().regex(/^[\w.-]+$/), Schema),
    securitySchemes: z.record(z.string(), z.strictObject({ type: Text, scheme: Text, description: Text })),
    parameters: z.record(z.string(), Parameter),
    responses: z.record(z.string(), Response),
    examples: z.record(z.string(), z.strictObject({ value: z.unknown() })),
  }),
})
const valid = OpenApi.parse(document)
const follow = (reference: string) =>
  reference
    .slice(2)
    .split('/')
    .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document)

const described = Object.entries(valid.paths).flatMap(([path, item]) =>
  methods.flatMap(method => {
    const one = item[method]
    if (!one) return []
    const parameters = (one.parameters ?? []).map(parameter =>
      '$ref' in parameter ? Parameter.parse(follow(parameter.$ref)) : parameter,
    )
    const responses = Object.entries(one.responses).map(
      ([status, response]) => [status, '$ref' in response ? Response.parse(follow(response.$ref)) : response] as const,
    )
    return [{ path, method, operation: { ...one, parameters, responses: Object.fromEntries(responses) } }]
  }),
)

test('the document is OpenAPI 3.1', () => {
  expect(OpenApi.safeParse(document).error?.issues ?? []).toEqual([])
  const names = new Set(valid.tags.map(({ name }) => name))
  for (const { operation } of described) for (const tag of operation.tags) expect([...names]).toContain(tag)
})

test('every route is in it, with its action, and needs what the route needs', () => {
  for (const { method, path, action, summary, status } of routes) {
    const { operation } = described.find(one => one.method === method && one.path === path) ?? {}
    expect(operation, `${method} ${path}`).toMatchObject({ summary, security: action === null ? [] : [{ bearer: [] }] })
    expect(operation?.['x-action'] ?? null).toBe(action)
    expect(Object.keys(operation?.responses ?? {})).toEqual(expect.arrayContaining([String(status), '400', '500']))
  }
})

test('every counted route says that it may be refused for a while, and when to come again', () => {
  for (const { method, path, bucket, action } of routes) {
    const { operation } = described.find(one => one.method === method && one.path === path) ?? {}
    const codes = Object.keys(operation?.responses ?? {}).filter(code => code === '429' || code === '503')
    // Who is not known is counted as well.
    expect(codes, `${method} ${path}`).toEqual(bucket === 'none' && action === null ? [] : ['429', '503'])
    for (const code of codes) expect(Object.keys(operation?.responses[code]?.headers ?? {})).toContain('Retry-After')
  }
})

test('every error of a route has an example, with a status and a code of its own', () => {
  const errors = described.flatMap(({ operation }) => Object.entries(operation.responses)).filter(([status]) => status >= '400')
  expect(errors.length).toBeGreaterThan(1000)
  for (const [status, { content }] of errors) {
    const problem = content?.['application/problem+json']
    if (problem === undefined) continue
    const examples = Object.values(problem.examples ?? {}).map(({ $ref }) => follow($ref) as { value: Record<string, unknown> })
    expect(examples.length).toBeGreaterThan(0)
    for (const { value } of examples) expect([String(value.status), typeof value.errorCode]).toEqual([status, 'string'])
  }
  const codesOf = (path: string, method: string, status: string) => {
    const { operation } = described.find(one => one.path === path && one.method === method) ?? {}
    return Object.keys(operation?.responses[status]?.content?.['application/problem+json']?.examples ?? {})
  }
  expect(codesOf('/api/v1/messages/send', 'post', '422')).toEqual(expect.arrayContaining(['WINDOW_CLOSED', 'CONTACT_BLOCKED']))
  expect(codesOf('/api/v1/messages/send', 'post', '409').join()).toContain('KEY_REUSED')
  expect(codesOf('/api/v1/labels', 'post', '409')).toEqual(expect.arrayContaining(['LABEL_EXISTS']))
  expect(codesOf('/api/v1/labels', 'get', '409')).toEqual([])
})

test('shapes stand once: values, cursors, and everything of some length', () => {
  const { components } = valid
  expect(components.schemas.DateTime).toMatchObject({ type: 'string', format: 'date-time' })
  expect(components.schemas.Conversation).toMatchObject({ properties: { id: { type: 'string' } } })
  expect(components.parameters.Cursor).toMatchObject({ name: 'cursor', in: 'query' })
  const seen = new Map<string, string>()
  const twice: string[] = []
  const visit = (value: unknown, where: string): void => {
    if (typeof value !== 'object' || value === null) return
    const text = JSON.stringify(value)
    const isShape = 'type' in value && value.type === 'object' && 'properties' in value
    if (isShape && text.length > 150) {
      if (seen.has(text)) twice.push(`${seen.get(text)} and ${where}: ${text.slice(0, 100)}`)
      seen.set(text, where)
    }
    for (const [key, member] of Object.entries(value)) visit(member, `${where}/${key}`)
  }
  visit(document, '')
  expect(twice).toEqual([])
  const whole = JSON.stringify(document)
  expect(whole).not.toContain('9007199254740991')
  expect(whole.match(/"format":"date-time"/g)).toHaveLength(1)
  // Of each operation on average.
  expect(whole.length / described.length).toBeLessThan(2500)
})

test('every POST that creates something takes an Idempotency-Key', () => {
  const creating = described.filter(({ method, operation }) => method === 'post' && '201' in operation.responses)
  expect(creating.length).toBeGreaterThan(15)
  const without = creating.filter(({ operation }) => !operation.parameters.some(({ name }) => name === 'Idempotency-Key'))
  expect(without.map(({ path }) => path)).toEqual([])
})

test('Idempotency-Key is promised where it is kept', () => {
  const promised = described.filter(({ operation }) => operation.parameters.some(({ name }) => name === 'Idempotency-Key'))
  expect(promised.map(({ path }) => path).toSorted()).toEqual([
    '/api/clients',
    '/api/integrations/whatsapp/send',
    '/api/integrations/whatsapp/templates',
    '/api/integrations/whatsapp/templates/send',
    '/api/messages/send',
    '/api/messages/template',
    '/api/messages/text',
    '/api/templates',
    '/api/v1/api-keys',
    '/api/v1/api-keys/{id}/rotate',
    '/api/v1/auth/register',
    '/api/v1/campaigns',
    '/api/v1/campaigns/{id}/rerun',
    '/api/v1/clients',
    '/api/v1/contacts',
    '/api/v1/conversations/{id}/notes',
    '/api/v1/event-subscriptions',
    '/api/v1/event-subscriptions/{id}/rotate-secret',
    '/api/v1/labels',
    '/api/v1/leads',
    '/api/v1/leads/{id}/notes',
    '/api/v1/media',
    '/api/v1/messages',
    '/api/v1/messages/by-id/{id}/retry',
    '/api/v1/messages/send',
    '/api/v1/messages/send-template',
    '/api/v1/messages/template',
    '/api/v1/messages/text',
    '/api/v1/phone-numbers',
    '/api/v1/phone-numbers/{id}/short-links',
    '/api/v1/quick-replies',
    '/api/v1/templates',
    '/api/v1/tenants',
    '/api/v1/tenants/embedded-signup',
    '/api/v1/users',
    '/api/v1/users/{id}/link',
    '/api/v1/views',
  ])
})

test('sends may wait for their outcome', () => {
  const waiting = described.filter(({ operation }) => operation.parameters.some(({ name }) => name === 'Prefer'))
  const canonical = ['', '/send', '/send-template', '/template', '/text'].map(path => `/api/v1/messages${path}`)
  const sends = ['/api/messages/send', '/api/messages/template', '/api/messages/text', ...canonical]
  expect(waiting.map(({ path }) => path).toSorted()).toEqual(sends)
})

test('each place in a path is described, once, and nothing else', () => {
  for (const { path, operation } of described) {
    const { parameters } = operation
    const places = [...path.matchAll(/\{(\w+)\}/g)].map(match => match[1])
    const named = parameters.filter(parameter => parameter.in === 'path')
    expect(named.map(({ name }) => name)).toEqual(places)
    expect(named.every(({ required }) => required)).toBe(true)
    const keys = parameters.map(parameter => `${parameter.in}:${parameter.name}`)
    expect(new Set(keys).size).toBe(keys.length)
  }
})

test('schemas are of JSON Schema 2020-12: known types, patterns that compile, required members that exist', () => {
  const TYPES = ['string', 'number', 'integer', 'boolean', 'object', 'array', 'null']
  const visit = (value: unknown, where: string): void => {
    if (typeof value !== 'object' || value === null) return
    const { type, pattern, required, properties, $ref, nullable } = value as Record<string, unknown>
    if (typeof type === 'string' && /schema|properties|items|anyOf|oneOf/.test(where) && !where.endsWith('/properties'))
      expect(TYPES, where).toContain(type)
    if (typeof pattern === 'string') expect(() => new RegExp(pattern, 'u'), where).not.toThrow()
    if (Array.isArray(required) && properties) expect(Object.keys(properties), where).toEqual(expect.arrayContaining(required))
    if (typeof $ref === 'string') expect(follow($ref), where).toBeDefined()
    if (typeof nullable === 'boolean') throw new Error(`${where}: nullable is of 3.0`)
    for (const [key, member] of Object.entries(value)) visit(member, `${where}/${key}`)
  }
  visit(document, '')
})

test("Meta's addresses are those of ingest", () => {
  const hooks = Object.entries(valid.paths).filter(([, item]) => item.servers)
  expect(hooks.map(([path]) => path)).toEqual(['/api/v1/webhook', '/webhook', '/api/webhooks', '/api/webhooks/whatsapp'])
  for (const [, { servers }] of hooks) expect(servers).toEqual([{ url: 'https://hooks.example' }])
  expect(ingestUrlOf({ BASE_URL: 'https://one.example' })).toBe('https://one.example')
  const SIMULATOR_WEBHOOK_URL = 'http://127.0.0.1:3001/api/v1/webhook'
  expect(ingestUrlOf({ BASE_URL: 'https://one.example', SIMULATOR_WEBHOOK_URL })).toBe('http://127.0.0.1:3001')
})

test('the Postman collection holds every operation', () => {
  const { item } = postmanCollection(document) as { item: { item: unknown[] }[] }
  expect(item.flatMap(folder => folder.item)).toHaveLength(described.length)
})

test('no route takes a longer list than the reader of bodies', () => {
  const longest: number[] = []
  JSON.stringify(document, (key, value) => {
    if (key === 'maxItems') longest.push(value)
    return value
  })
  expect(longest.length).toBeGreaterThan(5)
  expect(Math.max(...longest)).toBeLessThanOrEqual(MAX_ITEMS)
})
