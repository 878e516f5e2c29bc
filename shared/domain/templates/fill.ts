import { isVisible } from '../visible-text.ts'
import { buttonPart } from './button-parts.ts'
import { parseOfferEnd } from './offer-end.ts'
import { type FillProblemKey, fillProblem, type TemplateProblem } from './problem.ts'
import { bodyText, buttonsOf, type FillableTemplate, OFFER_END, type Slot, slotsOf, upper } from './slots.ts'

export interface HeaderMedia {
  id?: string
  link?: string
  filename?: string
}

export type Fill =
  | { kind: 'filled'; components: Record<string, unknown>[]; text: string | null; variables: Record<string, string> }
  /** Each problem has the path of its field and a whole sentence. */
  | { kind: 'wrong'; problems: TemplateProblem[] }

type Component = Record<string, unknown>
type Given = Readonly<Record<string, string>>

const MEDIA_FORMATS = ['IMAGE', 'VIDEO', 'DOCUMENT']
/** Most characters of a body text with its variables filled in. */
export const MAX_BODY_LENGTH = 1024
/** Most characters of an authentication code. */
export const MAX_CODE_LENGTH = 15
/** Most characters of a coupon code. */
export const MAX_COUPON_LENGTH = 20
const FILLABLE_TYPES = ['HEADER', 'BODY', 'FOOTER', 'BUTTONS', 'LIMITED_TIME_OFFER', 'CALL_PERMISSION_REQUEST']
/** Token of a form when the caller gives none, as Meta's own default. */
const NO_FLOW_TOKEN = 'unused'

/**
 * Fills a template with the caller's variables, given by name or by position (`{"1": …}` is the body's first), and names each part
 * that Meta wants named. Meta refuses missing and surplus variables (132000), values with a new line, a tab or more than four
 * spaces in a row (132018), and forms and catalogues that are not named (131009). The variable of a button is called
 * `button_<index>`, that of a header `header` unless it has a name, the end of an offer `limited_time_offer`.
 */
export function fillTemplate(template: FillableTemplate, given: Given, headerMedia?: HeaderMedia): Fill {
  const { problems, components, text, variables } = attempt(template, given, headerMedia)
  return problems.length > 0 ? { kind: 'wrong', problems } : { kind: 'filled', components, text, variables }
}

/** Names of the variables without which the template cannot be sent; others, such as the payload of a quick reply, may be given. */
export const neededVariables = (template: FillableTemplate): string[] => attempt(template, {}, undefined).missing

/** A value that a variable takes, to find the problems that every value would have. */
export const sampleValue = (name: string): string => (name === OFFER_END ? '2100-01-01T00:00:00Z' : 'x')

function attempt(template: FillableTemplate, given: Given, headerMedia: HeaderMedia | undefined) {
  const values = takingFrom(given)
  const { problems } = values
  const components: Component[] = []
  let text: string | null = null
  for (const component of template.components) {
    const type = upper(component.type)
    if (!FILLABLE_TYPES.includes(type)) problems.push(onlyInMetaForm(`a ${type} component`))
    if (type === 'HEADER') components.push(...headerOf(component, template, values, headerMedia))
    if (type === 'BODY') {
      components.push(...bodyOf(component, template, values))
      text = hydrate(component.text, 'BODY', template, given)
      if (text !== null && text.length > MAX_BODY_LENGTH)
        problems.push(fillProblem('variables', 'text-too-long', { length: text.length, most: MAX_BODY_LENGTH }))
    }
    if (type === 'LIMITED_TIME_OFFER') components.push(...offerOf(component, values))
    if (type === 'BUTTONS')
      for (const [i, button] of buttonsOf([component]).entries()) components.push(...buttonOf(button, i, template, values))
  }
  if (headerMedia && !template.components.some(hasMediaHeader)) problems.push(fillProblem('headerMedia', 'header-unwanted'))
  for (const name of Object.keys(given))
    if (!values.used.has(name)) problems.push(fillProblem(`variables.${name}`, 'variable-unknown'))
  return { problems, components, text, variables: values.variables, missing: values.missing }
}

type Values = ReturnType<typeof takingFrom>

/** The caller's values: which are taken, which are missing, and what is wrong with them. */
function takingFrom(given: Given) {
  const problems: TemplateProblem[] = []
  const missing: string[] = []
  const used = new Set<string>()
  const variables: Record<string, string> = {}

  /** The value under the first of these names that is given; undefined without one. */
  function peek(names: readonly string[]): Value | undefined {
    const name = names.find(one => Object.hasOwn(given, one))
    if (name === undefined) return undefined
    used.add(name)
    return { name, value: given[name] as string }
  }

  /** The same, checked and shown under the first name. */
  function find(names: readonly string[]): Value | undefined {
    const found = peek(names)
    if (found === undefined) return undefined
    variables[names[0] as string] = found.value
    const problem = valueProblem(found.value)
    if (problem) problems.push(fillProblem(`variables.${found.name}`, problem))
    return found
  }

  /** The same for a value that must be there. */
  function take(names: readonly string[], key: FillProblemKey = 'variable-missing', parameters = {}): Value {
    const found = find(names)
    if (found) return found
    const [name = ''] = names
    missing.push(name)
    problems.push(fillProblem(`variables.${name}`, key, parameters))
    return { name, value: '' }
  }

  return { problems, missing, used, variables, peek, find, take }
}

interface Value {
  /** Name under which it was given. */
  name: string
  value: string
}

const onlyInMetaForm = (what: string) => fillProblem('templateName', 'only-in-meta-form', { what })

const hasMediaHeader = ({ type, format }: Component) => upper(type) === 'HEADER' && MEDIA_FORMATS.includes(upper(format))

const parameterOf = (slot: Slot, { parameterFormat }: FillableTemplate, { value }: { value: string }) => ({
  type: 'text',
  text: value,
  ...(parameterFormat === 'NAMED' && { parameter_name: slot.placeholder }),
})

function headerOf(component: Component, template: FillableTemplate, values: Values, media: HeaderMedia | undefined): Component[] {
  const { problems } = values
  const format = upper(component.format ?? 'TEXT')
  if (format === 'TEXT') {
    const slots = slotsOf(component.text, 'HEADER', template)
    if (slots.length === 0) return []
    return [{ type: 'header', parameters: slots.map(slot => parameterOf(slot, template, values.take(slot.names))) }]
  }
  if (!MEDIA_FORMATS.includes(format)) {
    problems.push(onlyInMetaForm(`a ${format} header`))
    return []
  }
  const kind = format.toLowerCase()
  if (media === undefined) {
    problems.push(fillProblem('headerMedia', 'header-missing', { kind }))
    return []
  }
  if (media.filename !== undefined && kind !== 'document') problems.push(fillProblem('headerMedia.filename', 'filename-unwanted'))
  return [{ type: 'header', parameters: [{ type: kind, [kind]: media }] }]
}

function bodyOf(component: Component, template: FillableTemplate, values: Values): Component[] {
  const slots = bodySlots(component, template)
  if (slots.length === 0) return []
  return [{ type: 'body', parameters: slots.map(slot => parameterOf(slot, template, values.take(slot.names))) }]
}

/** Slots of the body; the code of an authentication template may also be given under the name of its button. */
function bodySlots(component: Component, template: FillableTemplate): Slot[] {
  const slots = slotsOf(bodyText(component), 'BODY', template)
  const at = buttonsOf(template.components).findIndex(button => buttonPart(button, template.category).kind === 'code')
  return at < 0 ? slots : slots.map((slot, i) => (i === 0 ? { ...slot, names: [...slot.names, `button_${at}`] } : slot))
}

/** The end of an offer that has one; Meta shows the time that is left. */
function offerOf({ limited_time_offer: offer }: Component, values: Values): Component[] {
  if ((offer as { has_expiration?: unknown } | undefined)?.has_expiration !== true) return []
  const { name, value } = values.take([OFFER_END], ...OFFER_END_NEEDED)
  const end = parseOfferEnd(value)
  if (end === null && value !== '') values.problems.push(fillProblem(`variables.${name}`, ...OFFER_END_NEEDED))
  const parameter = { type: 'limited_time_offer', limited_time_offer: { expiration_time_ms: end } }
  return [{ type: 'limited_time_offer', parameters: [parameter] }]
}

const OFFER_END_NEEDED = ['offer-end-invalid', { variable: OFFER_END }] as const

/** Component of a button that a send names; an authentication code is the body's too. */
function buttonOf(button: Component, index: number, template: FillableTemplate, values: Values): Component[] {
  const { kind, subType } = buttonPart(button, template.category)
  const names = [`button_${index}`]
  const named = (parameter?: Component) => [
    { type: 'button', sub_type: subType, index: String(index), ...(parameter && { parameters: [parameter] }) },
  ]
  switch (kind) {
    case 'code':
      return named({ type: 'text', text: codeOf(names[0] as string, template, values) })
    case 'address':
      return named({ type: 'text', text: values.take(names).value })
    case 'coupon': {
      const { name, value } = values.take(names)
      if (value.length > MAX_COUPON_LENGTH)
        values.problems.push(
          fillProblem(`variables.${name}`, 'coupon-too-long', { length: value.length, most: MAX_COUPON_LENGTH }),
        )
      return named({ type: 'coupon_code', coupon_code: value })
    }
    case 'flow':
      return named({ type: 'action', action: { flow_token: values.find(names)?.value ?? NO_FLOW_TOKEN } })
    case 'catalog': {
      const product = values.find(names)
      return named(product && { type: 'action', action: { thumbnail_product_retailer_id: product.value } })
    }
    case 'payload': {
      const payload = values.find(names)
      return payload ? named({ type: 'payload', payload: payload.value }) : []
    }
    case 'products':
      values.problems.push(onlyInMetaForm(`an ${upper(button.type)} button`))
      return []
    default:
      return []
  }
}

/** Authentication code for the button: Meta wants it twice, in the text and in the button. */
function codeOf(name: string, template: FillableTemplate, values: Values): string {
  const body = template.components.find(({ type }) => upper(type) === 'BODY')
  const [slot] = body ? bodySlots(body, template) : []
  const own = slot ? values.peek(slot.names) : values.take([name])
  const other = values.peek([name])
  if (own && other && other.value !== own.value) values.problems.push(fillProblem(`variables.${name}`, 'code-differs'))
  if (own && own.value.length > MAX_CODE_LENGTH)
    values.problems.push(fillProblem(`variables.${own.name}`, 'code-too-long', { most: MAX_CODE_LENGTH }))
  return own?.value ?? ''
}

/** The text as the recipient reads it, for lists, search and the conversation; a variable without a value stays as it is. */
export function hydrate(
  text: unknown,
  component: 'HEADER' | 'BODY' | 'FOOTER',
  template: FillableTemplate,
  given: Given,
): string | null {
  if (typeof text !== 'string') return null
  const values = new Map<string, string>()
  for (const { names, placeholder } of shownSlots(text, component, template)) {
    const name = names.find(one => Object.hasOwn(given, one))
    if (name !== undefined) values.set(placeholder, given[name] as string)
  }
  return text.replace(/\{\{\s*(\w+)\s*\}\}/g, (whole, placeholder: string) => values.get(placeholder) ?? whole)
}

function shownSlots(text: string, component: 'HEADER' | 'BODY' | 'FOOTER', template: FillableTemplate): Slot[] {
  if (component === 'FOOTER') return []
  return component === 'BODY' ? bodySlots({ text }, template) : slotsOf(text, component, template)
}

function valueProblem(value: string): FillProblemKey | null {
  if (!isVisible(value)) return 'variable-empty'
  if (/[\n\r\t]/.test(value)) return 'variable-line-break'
  return / {5}/.test(value) ? 'variable-spaces' : null
}
