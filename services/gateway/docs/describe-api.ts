import type { z } from 'zod'
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
import type { Route } from '#shared/http/route.ts'
import { ErrorResponses, problemSchemas } from './error-responses.ts'
import { webhookPaths } from './openapi-webhooks.ts'
import { readRouteErrors } from './route-errors.ts'
import { type Json, schemaOf } from './schemas.ts'
import { servicePaths } from './service-paths.ts'
import { SharedParameters } from './shared-parameters.ts'
import { pascal, type Root, SharedSchemas, singular } from './shared-schemas.ts'

// biome-ignore lint/suspicious/noExplicitAny: what a route needs of its surroundings does not show in its description
type AnyRoute = Route<any>

/** Shapes that are part of several others, inner ones first. */
const PARTS: Record<string, z.ZodType> = {
  MessageError: MessageErrorView,
  LastMessage: LastMessageView,
  TimelineEntry: TimelineEntryView,
  TimelineStep: TimelineStepView,
  Contact: ContactView,
  Conversation: ConversationView,
  Message: MessageView,
  MessageDetail: MessageDetailView,
  MessageTimeline: MessageTimelineView,
}

/** Names of what a route answers, where its address says something else. */
const NAMES: Record<string, string> = {
  'get /api/v1/contacts': 'ContactDetail',
  'get /api/v1/dead-letters/{id}': 'DeadLetterDetail',
  'get /api/v1/limits': 'Limits',
  'get /api/v1/settings': 'Settings',
  'get /api/v1/views': 'SavedView',
  'get /api/v1/audit-log': 'AuditEntry',
  'get /api/v1/auth/me': 'Me',
  'get /api/v1/auth/sessions': 'Session',
  'post /api/v1/users': 'UserWithLink',
  'post /api/v1/messages': 'AcceptedMessage',
  'delete /api/v1/phone-numbers/{id}': 'DisconnectedNumber',
  'get /api/clients/me': 'LinkoJobClient',
}

export interface ApiAddresses {
  /** Base URL of the API. */
  baseUrl: string
  /** Origin of the ingest service, which serves Meta's webhooks. */
  ingestUrl: string
}

/** What a route sends and gets, as JSON Schema. */
interface Described {
  route: AnyRoute
  body: Json | null
  returns: Json | null
}

/** OpenAPI 3.1 document of a list of routes, from the same values that the app mounts. Shapes that stand twice are components. */
export function describeApi(routes: readonly AnyRoute[], { baseUrl, ingestUrl }: ApiAddresses): Json {
  const described = routes.map(route => ({
    route,
    body: route.body ? schemaOf(route.body, 'input') : null,
    returns: route.returns ? schemaOf(route.returns, 'output') : null,
  }))
  const schemas = new SharedSchemas(rootsOf(described))
  const errors = new ErrorResponses(readRouteErrors())
  const parameters = new SharedParameters(routes, schemas)
  const paths: Record<string, Json> = {}
  for (const one of described) {
    const operation = operationOf(one, { schemas, errors, parameters })
    paths[one.route.path] = { ...paths[one.route.path], [one.route.method]: operation }
  }
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
      schemas: { ...schemas.components, ...problemSchemas(errors.codes) },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'Access token from /auth/login, or an API key (lk_…)' },
      },
      parameters: parameters.components,
      responses: errors.responses,
      examples: errors.examples,
    },
  }
}

interface Components {
  schemas: SharedSchemas
  errors: ErrorResponses
  parameters: SharedParameters
}

function operationOf({ route, body, returns }: Described, { schemas, errors, parameters }: Components): Json {
  const content = {
    ...(returns && { 'application/json': { schema: schemas.withReferences(returns) } }),
    ...Object.fromEntries(typesOf(route).map(type => [type, { schema: type.endsWith('json') ? { type: 'object' } : FILE }])),
  }
  const success = { ...(Object.keys(content).length > 0 && { content }) }
  const others = Object.entries(route.otherStatuses ?? {}).map(([status, description]) => [
    status,
    { description, ...(status < '300' && success) },
  ])
  return {
    operationId: operationId(route),
    summary: route.summary,
    tags: [route.tag],
    security: route.action === null ? [] : [{ bearer: [] }],
    ...(route.action && { 'x-action': route.action }),
    parameters: parameters.of(route),
    ...(route.upload && { requestBody: fileOf(route.upload) }),
    ...(body && {
      requestBody: { required: requires(body), content: { 'application/json': { schema: schemas.withReferences(body) } } },
    }),
    responses: {
      [route.status]: { description: DESCRIPTIONS[route.status] ?? 'Success', ...success },
      ...Object.fromEntries(others),
      ...errors.of(route),
    },
  }
}

/** Types of a success beside JSON. A route that answers a file and does not say of which type has the one of its address. */
function typesOf({ produces, returns, status, path }: AnyRoute): readonly string[] {
  if (produces) return produces
  if (returns || status !== 200) return []
  return [TYPES[path.slice(path.lastIndexOf('.'))] ?? '*/*']
}
const TYPES: Record<string, string> = { '.csv': 'text/csv', '.json': 'application/json', '.zip': 'application/zip' }

const DESCRIPTIONS: Record<number, string> = { 201: 'Created', 202: 'Accepted', 204: 'Done', 302: 'The browser is sent on' }

const fileOf = ({ types }: { types: readonly string[] }) => ({
  required: true,
  content: Object.fromEntries(types.map(type => [type, { schema: type === 'multipart/form-data' ? FORM : FILE }])),
})
const FILE = { type: 'string', format: 'binary' }
const FORM = { type: 'object', required: ['file'], properties: { file: FILE } }

const requires = (schema: Json) => Array.isArray(schema.required) && schema.required.length > 0

/** `post /api/v1/messages/by-id/{id}/retry` -> `postMessagesByIdIdRetry`. */
const operationId = ({ method, path: address }: AnyRoute) => method + pascal(address.replace(/^\/api\/v1/, ''))

/** Shapes in the order in which they name others: the known ones, then those of short addresses, then those of older systems. */
function rootsOf(described: readonly Described[]): Root[] {
  const known = Object.entries(PARTS).map(([name, schema]) => ({ name, schema: schemaOf(schema, 'output') }))
  const rank = ({ route: { method, path } }: Described) =>
    (path.startsWith('/api/v1/') ? 0 : 100) + path.split('/').length * 2 + (method === 'get' ? 0 : 1)
  const ordered = described.toSorted((a, b) => rank(a) - rank(b))
  return [
    ...known,
    ...ordered.flatMap(({ route, returns }) => (returns ? rootsOfReturn(route, returns) : [])),
    ...ordered.flatMap(({ route, body }) =>
      body ? [{ name: `${pascal(route.method)}${placeOf(route)}Body`, schema: body }] : [],
    ),
  ]
}

/** A list names its items. */
function rootsOfReturn(route: AnyRoute, returns: Json): Root[] {
  const { data } = (returns.properties ?? {}) as { data?: Json }
  const item = data?.type === 'array' ? [{ name: nameOf(route), schema: data.items as Json }] : []
  const whole = { name: item.length > 0 ? `${nameOf(route)}List` : nameOf(route), schema: returns }
  // With two statuses of a success the shape stands twice.
  return [...item, whole, ...(route.otherStatuses ? [whole] : [])]
}

const nameOf = (route: AnyRoute) => NAMES[`${route.method} ${route.path}`] ?? placeOf(route)

/** `/api/v1/conversations/{id}/messages` -> `ConversationMessage`. */
const placeOf = ({ path }: AnyRoute) =>
  path
    .replace(/^\/api(\/v1)?\//, '')
    .split('/')
    .filter(segment => !segment.startsWith('{'))
    .map(segment => singular(pascal(segment)))
    .join('')
