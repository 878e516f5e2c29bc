import { z } from 'zod'

export type Json = Record<string, unknown>

/** JSON Schema 2020-12 of a zod schema, as OpenAPI 3.1 uses it. Everything is inline. @param io what a caller sends, or gets */
export function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _schema, ...converted } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      // Bounds of JavaScript's numbers say nothing about the value.
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
      // The format says the same, in a word.
      if (jsonSchema.format === 'date-time' || jsonSchema.format === 'date') delete jsonSchema.pattern
    },
  }) as Json
  return converted
}

/** Members of a schema that hold schemas, by how they hold them. */
const HOLDERS = {
  one: ['items', 'additionalProperties', 'propertyNames', 'not', 'contains'],
  list: ['anyOf', 'oneOf', 'allOf', 'prefixItems'],
  named: ['properties', 'patternProperties', '$defs'],
} as const

/** A schema with its direct inner schemas replaced. `change` is told the member that holds each: the property, or the keyword. */
export function mapInner(schema: Json, change: (inner: Json, holder: string) => Json): Json {
  const mapped: Json = { ...schema }
  const changed = (inner: unknown, holder: string) => (isObject(inner) ? change(inner, holder) : inner)
  for (const name of HOLDERS.one) if (name in mapped) mapped[name] = changed(mapped[name], name)
  for (const name of HOLDERS.list) if (Array.isArray(mapped[name])) mapped[name] = mapped[name].map(inner => changed(inner, name))
  for (const name of HOLDERS.named)
    if (isObject(mapped[name]))
      mapped[name] = Object.fromEntries(Object.entries(mapped[name]).map(([key, inner]) => [key, changed(inner, key)]))
  return mapped
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
