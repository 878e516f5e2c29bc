import { isText, listOf, objectOf } from '../params.ts'
import { variablesOf } from '../sending/template-texts.ts'
import type { Json, Template } from '../world/world.ts'
import { GraphError } from './errors.ts'
import { checkTemplateButtons } from './template-buttons.ts'
import { missing, refuse } from './template-refusals.ts'

export const CATEGORIES = ['AUTHENTICATION', 'MARKETING', 'UTILITY']
const HEADER_FORMATS = ['TEXT', 'IMAGE', 'VIDEO', 'DOCUMENT', 'GIF', 'LOCATION']
const COMPONENT_TYPES = ['BODY', 'BUTTONS', 'CALL_PERMISSION_REQUEST', 'CAROUSEL', 'FOOTER', 'HEADER', 'LIMITED_TIME_OFFER']
const MAX_NAME = 512
const MAX_BODY = 1024
const MAX_SHORT = 60
/** Words that the text needs for each variable. Meta does not publish its own ratio. */
const WORDS_PER_VARIABLE = 1

/** @throws GraphError 100 for an invalid name, language or category */
export function checkIdentity({ name, language, category }: Json): void {
  if (!isText(name) || !/^[a-z0-9_]+$/.test(name) || name.length > MAX_NAME) {
    const message = 'Message template name may hold lower-case letters, digits and underscores, at most 512.'
    throw new GraphError(100, { message: `(#100) Param name is not valid. ${message}` })
  }
  if (!isText(language) || !/^[a-z]{2,3}([_-][A-Za-z]{2,4})?$/.test(language)) {
    throw new GraphError(100, {
      message: `(#100) Param language must be one of the supported languages - got "${String(language)}".`,
    })
  }
  if (!isText(category) || !CATEGORIES.includes(category.toUpperCase())) {
    throw new GraphError(100, {
      message: `(#100) Param category must be one of {${CATEGORIES.join(', ')}} - got "${String(category)}".`,
    })
  }
}

/** The components as stored, with types in upper case. @throws GraphError 100 with the subcode of the broken rule */
export function checkComponents(given: unknown, category: string, format: Template['parameterFormat']): Json[] {
  if (!Array.isArray(given)) throw new GraphError(100, { message: '(#100) The parameter components is required.' })
  const components = given.map(component => upperCased(objectOf(component)))
  if (!components.some(({ type }) => type === 'BODY')) missing('BODY', 'text')
  for (const component of components) checkComponent(component, category, format)
  return components
}

function upperCased(component: Json): Json {
  const { type, format, buttons, ...rest } = component
  return {
    type: String(type).toUpperCase(),
    ...(format !== undefined && { format: String(format).toUpperCase() }),
    ...rest,
    ...(buttons !== undefined && {
      buttons: listOf(buttons).map(button => ({ ...objectOf(button), type: String(objectOf(button).type).toUpperCase() })),
    }),
  }
}

function checkComponent(component: Json, category: string, format: Template['parameterFormat']): void {
  const { type } = component
  const isFixed = category === 'AUTHENTICATION'
  if (type === 'HEADER') checkHeader(component, format)
  else if (type === 'BODY' && !isFixed) checkBody(component, format)
  else if (type === 'FOOTER' && !isFixed) checkFooter(component)
  else if (type === 'BUTTONS') checkTemplateButtons(listOf(component.buttons).map(objectOf))
  if (!COMPONENT_TYPES.includes(String(type))) {
    throw new GraphError(100, {
      message: `(#100) Param components[0]['type'] must be one of {${COMPONENT_TYPES.join(', ')}} - got "${String(type)}".`,
    })
  }
}

function checkHeader(header: Json, format: Template['parameterFormat']): void {
  const kind = String(header.format)
  if (!HEADER_FORMATS.includes(kind)) refuse(2388047, 'Header format incorrect', `A header of format ${kind} is not supported.`)
  const example = objectOf(header.example)
  if (kind === 'LOCATION') return
  if (kind !== 'TEXT') {
    if (!listOf(example.header_handle).some(isText)) missing('HEADER', 'example')
    return
  }
  if (!isText(header.text) || header.text === '') missing('HEADER', 'text')
  checkSize('HEADER', header.text, MAX_SHORT)
  const variables = variablesOf(header.text)
  if (variables.length > 1) refuse(2388047, 'Header format incorrect', 'A header may hold one variable.')
  const examples = format === 'NAMED' ? example.header_text_named_params : example.header_text
  if (variables.length > 0 && listOf(examples).length === 0) missing('HEADER', 'example')
}

function checkBody({ text, example }: Json, format: Template['parameterFormat']): void {
  if (!isText(text) || text.trim() === '') missing('BODY', 'text')
  checkSize('BODY', text, MAX_BODY)
  checkVariables(text, format)
  const variables = new Set(variablesOf(text))
  if (variables.size === 0) return
  checkExamples(variables, objectOf(example), format)
}

function checkExamples(variables: Set<string>, example: Json, format: Template['parameterFormat']): void {
  if (format === 'NAMED') {
    const given = new Set(listOf(example.body_text_named_params).map(row => objectOf(row).param_name))
    if ([...variables].some(name => !given.has(name))) missing('BODY', 'example')
    return
  }
  const [row] = listOf(example.body_text)
  if (!Array.isArray(row) || row.length < variables.size) missing('BODY', 'example')
}

/** Checks number, order and position of variables. A wrong name or number has the subcode of a wrong body. */
function checkVariables(text: string, format: Template['parameterFormat']): void {
  const variables = variablesOf(text)
  if (/\{\{[^{}]*[#$%][^{}]*\}\}/.test(text))
    refuse(2388072, 'Body format incorrect', 'Variables may not hold special characters.')
  const isTooDense = wordsOf(text) < variables.length * WORDS_PER_VARIABLE
  if (isTooDense && variables.length > 0)
    refuse(2388293, 'Parameters words ratio exceeds limit', 'This template has too many variables for its length.')
  if (/^\s*\{\{/.test(text) || /\}\}\s*$/.test(text)) {
    refuse(2388299, 'Leading or trailing params not allowed', 'Variables cannot be at the start or end of the template.')
  }
  if (/\}\}\s*\{\{/.test(text)) refuse(2388072, 'Body format incorrect', 'Variables may not stand next to each other.')
  const isRight = format === 'NAMED' ? variables.every(name => /^[a-z][a-z0-9_]*$/.test(name)) : isConsecutive(variables)
  if (!isRight) refuse(2388072, 'Body format incorrect', 'Variables must be {{1}}, {{2}}, … or lower-case names.')
}

const wordsOf = (text: string) => text.replaceAll(/\{\{[^{}]*\}\}/g, ' ').match(/\p{L}+/gu)?.length ?? 0

function isConsecutive(variables: string[]): boolean {
  const numbers = [...new Set(variables.map(Number))].sort((a, b) => a - b)
  return numbers.every((number, index) => number === index + 1)
}

function checkFooter({ text }: Json): void {
  if (!isText(text) || text === '') missing('FOOTER', 'text')
  checkSize('FOOTER', text, MAX_SHORT)
  if (variablesOf(text).length > 0) refuse(2388073, 'Footer format incorrect', 'A footer may not hold variables.')
}

function checkSize(type: string, text: string, max: number): void {
  if ([...text].length > max)
    refuse(2388040, 'Character limit exceeded', `The field ${type} exceeded the maximum of ${max} characters.`)
}

const OFFERS = /\b(promo\w*|soldes?|sale|discount|remise|offre sp[ée]ciale|black.?friday|gratuit\w*|free gift|coupon|\d+ ?%)/i

/** The category that Meta would assign: an offer becomes MARKETING instead of UTILITY. */
export function assignedCategory(category: string, name: string, components: Json[]): string {
  if (category !== 'UTILITY') return category
  const text = [name.replaceAll('_', ' '), ...components.map(component => component.text).filter(isText)].join('\n')
  return OFFERS.test(text) ? 'MARKETING' : 'UTILITY'
}

/** The reason for which the review rejects a template, or null. A few words stand for Meta's policies. */
export function rejectionReason(name: string, components: Json[]): string | null {
  const text = [name, ...components.map(component => component.text).filter(isText)].join('\n')
  if (/\b(casino|viagra|gambling)\b/i.test(text)) return 'ABUSIVE_CONTENT'
  if (/\b(mot de passe|password|carte bancaire|credit card number)\b/i.test(text)) return 'SCAM'
  if (/\brejected?\b|\brefus(e|er)_?moi\b/i.test(name.replaceAll('_', ' '))) return 'INVALID_FORMAT'
  return null
}
