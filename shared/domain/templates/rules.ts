import { buttonProblems, EXAMPLE_NEEDED, isFilled, textProblems } from './buttons.ts'
import { MAX_BODY_LENGTH } from './fill.ts'
import type { Place } from './input.ts'
import type { TemplateProblem } from './problem.ts'
import { placeholdersOf } from './slots.ts'

/** A template as it would be submitted. */
export interface TemplateContent {
  category: string
  parameterFormat: 'POSITIONAL' | 'NAMED'
  components: readonly Record<string, unknown>[]
  places: readonly Place[]
}

type Component = Record<string, unknown>

export const TEMPLATE_NAME = /^[a-z0-9_]{1,512}$/
/** A language in any spelling; `languageCode` writes it as Meta does. */
export const TEMPLATE_LANGUAGE = /^[a-z]{2,3}([_-][a-z]{2,4})?$/i

/** Characters of a header and of a footer. */
export const MAX_SHORT = 60
const HEADER_FORMATS = ['TEXT', 'IMAGE', 'VIDEO', 'DOCUMENT', 'GIF', 'LOCATION']
const TYPES = ['HEADER', 'BODY', 'FOOTER', 'BUTTONS', 'CAROUSEL', 'LIMITED_TIME_OFFER', 'CALL_PERMISSION_REQUEST']

/**
 * Problems for which Meta would refuse a template, each with its field. Examples are required only with `submit`.
 * @see https://developers.facebook.com/docs/whatsapp/business-management-api/message-templates/components
 */
export function templateProblems(content: TemplateContent, options: { submit: boolean }): TemplateProblem[] {
  const { components, places, category } = content
  const problems = components.flatMap((component, i) => {
    const place = places[i] as Place
    if (!TYPES.includes(String(component.type)))
      return [{ path: `${place.base}.type`, message: `The type of a component must be one of ${TYPES.join(', ')}.` }]
    const isSecond = components.findIndex(({ type }) => type === component.type) !== i
    return isSecond
      ? [{ path: place.base, message: `A template can have only one ${component.type}.` }]
      : partProblems(component, place, content, options)
  })
  if (!components.some(({ type }) => type === 'BODY')) problems.push({ path: 'body', message: 'The body is missing.' })
  if (category === 'AUTHENTICATION' && options.submit && !hasCodeButton(components))
    problems.push({ path: 'category', message: 'A template of category AUTHENTICATION needs an OTP button.' })
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
  if (!HEADER_FORMATS.includes(format))
    return [{ path: `${place.base}.format`, message: `The format of a header must be one of ${HEADER_FORMATS.join(', ')}.` }]
  if (format === 'LOCATION') return []
  if (format !== 'TEXT') {
    const [handle] = listOf<unknown>(objectOf(header.example).header_handle)
    const isWanting = submit && !isFilled(handle)
    return isWanting ? [{ path: `${place.base}.example.header_handle`, message: EXAMPLE_NEEDED }] : []
  }
  const problems = textProblems(header.text, place.text, MAX_SHORT)
  if (problems.length > 0) return problems
  const names = placeholdersOf(header.text)
  if (names.length > 1) return [{ path: place.text, message: 'A header can contain only one variable.' }]
  if (/[\n\r]/.test(header.text as string)) return [{ path: place.text, message: 'A header cannot contain a line break.' }]
  const wrong = variableProblems(header.text as string, place.text, content.parameterFormat)
  return [...wrong, ...(submit && wrong.length === 0 ? exampleProblems(header, names, place, 'header_text') : [])]
}

function bodyProblems(body: Component, place: Place, content: TemplateContent, submit: boolean): TemplateProblem[] {
  const problems = textProblems(body.text, place.text, MAX_BODY_LENGTH)
  if (problems.length > 0) return problems
  const text = body.text as string
  const wrong = variableProblems(text, place.text, content.parameterFormat)
  if (/^\s*\{\{/.test(text))
    wrong.push({ path: place.text, message: 'The body cannot begin with a variable. Put text before it.' })
  if (/\}\}\s*$/.test(text)) wrong.push({ path: place.text, message: 'The body cannot end with a variable. Put text after it.' })
  if (/\}\}\s*\{\{/.test(text))
    wrong.push({ path: place.text, message: 'Two variables cannot follow each other. Put text between them.' })
  return submit && wrong.length === 0 ? exampleProblems(body, placeholdersOf(text), place, 'body_text') : wrong
}

function footerProblems({ text }: Component, { text: path }: Place): TemplateProblem[] {
  const problems = textProblems(text, path, MAX_SHORT)
  return problems.length === 0 && placeholdersOf(text).length > 0
    ? [{ path, message: 'A footer cannot contain variables.' }]
    : problems
}

/** Problems of an authentication template's footer: Meta writes its text, with the expiry of the code. */
function expiryProblems({ code_expiration_minutes: minutes }: Component, { base }: Place): TemplateProblem[] {
  const isRight = minutes === undefined || (Number.isInteger(minutes) && Number(minutes) >= 1 && Number(minutes) <= 90)
  return isRight
    ? []
    : [{ path: `${base}.code_expiration_minutes`, message: 'The expiry must be a whole number of minutes from 1 to 90.' }]
}

/** Problems of the variables in a text: they must be numbered from 1 without gaps, or all be named. */
function variableProblems(text: string, path: string, format: TemplateContent['parameterFormat']): TemplateProblem[] {
  const written = text.match(/\{\{[^{}]*\}\}/g) ?? []
  const odd = written.find(one => !/^\{\{\s*(\d+|[a-z][a-z0-9_]*)\s*\}\}$/.test(one))
  if (odd) return [{ path, message: `${odd} is not a variable. Write {{1}} or {{lower_case}}.` }]
  if (text.replace(/\{\{[^{}]*\}\}/g, '').match(/\{\{|\}\}/))
    return [{ path, message: 'The text contains braces that belong to no variable.' }]
  const names = placeholdersOf(text)
  const counted = names.filter(name => /^\d+$/.test(name)).map(Number)
  if (format === 'NAMED') return counted.length > 0 ? [{ path, message: 'Numbered and named variables cannot be mixed.' }] : []
  const gap = counted.findIndex((number, i) => number !== i + 1)
  return gap < 0 ? [] : [{ path, message: `{{${gap + 1}}} is missing: variables are numbered from 1 without gaps.` }]
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
  return [{ path, message: examplesNeeded(names.length) }]
}

const examplesNeeded = (count: number) =>
  count === 1
    ? EXAMPLE_NEEDED
    : `An example of each of the ${count} variables is required: WhatsApp reviews a template by its examples.`

/** Examples of the numbered variables; `body_text` is a list within a list. */
function rowOf(value: unknown, field: string): unknown[] {
  const list = listOf<unknown>(value)
  return field === 'body_text' ? listOf<unknown>(list[0]) : list
}

const isNamedIn = (list: unknown, name: string) => listOf(list).some(({ param_name }) => param_name === name)
const hasCodeButton = (components: readonly Component[]) =>
  components.some(({ buttons }) => listOf(buttons).some(({ type }) => type === 'OTP'))
const objectOf = (value: unknown): Component => (typeof value === 'object' && value !== null ? (value as Component) : {})
const listOf = <T = Component>(value: unknown): T[] => (Array.isArray(value) ? (value as T[]) : [])
