import { type Json, mapInner } from './schemas.ts'

/** A schema of the document, and the name that its shape would have: `Campaign`. */
export interface Root {
  name: string
  schema: Json
}

/** Simple values that have a name, with what is said of them once instead of wherever they stand. */
const VALUES: Record<string, { schema: Json; component: Json }> = {
  Id: {
    schema: { type: 'string', pattern: '^[0-9a-f]{24}$' },
    component: {
      type: 'string',
      pattern: '^[0-9a-f]{24}$',
      description: 'Id: 24 hexadecimal digits',
      example: '655f00000000000000000001',
    },
  },
  DateTime: {
    schema: { type: 'string', format: 'date-time' },
    component: {
      type: 'string',
      format: 'date-time',
      description: 'Time in ISO 8601, in UTC',
      example: '2026-11-29T10:00:00.000Z',
    },
  },
}
/** A shorter shape is as short as a reference to it. */
const LEAST_BYTES = 100

/**
 * Shapes that stand in a document more than once become components, each under a name. The first root that holds a shape names it:
 * by the root's own name, or by that of the shape around it and the property (`CampaignTemplate`).
 */
export class SharedSchemas {
  readonly components: Json = {}
  /** Names by shape, as text; null until the shape is named. */
  readonly #names = new Map<string, string | null>()

  constructor(roots: readonly Root[]) {
    for (const [name, { schema, component }] of Object.entries(VALUES)) {
      this.#names.set(textOf(schema), name)
      this.components[name] = component
    }
    for (const text of shapesHeldTwice(roots.map(({ schema }) => schema))) this.#names.set(text, null)
    for (const { name, schema } of roots) this.#name(schema, name)
  }

  /** A schema of the document, with references to components. */
  withReferences(schema: Json): Json {
    const { description, ...bare } = schema
    const name = this.#names.get(textOf(bare))
    if (!name) return mapInner(schema, inner => this.withReferences(inner))
    return { $ref: `#/components/schemas/${name}`, ...(description !== undefined && { description }) }
  }

  #name(schema: Json, proposed: string): void {
    const { description: _description, ...bare } = schema
    const text = textOf(bare)
    let owner = proposed
    if (this.#names.get(text) === null) {
      for (let n = 2; owner in this.components; n++) owner = `${proposed}${n}`
      this.#names.set(text, owner)
      this.components[owner] = null
    }
    mapInner(schema, (inner, holder) => {
      this.#name(inner, nameWithin(owner, schema, holder))
      return inner
    })
    if (this.components[owner] === null && this.#names.get(text) === owner)
      this.components[owner] = mapInner(bare, inner => this.withReferences(inner))
  }
}

const textOf = (schema: Json) => JSON.stringify(schema)

/** Name of an inner shape: items of a list have that of the list, in the singular. */
function nameWithin(owner: string, { properties }: Json, holder: string): string {
  if (properties && Object.hasOwn(properties, holder)) return `${owner}${pascal(holder)}`
  return holder === 'items' ? singular(owner) : owner
}

/** Texts of the shapes that stand in several places. What stands within one that is shared counts once. */
function shapesHeldTwice(schemas: readonly Json[]): Set<string> {
  const seen = new Set<string>()
  const twice = new Set<string>()
  const visit = (schema: Json): Json => {
    const { description: _description, ...bare } = schema
    const text = textOf(bare)
    if (isShape(bare) && text.length >= LEAST_BYTES) {
      if (seen.has(text)) {
        twice.add(text)
        return schema
      }
      seen.add(text)
    }
    return mapInner(schema, visit)
  }
  for (const schema of schemas) visit(schema)
  return twice
}

/** Whether a schema may be a component. "This or null" is none: the shape inside it is. */
const isShape = ({ type, anyOf, oneOf, enum: values, pattern }: Json) =>
  type === 'object' || isChoice(anyOf) || isChoice(oneOf) || values !== undefined || pattern !== undefined

const isChoice = (options: unknown) => Array.isArray(options) && !options.some(({ type }: Json) => type === 'null')

/** `phone-numbers` -> `PhoneNumbers`. */
export const pascal = (text: string) =>
  text
    .split(/[^A-Za-z0-9]+/)
    .map(word => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')

/** `Categories` -> `Category`. */
export const singular = (name: string) =>
  name.endsWith('ies') ? `${name.slice(0, -3)}y` : /(?:ss|us|is)$/.test(name) ? name : name.replace(/(?<=x|ch|sh)es$|s$/, '')
