import { expiryToWarnOf, missingScopes, type TokenFacts } from '#shared/domain/numbers/token-health.ts'
import type { ClientDoc, NumberNotice } from '#shared/model/documents.ts'
import type { NumberStatusDetails } from '#shared/views/events.ts'

const EXPIRING = 'TOKEN_EXPIRING'
const SCOPES = 'TOKEN_SCOPES'

export interface Warnings {
  changes: Partial<ClientDoc>
  /** Why `client:status` is emitted; null when no warning is new. */
  news: NumberStatusDetails | null
}

/** The number's notices as they should be after a check: warnings that are new are added, those that no longer hold are removed. */
export function warningsOf(client: ClientDoc, facts: TokenFacts, now: Date): Warnings {
  const end = expiryToWarnOf(facts, now)
  const missing = missingScopes(facts)
  const present = client.notices ?? []
  const isNewEnd = end !== null && client.tokenWarnedFor?.getTime() !== end.getTime()
  const isNewGap = missing.length > 0 && !present.some(({ type }) => type === SCOPES)
  const standing = present.filter(({ type }) =>
    type === EXPIRING ? end !== null && !isNewEnd : type !== SCOPES || missing.length > 0,
  )
  const added = [
    ...(isNewEnd ? [warning(EXPIRING, expiringText(end), now)] : []),
    ...(isNewGap ? [warning(SCOPES, scopesText(missing), now)] : []),
  ]
  const isChanged = added.length > 0 || standing.length < present.length
  const notices = isChanged && { notices: [...added, ...standing], lastEventAt: { ...client.lastEventAt, ...checkedAt(now) } }
  const changes = { tokenWarnedFor: end, ...notices }
  if (isNewEnd) return { changes, news: { reason: 'token-expiring' } }
  return { changes, news: isNewGap ? { reason: 'token-scopes' } : null }
}

const warning = (type: string, text: string, at: Date): NumberNotice => ({ type, severity: 'WARNING', text, at })
const checkedAt = (now: Date) => Object.fromEntries([EXPIRING, SCOPES].map(type => [`notice:${type}`, now]))

const expiringText = (end: Date) =>
  `WhatsApp's access to this number ends on ${end.toISOString().slice(0, 10)}. Connect the number again before, or it stops sending.`
const scopesText = (missing: string[]) =>
  `The access token lacks ${missing.join(' and ')}. Connect the number again and grant every permission that is asked for.`
