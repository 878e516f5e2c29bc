import { phoneVariants } from './phone-variants.ts'
import { haveDifferentUserIds, type UserIds } from './user-ids.ts'

/** Keys by which WhatsApp identifies a person. */
export interface PersonKeys extends UserIds {
  waId: string | null
}
export type NamedKeys = Pick<PersonKeys, 'waId' | 'userId'> & { username: string | null }

/** Whether the keys belong to two people: their numbers differ, or their user ids in one portfolio do. */
export function areDifferentPeople(a: PersonKeys, b: PersonKeys): boolean {
  const areOtherPhones = a.waId && b.waId && !phoneVariants(a.waId).includes(b.waId)
  return Boolean(areOtherPhones || haveDifferentUserIds(a, b))
}

/**
 * Keys of a recipient that a status report adds to the known ones, both of one portfolio; null when there are none, or when they belong to somebody
 * else. Reports arrive late and in any order, so they fill gaps and replace nothing.
 */
export function mergeRecipientKeys(known: NamedKeys, reported: NamedKeys): Partial<NamedKeys> | null {
  if (areDifferentPeople(known, reported)) return null
  const names = (['waId', 'userId', 'username'] as const).filter(name => !known[name] && reported[name])
  return names.length === 0 ? null : Object.fromEntries(names.map(name => [name, reported[name]]))
}
