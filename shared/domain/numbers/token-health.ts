/** What Meta says of a number's access token. */
export interface TokenFacts {
  isValid: boolean
  /** null: never. */
  expiresAt: Date | null
  /** The data behind it can be read until then; only a person's new consent moves it. null: no end. */
  dataAccessExpiresAt: Date | null
  scopes: string[]
  /** Of a token that is not valid. */
  problem: { code: number | null; subcode: number | null; text: string | null } | null
}

const DAY_MS = 86_400_000
/** People hear of an end so early. */
export const WARN_MS = 7 * DAY_MS
/** Renewed before anybody has to be warned. */
export const RENEW_MS = 10 * DAY_MS

/** The earlier end of the two; null when the token has none. */
export function endOf({ expiresAt, dataAccessExpiresAt }: Pick<TokenFacts, 'expiresAt' | 'dataAccessExpiresAt'>): Date | null {
  const ends = [expiresAt, dataAccessExpiresAt].filter(end => end !== null)
  return ends.length === 0 ? null : new Date(Math.min(...ends.map(end => end.getTime())))
}

/** Only a token with an end of its own is renewed, and only before it: Meta exchanges no expired one. */
export function mayRenew({ isValid, expiresAt }: TokenFacts, now: Date): boolean {
  if (!isValid || expiresAt === null) return false
  const leftMs = expiresAt.getTime() - now.getTime()
  return leftMs > 0 && leftMs <= RENEW_MS
}

/** The end to warn of, once for each; null while it is far. */
export function warnOf(facts: TokenFacts, now: Date): Date | null {
  const end = endOf(facts)
  return end !== null && end.getTime() - now.getTime() <= WARN_MS ? end : null
}

/** Without these a number can neither send nor be looked after. */
const NEEDED = ['whatsapp_business_messaging', 'whatsapp_business_management']

export const missingScopes = ({ scopes }: Pick<TokenFacts, 'scopes'>): string[] => NEEDED.filter(name => !scopes.includes(name))

const CAUSES: Record<number, string> = {
  458: 'The app was removed from the business account.',
  459: 'Meta asks the person behind the access token to sign in and pass a check.',
  460: 'The password behind the access token was changed.',
  463: 'The access token has expired.',
  464: 'The person behind the access token is not confirmed.',
  467: 'The access token was revoked.',
  492: 'The session behind the access token has ended.',
}

/** For the banner: why the token no longer works and what to do. */
export function problemSentence(problem: TokenFacts['problem']): string {
  const cause = CAUSES[problem?.subcode ?? 0] ?? 'WhatsApp no longer accepts the access token of this number.'
  return `${cause} Connect the number again; what waits then goes out by itself.`
}

/** None of our keys opens it. */
export const UNREADABLE_TOKEN =
  'The stored access token cannot be read: its key is missing. Put the key back, or connect the number again.'

/** Refusals that a valid token may outlive; a missing permission is none of them. */
const OF_THE_SESSION = new Set([0, 102, 190])

/** Whether a pause may end by itself once Meta says that the token is valid. @param code Meta's, null when the pause has none */
export const endsWithValidToken = (reason: string | null, code: number | null | undefined): boolean =>
  reason === 'token' && (code == null || OF_THE_SESSION.has(code))
