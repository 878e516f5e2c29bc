import { type ButtonPart, buttonPart } from './button-parts.ts'
import { MAX_BODY_LENGTH, MAX_CODE_LENGTH } from './fill.ts'
import type { TemplateProblem } from './problem.ts'
import { bodyText, buttonsOf, type FillableTemplate, placeholdersOf, upper } from './slots.ts'

/** Component of a send in Meta's form. */
export interface GivenComponent {
  type: string
  sub_type?: string | undefined
  index?: string | number | undefined
  parameters?: readonly GivenParameter[] | undefined
  cards?: readonly { card_index: number; components: readonly GivenComponent[] }[] | undefined
}
interface GivenParameter {
  type: string
  parameter_name?: string | undefined
  text?: string | undefined
  currency?: { fallback_value: string } | undefined
  date_time?: { fallback_value: string } | undefined
}
type Problem = TemplateProblem
type Component = Record<string, unknown>
/** Components of the template, or of one of its cards, and where they stand in the send. */
interface Whole extends FillableTemplate {
  path: string
}

/**
 * Problems for which Meta would refuse a template send in its own form: a wrong number of parameters (132000), a parameter of
 * the wrong type or name (132012), a filled text that is too long (132005), a missing, unknown or wrongly named part (131008,
 * 131009).
 */
export function parameterProblems(template: FillableTemplate, given: readonly GivenComponent[]): Problem[] {
  const whole = { ...template, path: 'template.components' }
  return [...partProblems(whole, given), ...offerProblems(whole, given), ...carouselProblems(whole, given)]
}

function partProblems(whole: Whole, given: readonly GivenComponent[]): Problem[] {
  return [
    ...whole.components.flatMap(component => {
      const type = upper(component.type)
      if (type !== 'HEADER' && type !== 'BODY') return []
      const path = `${whole.path}.${type.toLowerCase()}`
      const parameters = ofType(given, type)?.parameters ?? []
      const format = upper(component.format ?? 'TEXT')
      if (type === 'HEADER' && format !== 'TEXT') return formatProblems(path, format, parameters)
      return textProblems(path, type === 'BODY' ? bodyText(component) : component.text, whole, parameters)
    }),
    ...strangers(whole, given),
    ...codeProblems(whole, given),
    ...buttonProblems(whole, given),
  ]
}

const ofType = (given: readonly GivenComponent[], type: string) => given.find(one => upper(one.type) === type)

/** Components that the template does not have, or that are given twice. Buttons have their index and are checked by it. */
function strangers({ components, path }: Whole, given: readonly GivenComponent[]): Problem[] {
  const own = new Set(components.map(({ type }) => upper(type)))
  return given.flatMap((one, i): Problem[] => {
    const type = upper(one.type)
    if (type === 'BUTTON') return []
    const name = type.toLowerCase()
    if (given.findIndex(other => upper(other.type) === type) !== i)
      return [{ path: `${path}.${name}`, message: `The ${name} is given twice.` }]
    const isEmpty = (one.parameters?.length ?? 0) === 0 && one.cards === undefined
    return own.has(type) || isEmpty ? [] : [{ path: `${path}.${name}`, message: `This template has no ${name}.` }]
  })
}

function formatProblems(path: string, format: string, parameters: readonly GivenParameter[]): Problem[] {
  const problem = countProblem(path, parameters.length, 1)
  if (problem.length > 0) return problem
  const wanted = format === 'GIF' ? 'VIDEO' : format
  return upper(parameters[0]?.type) === wanted
    ? []
    : [{ path, message: `The header takes a parameter of type ${wanted.toLowerCase()}.` }]
}

function textProblems(
  path: string,
  text: unknown,
  { parameterFormat }: FillableTemplate,
  parameters: readonly GivenParameter[],
): Problem[] {
  const names = placeholdersOf(text)
  const wrongNumber = countProblem(path, parameters.length, names.length)
  if (wrongNumber.length > 0) return wrongNumber
  const problems = parameters.flatMap(({ type, parameter_name: name }, i): Problem[] => {
    if (!TEXTS.has(type.toLowerCase()))
      return [{ path: `${path}.${i}`, message: 'This parameter must be of type text, currency or date_time.' }]
    const isNamed = parameterFormat === 'NAMED'
    const isRepeated = parameters.findIndex(other => other.parameter_name === name) !== i
    if (isNamed && (!names.includes(name ?? '') || isRepeated))
      return [{ path: `${path}.${i}.parameter_name`, message: `The name must be one of ${names.join(', ')}, each once.` }]
    return !isNamed && name !== undefined
      ? [{ path: `${path}.${i}.parameter_name`, message: 'The variables of this template are numbered: leave the name out.' }]
      : []
  })
  const length =
    String(text ?? '').replace(/\{\{\s*\w+\s*\}\}/g, '').length + parameters.reduce((sum, one) => sum + shownText(one).length, 0)
  return length > MAX_BODY_LENGTH
    ? [...problems, { path, message: `The filled text has ${length} characters; WhatsApp accepts at most ${MAX_BODY_LENGTH}.` }]
    : problems
}

const shownText = ({ text, currency, date_time: time }: GivenParameter) =>
  text ?? currency?.fallback_value ?? time?.fallback_value ?? ''

const TEXTS = new Set(['text', 'currency', 'date_time'])

const countProblem = (path: string, given: number, wanted: number): Problem[] =>
  given === wanted
    ? []
    : [
        {
          path,
          message: `The template takes ${wanted} ${wanted === 1 ? 'parameter' : 'parameters'} here, but ${given} ${given === 1 ? 'is' : 'are'} given.`,
        },
      ]

/** Problems of an authentication code, which is sent twice: in the text and in the button. */
function codeProblems({ components, category, path }: Whole, given: readonly GivenComponent[]): Problem[] {
  const at = buttonsOf(components).findIndex(button => buttonPart(button, category).kind === 'code')
  if (at < 0) return []
  const code = ofType(given, 'BODY')?.parameters?.[0]?.text ?? ''
  if (code.length > MAX_CODE_LENGTH)
    return [{ path: `${path}.body.0`, message: `A code can have at most ${MAX_CODE_LENGTH} characters.` }]
  const copied = given.find(one => upper(one.type) === 'BUTTON' && Number(one.index) === at)?.parameters?.[0]?.text ?? code
  return copied === code
    ? []
    : [{ path: `${path}.button.${at}`, message: 'The code of the button must be the code of the text.' }]
}

function buttonProblems({ components, category, path: base }: Whole, given: readonly GivenComponent[]): Problem[] {
  const buttons = buttonsOf(components)
  const sent = given.filter(({ type }) => upper(type) === 'BUTTON').map(one => ({ ...one, at: Number(one.index) }))
  const path = (index: number) => `${base}.button.${index}`
  const wrong = sent.flatMap(({ at, sub_type: subType }, i): Problem[] => {
    const button = buttons[at]
    if (button === undefined) return [{ path: path(at), message: 'This template has no button at this index.' }]
    if (sent.findIndex(other => other.at === at) !== i) return [{ path: path(at), message: 'This button is given twice.' }]
    const part = buttonPart(button, category)
    if (part.kind === 'none')
      return [{ path: path(at), message: 'This button takes no value. Leave it out, or WhatsApp refuses the message.' }]
    return upper(subType) === upper(part.subType)
      ? []
      : [{ path: `${path(at)}.sub_type`, message: `The sub_type of this button is ${part.subType}.` }]
  })
  const wanting = buttons.flatMap((button, i) =>
    valueProblems(
      path(i),
      buttonPart(button, category),
      sent.find(({ at }) => at === i),
    ),
  )
  return [...wrong, ...wanting]
}

/** Problems of the value of a button; a form or a catalogue must be named even without one. */
function valueProblems(path: string, part: ButtonPart, sent: GivenComponent | undefined): Problem[] {
  if (part.kind === 'none') return []
  if (sent === undefined && part.isNamed && !part.needsValue) {
    const component = `{"type": "button", "sub_type": "${part.subType}", "index": …}`
    return [{ path, message: `WhatsApp refuses this template unless the button is named: add ${component}.` }]
  }
  const parameters = sent?.parameters ?? []
  if (part.needsValue && parameters.length !== 1) return countProblem(path, parameters.length, 1)
  return parameters.every(({ type }) => upper(type) === upper(part.parameter)) || part.kind === 'call'
    ? []
    : [{ path, message: `This button takes a parameter of type ${part.parameter}.` }]
}

/** Problems of a limited-time offer: an offer that expires must say when. */
function offerProblems({ components, path }: Whole, given: readonly GivenComponent[]): Problem[] {
  const offer = components.find(({ type }) => upper(type) === 'LIMITED_TIME_OFFER')?.limited_time_offer
  const parameters = ofType(given, 'LIMITED_TIME_OFFER')?.parameters ?? []
  const own = `${path}.limited_time_offer`
  if (parameters.some(({ type }) => upper(type) !== 'LIMITED_TIME_OFFER'))
    return [{ path: own, message: 'The offer takes a parameter of type limited_time_offer.' }]
  return (offer as { has_expiration?: unknown } | undefined)?.has_expiration === true
    ? countProblem(own, parameters.length, 1)
    : []
}

/** Problems of a carousel: each card of the template is given with its file, texts and buttons. */
function carouselProblems({ components, path, ...template }: Whole, given: readonly GivenComponent[]): Problem[] {
  const carousel = components.find(({ type }) => upper(type) === 'CAROUSEL')
  if (carousel === undefined) return []
  const cards = Array.isArray(carousel.cards) ? (carousel.cards as { components?: Component[] }[]) : []
  const sent = ofType(given, 'CAROUSEL')?.cards ?? []
  const own = `${path}.carousel.cards`
  if (sent.length !== cards.length)
    return [{ path: own, message: `The template has ${cards.length} cards, but ${sent.length} are given.` }]
  return cards.flatMap((card, i) => {
    const mine = sent.find(({ card_index: at }) => at === i)
    if (mine === undefined) return [{ path: `${own}.${i}`, message: `The card with card_index ${i} is missing.` }]
    return partProblems({ ...template, components: card.components ?? [], path: `${own}.${i}` }, mine.components)
  })
}
