import { isVisible } from '../visible-text.ts'
import { MAX_COUPON_LENGTH } from './fill.ts'
import type { TemplateProblem } from './problem.ts'
import { placeholdersOf } from './slots.ts'

type Button = Record<string, unknown>

export const MAX_BUTTONS = 10
export const MAX_LABEL = 25
export const MAX_URL = 2000
export const MAX_PHONE = 20
const OTP_TYPES = ['COPY_CODE', 'ONE_TAP', 'ZERO_TAP']

/** Most buttons of each type in one template; Meta has no other types. */
export const MAX_OF: Record<string, number> = {
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
/** Button types whose label Meta writes itself or that need none. */
const UNLABELLED = ['OTP', 'COPY_CODE', 'REQUEST_CONTACT_INFO']

/** Problems for which Meta would refuse a template's buttons: number, types, order, labels, addresses, examples. */
export function buttonProblems(buttons: readonly Button[], path: string, { submit }: { submit: boolean }): TemplateProblem[] {
  if (buttons.length === 0) return [{ path, message: 'The list of buttons is empty.' }]
  const problems = buttons.flatMap((button, i) => oneButton(button, `${path}.${i}`, submit))
  if (buttons.length > MAX_BUTTONS) problems.push({ path, message: `A template has at most ${MAX_BUTTONS} buttons.` })
  for (const [kind, most] of Object.entries(MAX_OF))
    if (buttons.filter(({ type }) => type === kind).length > most)
      problems.push({ path, message: `A template has at most ${most} ${most === 1 ? 'button' : 'buttons'} of type ${kind}.` })
  const groups = buttons.filter(({ type }, i) => i > 0 && (type === 'QUICK_REPLY') !== (buttons[i - 1]?.type === 'QUICK_REPLY'))
  if (groups.length > 1)
    problems.push({ path, message: 'Quick replies and other buttons must not be mixed: list all of one group before the other.' })
  return problems
}

function oneButton(button: Button, path: string, submit: boolean): TemplateProblem[] {
  const type = String(button.type)
  if (!Object.hasOwn(MAX_OF, type))
    return [{ path: `${path}.type`, message: `The type of a button must be one of ${Object.keys(MAX_OF).join(', ')}.` }]
  return [
    ...(UNLABELLED.includes(type) && button.text === undefined ? [] : labelProblems(button.text, `${path}.text`)),
    ...(type === 'URL' ? urlProblems(button, path, submit) : []),
    ...(type === 'PHONE_NUMBER' ? textProblems(button.phone_number, `${path}.phone_number`, MAX_PHONE) : []),
    ...(type === 'COPY_CODE' && submit ? textProblems(firstOf(button.example), `${path}.example`, MAX_COUPON_LENGTH) : []),
    ...(type === 'OTP' && !OTP_TYPES.includes(String(button.otp_type ?? '').toUpperCase())
      ? [{ path: `${path}.otp_type`, message: `The otp_type must be one of ${OTP_TYPES.join(', ')}.` }]
      : []),
  ]
}

function labelProblems(text: unknown, path: string): TemplateProblem[] {
  const problems = textProblems(text, path, MAX_LABEL)
  return problems.length === 0 && placeholdersOf(text).length > 0
    ? [{ path, message: 'The label of a button cannot contain variables.' }]
    : problems
}

function urlProblems({ url, example }: Button, path: string, submit: boolean): TemplateProblem[] {
  const problems = textProblems(url, `${path}.url`, MAX_URL)
  if (problems.length > 0) return problems
  const address = url as string
  if (!/^https?:\/\//i.test(address)) return [{ path: `${path}.url`, message: 'The address must begin with https://.' }]
  const variables = placeholdersOf(address)
  if (variables.length === 0) return []
  if (variables.length > 1 || !address.trim().endsWith('}}'))
    return [{ path: `${path}.url`, message: 'The address can contain one variable, at its end.' }]
  return submit && !isFilled(firstOf(example)) ? [{ path: `${path}.example`, message: EXAMPLE_NEEDED }] : []
}

export const EXAMPLE_NEEDED = 'An example is required: WhatsApp reviews a template by its examples.'

/** Problems of a text that is missing or longer than `most` characters. */
export function textProblems(text: unknown, path: string, most: number): TemplateProblem[] {
  if (!isFilled(text)) return [{ path, message: 'This field is missing.' }]
  const length = [...text].length
  return length > most ? [{ path, message: `This field has ${length} characters; WhatsApp accepts at most ${most}.` }] : []
}

export const isFilled = (value: unknown): value is string => typeof value === 'string' && isVisible(value)
const firstOf = (value: unknown): unknown => (Array.isArray(value) ? value[0] : value)
