import type { Route } from '#shared/http/route.ts'
import { type Json, schemaOf } from './schemas.ts'
import { pascal, type SharedSchemas } from './shared-schemas.ts'

// biome-ignore lint/suspicious/noExplicitAny: what a route needs of its surroundings does not show in its description
type AnyRoute = Route<any>

/** Parameters of routes. One that stands at several routes is a component. */
export class SharedParameters {
  readonly components: Record<string, Json> = {}
  readonly #byRoute: Map<AnyRoute, Json[]>

  constructor(routes: readonly AnyRoute[], schemas: SharedSchemas) {
    this.#byRoute = new Map(routes.map(route => [route, parametersOf(route, schemas)]))
    const all = [...this.#byRoute.values()].flat()
    const counts = Map.groupBy(all, parameter => JSON.stringify(parameter))
    const names = new Map<string, string>()
    for (const [text, same] of [...counts].filter(([, { length }]) => length > 1).sort(([, a], [, b]) => b.length - a.length)) {
      const [parameter] = same as [Json]
      const proposed = pascal(String(parameter.name).replace(/^X-/, ''))
      let name = proposed
      for (let n = 2; name in this.components; n++) name = `${proposed}${n}`
      this.components[name] = parameter
      names.set(text, name)
    }
    for (const [route, own] of this.#byRoute)
      this.#byRoute.set(
        route,
        own.map(parameter => {
          const name = names.get(JSON.stringify(parameter))
          return name === undefined ? parameter : { $ref: `#/components/parameters/${name}` }
        }),
      )
  }

  of(route: AnyRoute): Json[] {
    return this.#byRoute.get(route) ?? []
  }
}

const parametersOf = (route: AnyRoute, schemas: SharedSchemas): Json[] => [
  ...headersOf(route),
  ...fieldsOf(route.params, 'path', schemas),
  ...fieldsOf(route.query, 'query', schemas),
]

const ORGANIZATION = {
  name: 'X-Organization-Id',
  in: 'header',
  schema: { type: 'string' },
  description: "Id of the caller's tenant; a platform admin names the one to act in",
}
const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$' },
  description:
    'Makes the request safe to repeat: with the same key and the same content the first answer comes again, for 24 hours',
}
const PREFER = {
  name: 'Prefer',
  in: 'header',
  schema: { type: 'string' },
  description: '`wait=5`: respond when the message is sent or has failed, or after 5 seconds; at most 10',
}

const headersOf = ({ action, idempotent, waits }: AnyRoute): Json[] => [
  ...(action ? [ORGANIZATION] : []),
  ...(idempotent ? [IDEMPOTENCY_KEY] : []),
  ...(waits ? [PREFER] : []),
]

function fieldsOf(schema: AnyRoute['params'], place: 'path' | 'query', schemas: SharedSchemas): Json[] {
  if (schema === undefined) return []
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, Json>
    required?: string[]
  }
  return Object.entries(properties).map(([name, { description, ...value }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description !== undefined && { description }),
    schema: schemas.withReferences(value),
  }))
}
