import type { Json } from './world/world.ts'

export const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
export const isText = (value: unknown): value is string => typeof value === 'string'
export const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

/** An id, which some clients send as a number. */
export const idOf = (value: unknown): string | undefined => (typeof value === 'number' ? String(value) : textOf(value))
/** Whether a text shows nothing: spaces, controls, characters without a shape. Meta takes it as missing. */
export const isBlank = (text: string): boolean => !/[^\s\p{Cc}\p{Zs}\p{Default_Ignorable_Code_Point}\u2800]/u.test(text)

export const objectOf = (value: unknown): Json => (isObject(value) ? value : {})
export const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
export const digitsOf = (value: unknown): string => String(value ?? '').replaceAll(/\D/g, '')

/** A value of a form or query string: parsed when it looks like JSON. */
export function decodeParam(value: string): unknown {
  if (!/^[[{]/.test(value)) return value
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}
