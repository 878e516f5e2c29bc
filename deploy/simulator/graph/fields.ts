import { isText } from '../params.ts'
import type { Json } from '../world/world.ts'

/** Names in `fields=a,b{c,d},e`, without what is asked of them inside. */
export function fieldNames(fields: unknown): string[] | null {
  if (!isText(fields) || fields.trim() === '') return null
  return fields
    .replaceAll(/\{[^{}]*\}|\([^()]*\)|\.limit\(\d+\)/g, '')
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '')
}

/** The members asked for, else the default ones; `id` always. Members without a value are left out, as Graph does. */
export function select(all: Record<string, () => unknown>, fields: unknown, defaults: string[]): Json {
  const names = fieldNames(fields) ?? defaults
  const selected: Json = {}
  for (const name of [...names, 'id']) {
    const value = all[name]?.()
    if (value !== undefined && value !== null) selected[name] = value
  }
  return selected
}

/** `2026-11-20T08:55:00+0000`, the way Graph writes times. */
export const graphTime = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z$/, '+0000')
