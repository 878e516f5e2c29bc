import type { z } from 'zod'
import type { Delivery } from './types.ts'

/** The body of a delivery by the schema of its type; null when it is not JSON, or something else: it goes to the dead letters. */
export function readMessage<T>(schema: z.ZodType<T>, { content }: Pick<Delivery, 'content'>): T | null {
  const json = readJson(content)
  if (json === undefined) return null
  const parsed = schema.safeParse(json)
  return parsed.success ? parsed.data : null
}

/** Undefined for what is not JSON. */
function readJson(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString('utf8'))
  } catch {
    return undefined
  }
}
