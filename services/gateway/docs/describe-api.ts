import { z } from 'zod'
import { MessageTimelineView, TimelineStepView } from '#shared/contracts/timeline.ts'
import {
  ContactView,
  ConversationView,
  LastMessageView,
  MessageDetailView,
  MessageErrorView,
  MessageView,
  TimelineEntryView,
} from '#shared/contracts/views.ts'
import { type Route, route } from '#shared/http/route.ts'
import type { GatewayDeps } from '../deps.ts'
import { webhookPaths } from './openapi-webhooks.ts'
import { postmanCollection } from './postman.ts'

type Json = Record<string, unknown>
// biome-ignore lint/suspicious/noExplicitAny: what a route needs of its surroundings does not show in its description
type AnyRoute = Route<any>

/** Schemas that become named components of the document. */
const NAMED = z.registry<{ id: string }>()
NAMED.add(ContactView, { id: 'Contact' })
NAMED.add(ConversationView, { id: 'Conversation' })
NAMED.add(LastMessageView, { id: 'LastMessage' })
NAMED.add(MessageErrorView, { id: 'MessageError' })
NAMED.add(MessageView, { id: 'Message' })
NAMED.add(MessageDetailView, { id: 'MessageDetail' })
NAMED.add(MessageTimelineView, { id: 'MessageTimeline' })
NAMED.add(TimelineStepView, { id: 'TimelineStep' })
NAMED.add(TimelineEntryView, { id: 'TimelineEntry' })

const PROBLEM = {
  type: 'object',
  description: 'Problem details (RFC 9457). errorCode is for programs, detail for people; errors names each invalid field.',
  required: ['type', 'title', 'status', 'detail', 'errorCode', 'errors', 'requestId'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    errorCode: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['path', 'message'],
        properties: { path: { type: 'string' }, message: { type: 'string' } },
      },
    },
    requestId: { type: 'string' },
  },
}

export interface ApiAddresses {
  /** Base URL of the API. */
  baseUrl: string
  /** Origin of the ingest service, which serves Meta's webhooks. */
  ingestUrl: string
}

/** OpenAPI 3.1 document of a list of routes, from the same values that the app mounts. */
export function describeApi(routes: readonly AnyRoute[], { baseUrl, ingestUrl }: ApiAddresses): Json {
  const schemas: Json = { Problem: PROBLEM }
  const paths: Record<string, Json> = {}
  for (const one of routes) paths[one.path] = { ...paths[one.path], [one.method]: operationOf(one, schemas) }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Linko',
      version: '1',
      description: 'WhatsApp Business platform for many tenants. Times are UTC in ISO 8601; phone numbers are E.164 with a +.',
    },
    servers: [{ url: baseUrl }],
    tags: [...new Set([...routes.map(({ tag }) => tag), 'webhook'])].map(name => ({ name })),
    paths: { ...paths, ...servicePaths(), ...webhookPaths(ingestUrl) },
    components: {
      schemas,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'Access token from /auth/login, or an API key (lk_…)' },
      },
      responses: {
        Problem: problem('Error; errorCode gives the reason'),
        RateLimited: problem('Too many requests, wrong passwords, or invalid tokens and keys', RATE_HEADERS),
        Unavailable: problem('A server that is needed is away, or too many wait already; nothing was done', WAIT),
      },
    },
  }
}

const seconds = (description: string) => ({ description, schema: { type: 'integer' } })
const WAIT = { 'Retry-After': seconds('Seconds after which the request may be repeated') }
const RATE_HEADERS = {
  ...WAIT,
  'RateLimit-Limit': seconds('Requests that are allowed in the window'),
  'RateLimit-Remaining': seconds('Requests that are left in the window'),
  'RateLimit-Reset': seconds('Seconds until the window ends'),
}

const problem = (description: string, headers?: Json): Json => ({
  description,
  ...(headers && { headers }),
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
})

function operationOf(one: AnyRoute, schemas: Json): Json {
  const body = one.body && schemaOf(one.body, 'input', schemas)
  return {
    operationId: operationId(one),
    summary: one.summary,
    tags: [one.tag],
    security: one.action === null ? [] : [{ bearer: [] }],
    ...(one.action && { 'x-action': one.action }),
    parameters: [...headersOf(one), ...parametersOf(one.params, 'path', schemas), ...parametersOf(one.query, 'query', schemas)],
    ...(one.upload && { requestBody: fileOf(one.upload) }),
    ...(body && { requestBody: { required: requires(body), content: { 'application/json': { schema: body } } } }),
    responses: {
      [one.status]: {
        description: one.status === 202 ? 'Accepted' : 'Success',
        ...(one.returns && { content: { 'application/json': { schema: schemaOf(one.returns, 'output', schemas) } } }),
      },
      ...(isLimited(one) && {
        429: { $ref: '#/components/responses/RateLimited' },
        503: { $ref: '#/components/responses/Unavailable' },
      }),
      default: { $ref: '#/components/responses/Problem' },
    },
  }
}

/** Whether a request is counted, and so reads from a server. */
const isLimited = ({ action, bucket }: AnyRoute) => action !== null || bucket !== 'none'

const fileOf = ({ types }: { types: readonly string[] }) => ({
  required: true,
  content: Object.fromEntries(types.map(type => [type, { schema: type === 'multipart/form-data' ? FORM : FILE }])),
})
const FILE = { type: 'string', format: 'binary' }
const FORM = { type: 'object', required: ['file'], properties: { file: FILE } }

const requires = (schema: Json) => Array.isArray(schema.required) && schema.required.length > 0

/** `post /api/v1/messages/by-id/{id}/retry` -> `postMessagesByIdIdRetry`. */
function operationId({ method, path: address }: AnyRoute): string {
  const words = address.replace(/^\/api\/v1/, '').split(/[^A-Za-z0-9]+/)
  return method + words.map(word => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}

function headersOf({ action, idempotent, waits }: AnyRoute): Json[] {
  const string = { type: 'string' }
  const organization = { name: 'X-Organization-Id', in: 'header', schema: string, description: "Id of the caller's tenant" }
  const key = {
    name: 'Idempotency-Key',
    in: 'header',
    schema: string,
    description: 'A repeated request with this key gets the first response',
  }
  const prefer = {
    name: 'Prefer',
    in: 'header',
    schema: string,
    description: '`wait=5`: respond when the message is sent or has failed, or after 5 seconds; at most 10',
  }
  return [...(action ? [organization] : []), ...(idempotent ? [key] : []), ...(waits ? [prefer] : [])]
}

function parametersOf(schema: z.ZodType | undefined, place: 'path' | 'query', schemas: Json): Json[] {
  if (schema === undefined) return []
  const { properties = {}, required = [] } = schemaOf(schema, 'input', schemas) as {
    properties?: Record<string, Json>
    required?: string[]
  }
  return Object.entries(properties).map(([name, { description, ...value }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description !== undefined && { description }),
    schema: value,
  }))
}

/** JSON Schema 2020-12, as OpenAPI 3.1 uses it; named schemas move to the components. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output', schemas: Json): Json {
  const converted = z.toJSONSchema(schema, { io, metadata: NAMED, unrepresentable: 'any' }) as Json
  const { $schema: _schema, $defs, ...rest } = withDocumentRefs(converted) as Json
  Object.assign(schemas, $defs)
  if (typeof rest.id !== 'string') return rest
  const { id, ...own } = rest
  schemas[id as string] = own
  return { $ref: `#/components/schemas/${id}` }
}

/** Rewrites references within the schema to references within the document. */
function withDocumentRefs(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withDocumentRefs)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      key === '$ref' && typeof member === 'string'
        ? member.replace('#/$defs/', '#/components/schemas/')
        : withDocumentRefs(member),
    ]),
  )
}

/** Health, readiness and metrics, which every service answers before its routes. */
function servicePaths(): Json {
  const plain = (summary: string, type: string) => ({
    get: { summary, tags: ['service'], security: [], responses: { 200: { description: 'Success', content: { [type]: {} } } } },
  })
  return {
    '/health': plain('Check that the process is alive', 'application/json'),
    '/ready': plain('Check that the service is ready; 503 names the dependencies that are not', 'application/json'),
    '/metrics': plain('Get Prometheus metrics', 'text/plain'),
  }
}

/** Origin of ingest: that of the configured webhook address, or `BASE_URL` when one proxy serves all services. */
export function ingestUrlOf(config: { BASE_URL: string; SIMULATOR_WEBHOOK_URL?: string | undefined }): string {
  return config.SIMULATOR_WEBHOOK_URL ? new URL(config.SIMULATOR_WEBHOOK_URL).origin : config.BASE_URL
}

/** Routes of the document and its Postman collection. @param all returns every route, these included; called on each request */
export function openapiRoutes(all: () => readonly AnyRoute[]): Route<GatewayDeps>[] {
  const documentOf = ({ BASE_URL, SIMULATOR_WEBHOOK_URL }: GatewayDeps['config']) =>
    describeApi(all(), { baseUrl: BASE_URL, ingestUrl: ingestUrlOf({ BASE_URL, SIMULATOR_WEBHOOK_URL }) })
  const documentRoute = (name: string, summary: string, make: (config: GatewayDeps['config']) => Json) =>
    route({
      method: 'get',
      path: `/api/v1/${name}.json`,
      action: null,
      bucket: 'none',
      tag: 'service',
      summary,
      async handle(_request, { config }: GatewayDeps) {
        return { body: make(config) }
      },
    })
  return [
    documentRoute('openapi', 'Get this API as an OpenAPI document', documentOf),
    documentRoute('postman', 'Get this API as a Postman collection', config => postmanCollection(documentOf(config))),
  ]
}
