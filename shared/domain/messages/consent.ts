/**
 * Whether a message may go out as far as its person and its template are concerned. Asked when a message is accepted or sent
 * again, and once more at the moment at which it is sent: a message may have waited for a rate, a pause, its time or a retry.
 */

/** What is known of a person when something is to be sent. */
export interface Consent {
  /** Has opted out of marketing. */
  optOut: boolean
  /** The tenant has blocked the person: nothing at all is sent. */
  isBlocked: boolean
}

/** What decides whether a template may be sent. */
export interface TemplateStanding {
  status: string
  category: string
}

export type SendRefusal = 'blocked' | 'template-unavailable' | 'opted-out'

/**
 * The reason why a message must not go out; null when it may.
 * @param person null: nobody has decided anything about this person
 * @param template undefined: the message is no template; null: there is no such template any more
 */
export function refusalOf(person: Consent | null, template: TemplateStanding | null | undefined): SendRefusal | null {
  if (person?.isBlocked) return 'blocked'
  if (template === undefined) return null
  if (template?.status !== 'APPROVED') return 'template-unavailable'
  return template.category === 'MARKETING' && person?.optOut ? 'opted-out' : null
}
