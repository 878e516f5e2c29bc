import type { Json } from './schemas.ts'

interface Parameter {
  name: string
  in: string
  required?: boolean
  description?: string
}
interface Operation {
  summary?: string
  tags?: string[]
  security?: unknown[]
  parameters?: (Parameter | Reference)[]
  requestBody?: { content: Record<string, { schema?: Json }> }
}
interface Reference {
  $ref: string
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const

/**
 * Postman 2.1 collection of an OpenAPI document: one folder for each tag; `{{baseUrl}}` and `{{token}}` are variables. Postman's own
 * converter would be 87 packages in every installation (docs/decisions/028-kept-libraries-and-own-code.md).
 */
export function postmanCollection(document: Json): Json {
  const { paths, servers } = document as { paths: Record<string, Json>; servers: { url: string }[] }
  const folders = new Map<string, Json[]>()
  for (const [address, methods] of Object.entries(paths)) {
    for (const method of METHODS) {
      const operation = methods[method] as Operation | undefined
      if (operation === undefined) continue
      const tag = operation.tags?.[0] ?? 'other'
      const own = (methods.servers as { url: string }[] | undefined)?.[0]?.url
      folders.set(tag, [...(folders.get(tag) ?? []), itemOf(document, { address, method, operation, ownServer: own })])
    }
  }
  return {
    info: { name: 'Linko', schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json' },
    auth: { type: 'bearer', bearer: [{ key: 'token', value: '{{token}}', type: 'string' }] },
    variable: [
      { key: 'baseUrl', value: servers[0]?.url ?? '' },
      { key: 'token', value: '' },
    ],
    item: [...folders].map(([name, item]) => ({ name, item })),
  }
}

interface Described {
  address: string
  method: string
  operation: Operation
  ownServer: string | undefined
}

function itemOf(document: Json, { address, method, operation, ownServer }: Described): Json {
  const parameters = (operation.parameters ?? []).map(one => ('$ref' in one ? followed<Parameter>(document, one) : one))
  const of = (place: string) => parameters.filter(parameter => parameter.in === place)
  const host = ownServer ?? '{{baseUrl}}'
  const segments = address.split('/').filter(Boolean)
  const schema = operation.requestBody?.content['application/json']?.schema
  const query = of('query').map(({ name, required }) => ({ key: name, value: '', disabled: required !== true }))
  return {
    name: operation.summary ?? address,
    request: {
      method: method.toUpperCase(),
      ...(operation.security?.length === 0 && { auth: { type: 'noauth' } }),
      header: of('header').map(({ name, required }) => ({ key: name, value: '', disabled: required !== true })),
      url: {
        raw: `${host}${address}`,
        host: [host],
        path: segments.map(segment => segment.replace(/^\{(.+)\}$/, ':$1')),
        query,
        variable: of('path').map(({ name }) => ({ key: name, value: '' })),
      },
      ...(schema && {
        body: {
          mode: 'raw',
          raw: JSON.stringify(exampleOf(document, schema), null, 2),
          options: { raw: { language: 'json' } },
        },
      }),
    },
  }
}

const followed = <T>(document: Json, { $ref }: Reference) =>
  $ref
    .slice(2)
    .split('/')
    .reduce<unknown>((at, key) => (at as Json)[key], document) as T

/** Sample of a schema: its required members with examples, defaults, first enum values or empty values. */
function exampleOf(document: Json, schema: Json): unknown {
  if (typeof schema.$ref === 'string') return exampleOf(document, followed<Json>(document, { $ref: schema.$ref }))
  for (const name of ['const', 'example', 'default']) if (name in schema) return schema[name]
  if (Array.isArray(schema.enum)) return schema.enum[0]
  const [first] = (schema.anyOf ?? schema.oneOf ?? []) as Json[]
  if (first) return exampleOf(document, first)
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries((schema.properties ?? {}) as Record<string, Json>)
          .filter(([name]) => (schema.required as string[] | undefined)?.includes(name))
          .map(([name, member]) => [name, exampleOf(document, member)]),
      )
    case 'array':
      return []
    case 'integer':
    case 'number':
      return 0
    case 'boolean':
      return false
    default:
      return ''
  }
}
