import fc from 'fast-check'

export type Schema = Record<string, unknown>

/** Values that a schema allows, and, at some members, values that it does not. */
interface Options {
  /** The document, in which references are followed. */
  document: Schema
  /** Values to try for ids, by the names of members and parameters. */
  ids: readonly string[]
  /** How many of a hundred members break their schema. */
  broken: number
}

/** What callers send by mistake or on purpose. */
const ODD: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    ' ',
    '\u0000',
    '\ud800',
    '__proto__',
    '$where',
    '../..',
    "' or 1=1",
    -1,
    0,
    2 ** 53,
    1e308,
    true,
    [],
    {},
  ),
  fc.constantFrom<unknown>(
    { $gt: '' },
    { a: { b: { c: [] } } },
    'x'.repeat(5000),
    '2026-13-40T99:99:99Z',
    '٣',
    'e\u0301',
    '0'.repeat(24),
  ),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
)

/** Arbitrary values of a JSON Schema as this API writes it. Unknown keywords are left out: such a value may be refused, never worse. */
export function valuesOf(given: Schema, options: Options): fc.Arbitrary<unknown> {
  const schema = followed(given, options.document)
  const own = allowedOf(schema, options)
  return options.broken === 0
    ? own
    : fc.oneof({ weight: 100 - options.broken, arbitrary: own }, { weight: options.broken, arbitrary: ODD })
}

export function followed(schema: Schema, document: Schema): Schema {
  if (typeof schema.$ref !== 'string') return schema
  const path = schema.$ref.slice(2).split('/')
  return followed(path.reduce<unknown>((at, key) => (at as Schema)[key], document) as Schema, document)
}

function allowedOf(schema: Schema, options: Options): fc.Arbitrary<unknown> {
  if ('const' in schema) return fc.constant(schema.const)
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum)
  const choices = (schema.anyOf ?? schema.oneOf) as Schema[] | undefined
  if (choices) return fc.oneof(...choices.map(choice => valuesOf(choice, options)))
  const types = [schema.type ?? 'any'].flat() as string[]
  return fc.oneof(...types.map(type => ofType(type, schema, options)))
}

function ofType(type: string, schema: Schema, options: Options): fc.Arbitrary<unknown> {
  switch (type) {
    case 'null':
      return fc.constant(null)
    case 'boolean':
      return fc.boolean()
    case 'integer':
    case 'number':
      return fc.integer({
        min: Math.ceil((schema.minimum as number | undefined) ?? -3),
        max: Math.floor((schema.maximum as number | undefined) ?? 100_000),
      })
    case 'string':
      return textOf(schema, options)
    case 'array': {
      const minLength = (schema.minItems as number | undefined) ?? 0
      const maxLength = Math.max(minLength, Math.min((schema.maxItems as number | undefined) ?? 3, 3))
      return fc.array(valuesOf((schema.items ?? {}) as Schema, options), { minLength, maxLength })
    }
    case 'object':
      return objectOf(schema, options)
    default:
      return fc.constantFrom<unknown>('a', 1, null, { a: 1 })
  }
}

function objectOf(schema: Schema, options: Options): fc.Arbitrary<unknown> {
  const members = Object.entries((schema.properties ?? {}) as Record<string, Schema>)
  const required = (schema.required ?? []) as string[]
  const named = fc.record(Object.fromEntries(members.map(([name, member]) => [name, valuesOf(member, options)])), {
    requiredKeys: options.broken > 0 ? [] : required,
  })
  const { additionalProperties } = schema
  if (typeof additionalProperties !== 'object' || additionalProperties === null) return named
  const more = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), valuesOf(additionalProperties as Schema, options), { maxKeys: 3 })
  return fc.tuple(named, more).map(([own, others]) => ({ ...others, ...(own as object) }))
}

function textOf({ format, pattern, minLength = 0, maxLength = 40 }: Schema, { ids }: Options): fc.Arbitrary<string> {
  if (format === 'date-time')
    return fc
      .date({ min: new Date('2025-01-01'), max: new Date('2027-12-31'), noInvalidDate: true })
      .map(date => date.toISOString())
  if (format === 'date')
    return fc
      .date({ min: new Date('2025-01-01'), max: new Date('2027-12-31'), noInvalidDate: true })
      .map(date => date.toISOString().slice(0, 10))
  if (format === 'email') return fc.stringMatching(/^[a-z]{1,10}$/).map(name => `${name}@example.com`)
  if (format === 'uri') return fc.constantFrom('https://example.com/a', 'https://example.com/', 'http://127.0.0.1/')
  if (format === 'uuid') return fc.uuid({ version: 4 })
  if (pattern === '^[0-9a-f]{24}$') return fc.constantFrom(...ids)
  const matching = typeof pattern === 'string' ? textMatching(pattern) : null
  if (matching) return matching.map(text => text.slice(0, maxLength as number))
  const least = minLength as number
  const sized = { minLength: least, maxLength: Math.max(least, Math.min(maxLength as number, 40)) }
  return fc.oneof(
    fc.string({ unit: 'grapheme-ascii', ...sized }),
    fc.string({ unit: 'grapheme', ...sized }),
    fc.constantFrom('+212661000101', '212661000102'),
  )
}

/** Texts of a pattern; null for one with parts that fast-check does not make texts of. */
function textMatching(pattern: string): fc.Arbitrary<string> | null {
  try {
    return fc.stringMatching(new RegExp(pattern, 'u'), { maxLength: 100 })
  } catch {
    return null
  }
}
