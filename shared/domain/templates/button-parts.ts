import { placeholdersOf, upper } from './slots.ts'

/** What a send says about a button of the template. */
export interface ButtonPart {
  /** What the value is; `none`: Meta refuses a send that names the button. */
  kind: 'code' | 'address' | 'coupon' | 'flow' | 'catalog' | 'products' | 'payload' | 'call' | 'none'
  subType: string
  /** Whether Meta refuses a send that does not name the button. */
  isNamed: boolean
  /** Whether the button needs a value; otherwise it may have one. */
  needsValue: boolean
  /** Type of the parameter that holds the value. */
  parameter: string
}

const part = (kind: ButtonPart['kind'], subType: string, parameter: string, needs: 'value' | 'name' | null): ButtonPart => ({
  kind,
  subType,
  isNamed: needs !== null,
  needsValue: needs === 'value',
  parameter,
})

const CODE = part('code', 'url', 'text', 'value')
const ADDRESS = part('address', 'url', 'text', 'value')
const NONE = part('none', '', '', null)
const PARTS: Record<string, ButtonPart> = {
  OTP: CODE,
  COPY_CODE: part('coupon', 'copy_code', 'coupon_code', 'value'),
  FLOW: part('flow', 'flow', 'action', 'name'),
  CATALOG: part('catalog', 'catalog', 'action', 'name'),
  MPM: part('products', 'mpm', 'action', 'value'),
  QUICK_REPLY: part('payload', 'quick_reply', 'payload', null),
  VOICE_CALL: part('call', 'voice_call', 'action', null),
  SPM: part('call', 'spm', 'action', null),
}

/**
 * What a send says about a button. Meta lists the code button of an authentication template as an address
 * (`…/otp/code/?otp_type=COPY_CODE&code=otp{{1}}`); phone numbers and fixed addresses are not named at all.
 */
export function buttonPart(button: Readonly<Record<string, unknown>>, category?: string): ButtonPart {
  const type = upper(button.type)
  if (type !== 'URL') return Object.hasOwn(PARTS, type) ? (PARTS[type] as ButtonPart) : NONE
  if (placeholdersOf(button.url).length === 0) return NONE
  return upper(category) === 'AUTHENTICATION' || /[?&]otp_type=/i.test(String(button.url)) ? CODE : ADDRESS
}
