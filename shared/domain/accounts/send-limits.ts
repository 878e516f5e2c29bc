/** Messages in a minute and in a day; null or absent: no limit. */
export interface Limits {
  messagesPerMinute?: number | null | undefined
  messagesPerDay?: number | null | undefined
}

export const LIMIT_FIELDS = ['messagesPerMinute', 'messagesPerDay'] as const

/** Limits in force for a tenant: of each, the lower of what it asked for itself and what the platform allows it. */
export function limitsInForce(
  own: Limits,
  ceilings: Limits,
): { messagesPerMinute: number | null; messagesPerDay: number | null } {
  return {
    messagesPerMinute: lower(own.messagesPerMinute, ceilings.messagesPerMinute),
    messagesPerDay: lower(own.messagesPerDay, ceilings.messagesPerDay),
  }
}

/** The first limit that a tenant asks for above what the platform allows it; null for none. No limit of its own is no excess. */
export function limitAboveCeiling(
  wanted: Limits,
  ceilings: Limits,
): { field: (typeof LIMIT_FIELDS)[number]; ceiling: number } | null {
  for (const field of LIMIT_FIELDS) {
    const [limit, ceiling] = [wanted[field], ceilings[field]]
    if (limit != null && ceiling != null && limit > ceiling) return { field, ceiling }
  }
  return null
}

const lower = (a: number | null | undefined, b: number | null | undefined): number | null =>
  a == null || b == null ? (a ?? b ?? null) : Math.min(a, b)
