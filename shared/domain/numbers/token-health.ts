/** State of a number's access token, as Meta reports it. */
export interface TokenFacts {
  isValid: boolean
  /** Expiry of the token; null: it does not expire. */
  expiresAt: Date | null
  /** End of the access to data, which only a person's new consent extends; null: no end. */
  dataAccessExpiresAt: Date | null
  scopes: string[]
  /** Why the token is not valid; null for a valid one. */
  problem: { code: number | null; subcode: number | null; text: string | null } | null
}

const DAY_MS = 86_400_000
/** Time before an expiry from which people are warned. */
export const WARN_MS = 7 * DAY_MS
/** Time before an expiry from which the token is renewed: earlier than the warning. */
export const RENEW_MS = 10 * DAY_MS

/** Earlier of the token's two ends; null when it has none. */
export function expiryOf({ expiresAt, dataAccessExpiresAt }: Pick<TokenFacts, 'expiresAt' | 'dataAccessExpiresAt'>): Date | null {
  const ends = [expiresAt, dataAccessExpiresAt].filter(end => end !== null)
  return ends.length === 0 ? null : new Date(Math.min(...ends.map(end => end.getTime())))
}

/** Whether a token can be renewed now: it must expire soon, but not be expired, because Meta exchanges no expired token. */
export function mayRenew({ isValid, expiresAt }: TokenFacts, now: Date): boolean {
  if (!isValid || expiresAt === null) return false
  const leftMs = expiresAt.getTime() - now.getTime()
  return leftMs > 0 && leftMs <= RENEW_MS
}

/** Expiry to warn of, once for each; null while it is far away. */
export function expiryToWarnOf(facts: TokenFacts, now: Date): Date | null {
  const end = expiryOf(facts)
  return end !== null && end.getTime() - now.getTime() <= WARN_MS ? end : null
}

/** Permissions that sending and management need. */
const NEEDED = ['whatsapp_business_messaging', 'whatsapp_business_management']

export const missingScopes = ({ scopes }: Pick<TokenFacts, 'scopes'>): string[] => NEEDED.filter(name => !scopes.includes(name))

/** Why Meta no longer accepts a token, by its error subcode. */
export const TOKEN_CAUSES: Readonly<Record<string, string>> = {
  458: 'The app was removed from the business account.',
  459: 'Meta asks the person behind the access token to sign in and pass a check.',
  460: 'The password behind the access token was changed.',
  463: 'The access token has expired.',
  464: 'The person behind the access token is not confirmed.',
  467: 'The access token was revoked.',
  492: 'The session behind the access token has ended.',
  other: 'WhatsApp no longer accepts the access token of this number.',
}

/** A cause with what to do about it. */
export const withTokenCure = (cause: string): string =>
  `${cause} Connect the number again. The waiting messages are then sent automatically.`

/** Text of the banner: why the token no longer works and what to do. */
export const problemSentence = (problem: TokenFacts['problem']): string =>
  withTokenCure(TOKEN_CAUSES[problem?.subcode ?? 0] ?? (TOKEN_CAUSES.other as string))

/** Text of the banner for a token that none of the configured keys decrypts. */
export const UNREADABLE_TOKEN =
  'The stored access token cannot be decrypted because its key is missing. Restore the key, or connect the number again.'

/** Error codes of an expired or revoked session, which a valid token resolves; a missing permission is not among them. */
const SESSION_ERRORS = new Set([0, 102, 190])

/** How long a check is believed against a report of a failed message. */
const BELIEVED_MS = 3_600_000

/**
 * Whether Meta's own check of a token contradicts a failed message's report that the token is not accepted: the check is then
 * repeated before the number is paused. A refused call is no such report; it pauses at once.
 * @param checked what the last check found, and when @param report Meta's error code and the time of the report
 */
export function contradicts(
  checked: { tokenValid?: boolean | null; tokenCheckedAt?: Date | null },
  report: { code: number | null; at: Date },
): boolean {
  const { tokenValid, tokenCheckedAt } = checked
  if (tokenValid !== true || !tokenCheckedAt || report.code === null || !SESSION_ERRORS.has(report.code)) return false
  return report.at.getTime() - tokenCheckedAt.getTime() <= BELIEVED_MS
}

/**
 * Whether a pause ends automatically once Meta reports the token as valid.
 * @param code Meta's error code; null when the pause has none
 */
export const endsWithValidToken = (reason: string | null, code: number | null | undefined): boolean =>
  reason === 'token' && (code == null || SESSION_ERRORS.has(code))
