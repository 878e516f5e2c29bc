import { ApiError } from '../domain/errors.ts'
import { shownKey } from './issues.ts'

const MAX_DEPTH = 20
/** Not below the longest list that a route takes. */
export const MAX_ITEMS = 2000
const FORBIDDEN_KEY = /^(__proto__|constructor|prototype)$|^\$|\.|\0/
const FORBIDDEN_TEXT = /\0|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/

type InvalidCode = 'BODY_INVALID' | 'QUERY_INVALID'
const invalid = (path: string, message: string, errorCode: InvalidCode = 'BODY_INVALID') =>
  new ApiError(400, errorCode, `${path || 'input'}: ${message}`, { errors: [{ path, message }] })

/**
 * Parses the JSON of a caller: limited in depth and size, without keys that reach prototypes or are query operators, without
 * NUL and lone surrogates; texts in NFC. @throws ApiError 400
 */
export function parseStrictJson(text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new ApiError(400, 'BODY_NOT_JSON', 'The body is not valid JSON.')
  }
  return clean(value, '', 0)
}

function clean(value: unknown, path: string, depth: number): unknown {
  if (depth > MAX_DEPTH) throw invalid(path, `The value is nested deeper than ${MAX_DEPTH} levels.`)
  if (typeof value === 'string') return cleanText(value, path)
  if (Array.isArray(value)) {
    if (value.length > MAX_ITEMS) throw invalid(path, `The list has more than ${MAX_ITEMS} items.`)
    return value.map((item, i) => clean(item, path ? `${path}.${i}` : `${i}`, depth + 1))
  }
  if (typeof value !== 'object' || value === null) return value
  const result: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value)) {
    requirePlainKey(key, path)
    const shown = shownKey(key)
    result[key] = clean(member, path ? `${path}.${shown}` : shown, depth + 1)
  }
  return result
}

/** Refuses keys that reach prototypes, operators or nested fields. @throws ApiError 400 */
export function requirePlainKey(key: string, path: string, errorCode?: InvalidCode): void {
  if (FORBIDDEN_KEY.test(key)) throw invalid(path, 'This key is not allowed.', errorCode)
}

/** Text in NFC. @throws ApiError 400 for NUL and lone surrogates */
export function cleanText(text: string, path: string, errorCode?: InvalidCode): string {
  if (FORBIDDEN_TEXT.test(text)) throw invalid(path, 'The text contains NUL or half of a surrogate pair.', errorCode)
  return text.normalize('NFC')
}
