import { phoneVariants } from './phone-variants.ts'

/** What WhatsApp knows a person by. */
export interface PersonKeys {
  waId: string | null
  userId: string | null
}
export type NamedKeys = PersonKeys & { username: string | null }

/** Whether the keys are of two people: each has a number or a user id of its own. */
export function differ(a: PersonKeys, b: PersonKeys): boolean {
  const areOtherPhones = a.waId && b.waId && !phoneVariants(a.waId).includes(b.waId)
  return Boolean(areOtherPhones || (a.userId && b.userId && a.userId !== b.userId))
}

/**
 * What a report about a message tells of its recipient that is not known yet; null when that is nothing, or when it speaks of
 * somebody else. Reports come late and in any order: they fill in, and replace nothing.
 */
export function mergeRecipientKeys(known: NamedKeys, reported: NamedKeys): Partial<NamedKeys> | null {
  if (differ(known, reported)) return null
  const names = (['waId', 'userId', 'username'] as const).filter(name => !known[name] && reported[name])
  return names.length === 0 ? null : Object.fromEntries(names.map(name => [name, reported[name]]))
}
