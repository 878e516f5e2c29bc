/** Industries that Meta takes. `UNDEFINED` and `NOT_A_BIZ` may be read, and cannot be set. */
export const VERTICALS = [
  ...(['OTHER', 'AUTO', 'BEAUTY', 'APPAREL', 'EDU', 'ENTERTAIN', 'EVENT_PLAN', 'FINANCE', 'GROCERY', 'GOVT'] as const),
  ...(['HOTEL', 'HEALTH', 'NONPROFIT', 'PROF_SERVICES', 'RETAIL', 'TRAVEL', 'RESTAURANT', 'ALCOHOL'] as const),
  ...(['ONLINE_GAMBLING', 'PHYSICAL_GAMBLING', 'OTC_DRUGS', 'MATRIMONY_SERVICE'] as const),
] as const
export type Vertical = (typeof VERTICALS)[number]

/**
 * Most characters of each text of a profile, and of each website.
 * @see https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/business-profiles
 */
export const PROFILE_LIMITS = { about: 139, address: 256, description: 512, email: 128, website: 256 } as const
export const MAX_WEBSITES = 2

/** The picture: a square of 640 pixels is best, and one below 192 is refused. */
export const PICTURE_TYPES: readonly string[] = ['image/jpeg', 'image/png']
export const MAX_PICTURE_BYTES = 5 * 1024 * 1024

/** What customers see of a number when they tap its name. Null and an empty list: not set. */
export interface BusinessProfile {
  about: string | null
  address: string | null
  description: string | null
  email: string | null
  websites: string[]
  /** Meta's word for the industry; one of `VERTICALS`, or one that Linko does not know. */
  vertical: string | null
}

/** Fields of a profile, in the order in which they are shown. */
export const PROFILE_FIELDS = ['about', 'description', 'vertical', 'address', 'email', 'websites'] as const

/** The field that Meta's refusal of a change is about, as the API calls it; null when it names none. */
export function refusedField(detail: string): string | null {
  const named = /\b(about|address|description|email|websites?|vertical|profile_picture(?:_handle)?)\b/i.exec(detail)?.[1]
  if (named === undefined) return null
  const word = named.toLowerCase()
  if (word.startsWith('profile_picture')) return 'pictureMediaId'
  return word === 'website' ? 'websites' : word
}
