/**
 * Business-scoped user ids. Meta gives a person one for each business portfolio, so an id means somebody only together with the
 * portfolio of the number that it came by or goes to.
 */

/** Portfolios under which the ids of a number may be stored, the present one first. */
export type Scopes = readonly string[]

/** Portfolio of a number: until it is known, its business account stands for it. */
export const scopesOf = ({ portfolioId, wabaId }: { portfolioId?: string | null; wabaId?: string | null }): Scopes =>
  [portfolioId, wabaId].filter(id => id != null && id !== '') as string[]

/** The user ids of a person. */
export interface UserIds {
  /** The one that was known first. */
  userId: string | null
  /** Portfolio of `userId`; null or missing while it is not known, and then it may be any. */
  portfolio?: string | null
  /** In further portfolios of the tenant, one for each. */
  otherUserIds?: readonly ScopedUserId[] | null
}
export interface ScopedUserId {
  portfolio: string
  userId: string
}

/** User id of a person for a number; null when only ids of other portfolios are known. */
export function userIdIn(person: UserIds, scopes: Scopes): string | null {
  const other = otherIn(person, scopes)
  if (other !== null) return other
  return !person.portfolio || scopes.length === 0 || scopes.includes(person.portfolio) ? person.userId : null
}

const otherIn = ({ otherUserIds }: UserIds, scopes: Scopes) =>
  otherUserIds?.find(({ portfolio }) => scopes.includes(portfolio))?.userId ?? null

/** Whether a person is known by this id in the present portfolio of a number. */
export const hasUserId = (person: UserIds, scopes: Scopes, userId: string): boolean =>
  scopes.length === 0
    ? person.userId === userId
    : allUserIds(person).some(own => own.userId === userId && own.portfolio === scopes[0])

/** Fields that give a person this id for a number, in place of the one in the same portfolio. */
export function withUserId(person: UserIds, scopes: Scopes, userId: string): Partial<UserIds> {
  const [portfolio] = scopes
  const isFirst = person.userId === null || !person.portfolio || portfolio === undefined || scopes.includes(person.portfolio)
  if (isFirst && otherIn(person, scopes) === null) return { userId, ...(portfolio !== undefined && { portfolio }) }
  return { otherUserIds: [...othersOutside(person, scopes), { portfolio: portfolio as string, userId }] }
}

/** Fields that take the id for a number away from a person. */
export function withoutUserId(person: UserIds, scopes: Scopes): Partial<UserIds> {
  if (otherIn(person, scopes) !== null) return { otherUserIds: othersOutside(person, scopes) }
  return userIdIn(person, scopes) === null ? {} : { userId: null, portfolio: null }
}

const othersOutside = ({ otherUserIds }: UserIds, scopes: Scopes) =>
  (otherUserIds ?? []).filter(({ portfolio }) => !scopes.includes(portfolio))

/** All ids of a person with their portfolios; null: not known. */
export const allUserIds = ({ userId, portfolio, otherUserIds }: UserIds): { portfolio: string | null; userId: string }[] => [
  ...(userId === null ? [] : [{ portfolio: portfolio ?? null, userId }]),
  ...(otherUserIds ?? []),
]

/** The ids of a person who was known twice; those of `kept` come first. */
export function joinUserIds(kept: UserIds, gone: UserIds): UserIds {
  const ids = allUserIds(kept)
  for (const id of allUserIds(gone)) if (!ids.some(own => isOnePlace(own.portfolio, id.portfolio))) ids.push(id)
  const [first, ...others] = ids
  return {
    userId: first?.userId ?? null,
    portfolio: first?.portfolio ?? null,
    otherUserIds: others.filter((other): other is ScopedUserId => other.portfolio !== null),
  }
}

/** Whether two ids of one portfolio differ. */
export const haveDifferentUserIds = (a: UserIds, b: UserIds): boolean =>
  allUserIds(a).some(one =>
    allUserIds(b).some(other => isOnePlace(one.portfolio, other.portfolio) && one.userId !== other.userId),
  )

const isOnePlace = (a: string | null, b: string | null) => a === null || b === null || a === b
