import type { ContactDoc, SavedViewDoc } from '../../model/documents.ts'
import { type Store, trusted } from '../connect.ts'

/** Fewer digits may be anybody's. */
const FEWEST_DIGITS = 7

/** Whether a text is about the person with these keys: it holds a user id, or the number in its international or national form. */
export function namesPerson(text: string, keys: readonly string[]): boolean {
  const digits = text.replaceAll(/\D/g, '').replace(/^0+/, '')
  return keys.some(key => text.includes(key) || (digits.length >= FEWEST_DIGITS && /^\d+$/.test(key) && key.endsWith(digits)))
}

/**
 * Deletes the saved views that search for a person, also those that were deleted before, which keep their query. A tenant has few:
 * all are read. @param until a view that was written later is of somebody new @returns how many
 */
export async function deleteViewsOf(
  { models }: Store,
  { tenantId }: Pick<ContactDoc, 'tenantId'>,
  isNamed: (text: string) => boolean,
  until: Date,
): Promise<number> {
  const rows = await models.savedViews.find({ tenantId, updatedAt: trusted({ $lte: until }) }, { name: 1, query: 1 }).lean()
  const ids = rows.filter(row => textsOf(row).some(isNamed)).map(({ _id }) => _id)
  if (ids.length === 0) return 0
  return (await models.savedViews.deleteMany({ tenantId, _id: trusted({ $in: ids }) })).deletedCount
}

const textsOf = ({ name, query }: Pick<SavedViewDoc, 'name' | 'query'>): string[] => [name, ...Object.values(query).map(String)]
