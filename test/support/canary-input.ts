import { z } from 'zod'
import { CANARY, WAMID } from './worlds/canary.ts'

type Json = Record<string, unknown>

/** A body that a schema describes, with the canary wherever it takes any text. @param depth ends schemas that contain themselves */
export function sampleOf(schema: z.ZodType, canary: string): unknown {
  const root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Json
  return sample(root, canary, (root.$defs ?? {}) as Record<string, Json>, 0)
}

function sample(schema: Json, canary: string, defs: Record<string, Json>, depth: number): unknown {
  if (depth > 8) return null
  const inner = (one: unknown) => sample(one as Json, canary, defs, depth + 1)
  if (typeof schema.$ref === 'string') return inner(defs[schema.$ref.replace('#/$defs/', '')] ?? {})
  if (schema.const !== undefined) return schema.const
  if (Array.isArray(schema.enum)) return schema.enum[0]
  const [either] = (schema.anyOf ?? schema.oneOf ?? schema.allOf ?? []) as Json[]
  if (either) return inner(either)
  switch (schema.type) {
    case 'object':
      return objectOf(schema, canary, inner)
    case 'array':
      return [inner(schema.items ?? {})]
    case 'integer':
    case 'number':
      return schema.minimum ?? 1
    case 'boolean':
      return false
    case 'null':
      return null
    default:
      return textOf(schema, canary)
  }
}

function objectOf({ properties = {}, additionalProperties }: Json, canary: string, inner: (one: unknown) => unknown): Json {
  const own = Object.entries(properties as Json).map(([name, one]) => [name, inner(one)])
  const isOpen = typeof additionalProperties === 'object' && Object.keys(properties as Json).length === 0
  return Object.fromEntries(isOpen ? [[canary, inner(additionalProperties)]] : own)
}

function textOf({ pattern, format, maxLength }: Json, canary: string): string {
  if (format === 'date-time') return '2026-12-01T10:00:00Z'
  if (typeof pattern === 'string' && !new RegExp(pattern, 'u').test(canary)) return '0'.repeat(24)
  return canary.slice(0, typeof maxLength === 'number' ? maxLength : undefined)
}

const NAMED = new Set(['name', 'formatted_name', 'first_name', 'last_name', 'username', 'full_name'])
const SAID = new Set([
  'body',
  'text',
  'caption',
  'title',
  'description',
  'details',
  'message',
  'payload',
  'response_json',
  'address',
])

/** A webhook of a fixture as if our person had sent it: the same kind, with the canaries in it. */
export function withCanaries(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map(one => withCanaries(one, key))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withCanaries(member, name)]))
  if (typeof value !== 'string') return value
  if (/^\+?2126610\d{5}$/.test(value)) return CANARY.phone
  if (NAMED.has(key)) return CANARY.name
  if (SAID.has(key)) return `${CANARY.text} ${CANARY.token} ${CANARY.phone}`
  return value
}

/** Changes to a message that make it unreadable or unstorable. */
export const POISONS: [string, (message: Json) => unknown][] = [
  ['time', message => ({ ...message, timestamp: `soon ${CANARY.text}` })],
  ['no id', ({ id: _, ...message }) => message],
  ['a key with NUL', message => ({ ...message, hologram: { [`${CANARY.text}\0`]: CANARY.text } })],
  ['a key with a dot', message => ({ ...message, hologram: { [`$${CANARY.phone}.x`]: CANARY.text } })],
  ['a list for a text', message => ({ ...message, text: { body: [CANARY.text, CANARY.phone] } })],
  ['no object', () => `${CANARY.text} ${CANARY.phone}`],
  ['a null', () => null],
]

/** A message of our person; its id holds the phone number, as Meta's do. */
export const said = (text: string, at = Math.floor(Date.now() / 1000)): Json => ({
  from: CANARY.phone,
  id: `${WAMID.slice(0, -4)}${Math.random().toString(36).slice(2, 6)}`,
  timestamp: String(at),
  type: 'text',
  text: { body: text },
})
