import { placeholdersOf } from './fill.ts'
import type { TemplateProblem } from './problem.ts'

type Button = Record<string, unknown>

const MOST_BUTTONS = 10
const MOST_LABEL = 25
const MOST_URL = 2000
const MOST_PHONE = 20
const MOST_COUPON = 20
const OTP_TYPES = ['COPY_CODE', 'ONE_TAP', 'ZERO_TAP']

/** How many of each kind one template may have; a kind that is not here is none of Meta's. */
const MOST_OF: Record<string, number> = {
  QUICK_REPLY: 10,
  URL: 2,
  PHONE_NUMBER: 1,
  COPY_CODE: 1,
  OTP: 1,
  FLOW: 1,
  CATALOG: 1,
  MPM: 1,
  SPM: 1,
  VOICE_CALL: 1,
  REQUEST_CONTACT_INFO: 1,
}
/** Meta writes the label itself, or it may be left out. */
const UNLABELLED = ['OTP', 'COPY_CODE', 'REQUEST_CONTACT_INFO']

/** What Meta would refuse of a template's buttons: number, kinds, order, labels, addresses, examples. */
export function buttonProblems(buttons: readonly Button[], path: string, { submit }: { submit: boolean }): TemplateProblem[] {
  if (buttons.length === 0) return [{ path, message: 'is empty' }]
  const problems = buttons.flatMap((button, i) => oneButton(button, `${path}.${i}`, submit))
  if (buttons.length > MOST_BUTTONS) problems.push({ path, message: `at most ${MOST_BUTTONS} buttons` })
  for (const [kind, most] of Object.entries(MOST_OF))
    if (buttons.filter(({ type }) => type === kind).length > most)
      problems.push({ path, message: `at most ${most} of type ${kind}` })
  const groups = buttons.filter(({ type }, i) => i > 0 && (type === 'QUICK_REPLY') !== (buttons[i - 1]?.type === 'QUICK_REPLY'))
  if (groups.length > 1) problems.push({ path, message: 'quick replies and other buttons must each stand together' })
  return problems
}

function oneButton(button: Button, path: string, submit: boolean): TemplateProblem[] {
  const type = String(button.type)
  if (!Object.hasOwn(MOST_OF, type)) return [{ path: `${path}.type`, message: `one of ${Object.keys(MOST_OF).join(', ')}` }]
  return [
    ...(UNLABELLED.includes(type) && button.text === undefined ? [] : labelProblems(button.text, `${path}.text`)),
    ...(type === 'URL' ? urlProblems(button, path, submit) : []),
    ...(type === 'PHONE_NUMBER' ? textProblems(button.phone_number, `${path}.phone_number`, MOST_PHONE) : []),
    ...(type === 'COPY_CODE' && submit ? textProblems(firstOf(button.example), `${path}.example`, MOST_COUPON) : []),
    ...(type === 'OTP' && !OTP_TYPES.includes(String(button.otp_type ?? '').toUpperCase())
      ? [{ path: `${path}.otp_type`, message: `one of ${OTP_TYPES.join(', ')}` }]
      : []),
  ]
}

function labelProblems(text: unknown, path: string): TemplateProblem[] {
  const problems = textProblems(text, path, MOST_LABEL)
  return problems.length === 0 && placeholdersOf(text).length > 0 ? [{ path, message: 'holds no variables' }] : problems
}

function urlProblems({ url, example }: Button, path: string, submit: boolean): TemplateProblem[] {
  const problems = textProblems(url, `${path}.url`, MOST_URL)
  if (problems.length > 0) return problems
  const address = url as string
  if (!/^https?:\/\//i.test(address)) return [{ path: `${path}.url`, message: 'begins with https://' }]
  const variables = placeholdersOf(address)
  if (variables.length === 0) return []
  if (variables.length > 1 || !address.trim().endsWith('}}'))
    return [{ path: `${path}.url`, message: 'holds one variable at most, at its end' }]
  return submit && !isFilled(firstOf(example)) ? [{ path: `${path}.example`, message: EXAMPLE_NEEDED }] : []
}

export const EXAMPLE_NEEDED = 'is needed: WhatsApp reviews a template by its examples'

/** A text that is there and not too long. */
export function textProblems(text: unknown, path: string, most: number): TemplateProblem[] {
  if (!isFilled(text)) return [{ path, message: 'is missing' }]
  const length = [...text].length
  return length > most ? [{ path, message: `has ${length} characters, WhatsApp takes ${most}` }] : []
}

export const isFilled = (value: unknown): value is string => typeof value === 'string' && value.trim() !== ''
const firstOf = (value: unknown): unknown => (Array.isArray(value) ? value[0] : value)
