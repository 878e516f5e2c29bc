import type { z } from 'zod'
import type { Delivery } from './types.ts'

/** The body of a delivery, parsed by `schema`. Null when it is not JSON or does not match: the caller then dead-letters it. */
export function readMessage<T>(schema: z.ZodType<T>, { content }: Pick<Delivery, 'content'>): T | null {
  const json = readJson(content)
  if (json === undefined) return null
  const parsed = schema.safeParse(json)
  return parsed.success ? parsed.data : null
}

/** The parsed content; undefined when it is not JSON. */
function readJson(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString('utf8'))
  } catch {
    return undefined
  }
}
