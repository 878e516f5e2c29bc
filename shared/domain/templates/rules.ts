import { buttonProblems, EXAMPLE_NEEDED, isFilled, textProblems } from './buttons.ts'
import { MOST_BODY, placeholdersOf } from './fill.ts'
import type { Place } from './input.ts'
import type { TemplateProblem } from './problem.ts'

/** A template as it would be submitted. */
export interface TemplateContent {
  category: string
  parameterFormat: 'POSITIONAL' | 'NAMED'
  components: readonly Record<string, unknown>[]
  places: readonly Place[]
}

type Component = Record<string, unknown>

export const TEMPLATE_NAME = /^[a-z0-9_]{1,512}$/
export const TEMPLATE_LANGUAGE = /^[a-z]{2,3}([_-][A-Za-z]{2,4})?$/

const MOST_SHORT = 60
const HEADER_FORMATS = ['TEXT', 'IMAGE', 'VIDEO', 'DOCUMENT', 'GIF', 'LOCATION']
const TYPES = ['HEADER', 'BODY', 'FOOTER', 'BUTTONS', 'CAROUSEL', 'LIMITED_TIME_OFFER', 'CALL_PERMISSION_REQUEST']

/**
 * What Meta would refuse of a template: each problem names the field. Examples are asked for only where it is submitted.
 * @see https://developers.facebook.com/docs/whatsapp/business-management-api/message-templates/components
 */
export function templateProblems(content: TemplateContent, options: { submit: boolean }): TemplateProblem[] {
  const { components, places, category } = content
  const problems = components.flatMap((component, i) => {
    const place = places[i] as Place
    if (!TYPES.includes(String(component.type))) return [{ path: `${place.base}.type`, message: `one of ${TYPES.join(', ')}` }]
    const isSecond = components.findIndex(({ type }) => type === component.type) !== i
    return isSecond
      ? [{ path: place.base, message: `a template has one ${component.type}` }]
      : partProblems(component, place, content, options)
  })
  if (!components.some(({ type }) => type === 'BODY')) problems.push({ path: 'body', message: 'is missing' })
  if (category === 'AUTHENTICATION' && options.submit && !hasCodeButton(components))
    problems.push({ path: 'category', message: 'AUTHENTICATION takes an OTP button' })
  return problems
}

function partProblems(
  component: Component,
  place: Place,
  content: TemplateContent,
  options: { submit: boolean },
): TemplateProblem[] {
  const isFixed = content.category === 'AUTHENTICATION' && component.text === undefined
  switch (component.type) {
    case 'HEADER':
      return headerProblems(component, place, content, options.submit)
    case 'BODY':
      return isFixed ? [] : bodyProblems(component, place, content, options.submit)
    case 'FOOTER':
      return isFixed ? expiryProblems(component, place) : footerProblems(component, place)
    case 'BUTTONS':
      return buttonProblems(listOf(component.buttons), place.buttons, options)
    default:
      return []
  }
}

function headerProblems(header: Component, place: Place, content: TemplateContent, submit: boolean): TemplateProblem[] {
  const format = String(header.format)
  if (!HEADER_FORMATS.includes(format)) return [{ path: `${place.base}.format`, message: `one of ${HEADER_FORMATS.join(', ')}` }]
  if (format === 'LOCATION') return []
  if (format !== 'TEXT') {
    const [handle] = listOf<unknown>(objectOf(header.example).header_handle)
    const isWanting = submit && !isFilled(handle)
    return isWanting ? [{ path: `${place.base}.example.header_handle`, message: EXAMPLE_NEEDED }] : []
  }
  const problems = textProblems(header.text, place.text, MOST_SHORT)
  if (problems.length > 0) return problems
  const names = placeholdersOf(header.text)
  if (names.length > 1) return [{ path: place.text, message: 'holds one variable at most' }]
  if (/[\n\r]/.test(header.text as string)) return [{ path: place.text, message: 'is one line' }]
  const wrong = variableProblems(header.text as string, place.text, content.parameterFormat)
  return [...wrong, ...(submit && wrong.length === 0 ? exampleProblems(header, names, place, 'header_text') : [])]
}

function bodyProblems(body: Component, place: Place, content: TemplateContent, submit: boolean): TemplateProblem[] {
  const problems = textProblems(body.text, place.text, MOST_BODY)
  if (problems.length > 0) return problems
  const text = body.text as string
  const wrong = variableProblems(text, place.text, content.parameterFormat)
  if (/^\s*\{\{/.test(text)) wrong.push({ path: place.text, message: 'may not begin with a variable' })
  if (/\}\}\s*$/.test(text)) wrong.push({ path: place.text, message: 'may not end with a variable' })
  if (/\}\}\s*\{\{/.test(text)) wrong.push({ path: place.text, message: 'needs words between two variables' })
  return submit && wrong.length === 0 ? exampleProblems(body, placeholdersOf(text), place, 'body_text') : wrong
}

function footerProblems({ text }: Component, { text: path }: Place): TemplateProblem[] {
  const problems = textProblems(text, path, MOST_SHORT)
  return problems.length === 0 && placeholdersOf(text).length > 0 ? [{ path, message: 'holds no variables' }] : problems
}

/** An authentication template's footer is Meta's own, with a time in it. */
function expiryProblems({ code_expiration_minutes: minutes }: Component, { base }: Place): TemplateProblem[] {
  const isRight = minutes === undefined || (Number.isInteger(minutes) && Number(minutes) >= 1 && Number(minutes) <= 90)
  return isRight ? [] : [{ path: `${base}.code_expiration_minutes`, message: 'from 1 to 90' }]
}

/** Counted from 1 without gaps, or all of them named. */
function variableProblems(text: string, path: string, format: TemplateContent['parameterFormat']): TemplateProblem[] {
  const written = text.match(/\{\{[^{}]*\}\}/g) ?? []
  const odd = written.find(one => !/^\{\{\s*(\d+|[a-z][a-z0-9_]*)\s*\}\}$/.test(one))
  if (odd) return [{ path, message: `${odd} is no variable: {{1}} or {{lower_case}} is` }]
  if (text.replace(/\{\{[^{}]*\}\}/g, '').match(/\{\{|\}\}/)) return [{ path, message: 'has braces that belong to no variable' }]
  const names = placeholdersOf(text)
  const counted = names.filter(name => /^\d+$/.test(name)).map(Number)
  if (format === 'NAMED') return counted.length > 0 ? [{ path, message: 'mixes counted and named variables' }] : []
  const gap = counted.findIndex((number, i) => number !== i + 1)
  return gap < 0 ? [] : [{ path, message: `{{${gap + 1}}} is missing: variables are counted from 1 without gaps` }]
}

function exampleProblems(component: Component, names: string[], { base }: Place, field: string): TemplateProblem[] {
  if (names.length === 0) return []
  const example = objectOf(component.example)
  const isCounted = names.every(name => /^\d+$/.test(name))
  const given = isCounted
    ? rowOf(example[field], field)
    : listOf(example[`${field}_named_params`]).map(({ example: text }) => text)
  const count = isCounted ? given.length : names.filter(name => isNamedIn(example[`${field}_named_params`], name)).length
  if (count >= names.length && given.every(isFilled)) return []
  const path = base.startsWith('components.') ? `${base}.example` : 'variables'
  return [{ path, message: `an example of each of the ${names.length} variables ${EXAMPLE_NEEDED}` }]
}

/** `body_text` is a list in a list. */
function rowOf(value: unknown, field: string): unknown[] {
  const list = listOf<unknown>(value)
  return field === 'body_text' ? listOf<unknown>(list[0]) : list
}

const isNamedIn = (list: unknown, name: string) => listOf(list).some(({ param_name }) => param_name === name)
const hasCodeButton = (components: readonly Component[]) =>
  components.some(({ buttons }) => listOf(buttons).some(({ type }) => type === 'OTP'))
const objectOf = (value: unknown): Component => (typeof value === 'object' && value !== null ? (value as Component) : {})
const listOf = <T = Component>(value: unknown): T[] => (Array.isArray(value) ? (value as T[]) : [])
