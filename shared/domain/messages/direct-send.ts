/**
 * Direct Send: Meta takes a free-form message outside the customer service window when it is told its category, makes a template of
 * it and bills it as one. Open to accounts that Meta has found eligible. Source: Meta, direct-send, 31 July 2026.
 */

/** How a message is sent by Direct Send. */
export interface DirectSend {
  category: 'utility'
  /** For how long Meta tries to deliver it; null: 30 days. */
  ttlSeconds: number | null
}

/** Seconds for which Meta may be asked to try. */
export const TTL_SECONDS = { least: 30, most: 43_200 }
/** Characters of the body. */
export const MAX_BODY = 1024

/** Whether a message goes inside the customer service window only. */
export const needsWindow = ({ type, directSend }: { type: string; directSend?: DirectSend | null }): boolean =>
  type !== 'template' && !directSend

/** Whether Meta takes a message in this form: a text without preview, or a form with reply buttons or a link. */
export function fitsDirectSend({ type, text, interactive }: Record<string, unknown>): boolean {
  const { body = '', preview_url: hasPreview = false } = (text ?? {}) as { body?: string; preview_url?: boolean }
  if (type === 'text') return [...body].length <= MAX_BODY && !hasPreview
  return type === 'interactive' && FORMS.has((interactive as { type: string }).type)
}

const FORMS = new Set(['button', 'cta_url'])

/** Members of the body for Meta. */
export const directSendPayload = ({ category, ttlSeconds }: DirectSend) => ({
  category,
  ...(ttlSeconds !== null && { ttl_seconds: ttlSeconds }),
})

/** Direct Send was taken from the account for misuse. */
const BLOCKED = 139_200
/** The account is not eligible; also any wrong parameter, which only the text tells apart. */
const INVALID = 100

/** Whether a refusal is about Direct Send as such: the account or the message may not be sent so, a template may. */
export const refusesDirectSend = ({ code }: { code: number | null }): boolean => code === BLOCKED || code === INVALID

/** Whether Meta refuses messages without a template from the whole account. */
export const isNotEligible = ({ code, detail }: { code: number | null; detail?: string | null }): boolean =>
  code === BLOCKED || (code === INVALID && /direct.?send/i.test(detail ?? ''))

/** How long a refusal counts: Meta tells nobody when an account becomes eligible. */
const REFUSAL_COUNTS_MS = 24 * 3_600_000

/** Whether Direct Send is worth a try. @param refusedAt when Meta last refused the account; null: never */
export const mayBeEligible = (refusedAt: Date | null | undefined, now: Date): boolean =>
  !refusedAt || now.getTime() - refusedAt.getTime() > REFUSAL_COUNTS_MS
