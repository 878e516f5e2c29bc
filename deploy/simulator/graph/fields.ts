import { isText } from '../params.ts'
import type { Json } from '../world/world.ts'

/** The names in `fields=a,b{c,d},e` without nested ones: `a`, `b`, `e`. Null when there are none. */
export function fieldNames(fields: unknown): string[] | null {
  if (!isText(fields) || fields.trim() === '') return null
  return fields
    .replaceAll(/\{[^{}]*\}|\([^()]*\)|\.limit\(\d+\)/g, '')
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '')
}

/** The requested members, else the default ones; `id` always. Members without a value are left out, as by Graph. */
export function select(all: Record<string, () => unknown>, fields: unknown, defaults: string[]): Json {
  const names = fieldNames(fields) ?? defaults
  const selected: Json = {}
  for (const name of [...names, 'id']) {
    const value = all[name]?.()
    if (value !== undefined && value !== null) selected[name] = value
  }
  return selected
}

/** `2026-11-20T08:55:00+0000`: a time in Graph's format. */
export const graphTime = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z$/, '+0000')
