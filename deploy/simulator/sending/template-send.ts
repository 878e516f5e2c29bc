import { GraphError } from '../graph/errors.ts'
import { isObject, isText, listOf, objectOf } from '../params.ts'
import type { Json, Template, World } from '../world/world.ts'

const MAX_HYDRATED_BODY = 1024
const MAX_OTP = 15
const VARIABLE = /\{\{\s*([\w]+)\s*\}\}/g

/**
 * The template of a send, after a check that the parameters fit it.
 * @throws GraphError 132001, 132015, 132016 (the template), 132000, 132005, 132012, 132018 (its parameters)
 */
export function templateOf(body: Json, wabaId: string, world: World, version: number): Template {
  const asked = objectOf(body.template)
  const template = findTemplate(asked, wabaId, world)
  for (const component of template.components)
    checkComponent(component, template, listOf(asked.components).map(objectOf), version)
  checkButtons(template, listOf(asked.components).map(objectOf))
  return template
}

/** Names of the variables in a text, in order: `['1', '2']` or `['first_name']`. */
export const variablesOf = (text: unknown): string[] =>
  isText(text) ? [...text.matchAll(VARIABLE)].map(match => match[1] as string) : []

function findTemplate(asked: Json, wabaId: string, world: World): Template {
  const language = isText(asked.language) ? asked.language : String(objectOf(asked.language).code)
  const name = String(asked.name)
  const same = (code: string) => code.replaceAll('-', '_').toLowerCase()
  const details = `template name (${name}) does not exist in ${language}`
  for (const template of world.templates.values()) {
    if (template.name !== name || template.wabaId !== wabaId || same(template.language) !== same(language)) continue
    if (template.status === 'PAUSED') throw new GraphError(132015, { details: `Template ${name} is paused` })
    if (template.status === 'DISABLED') throw new GraphError(132016, { details: `Template ${name} is disabled` })
    if (template.status !== 'APPROVED') throw new GraphError(132001, { details })
    return template
  }
  throw new GraphError(132001, { details })
}

function checkComponent(component: Json, template: Template, sent: Json[], version: number): void {
  const type = String(component.type).toLowerCase()
  if (type !== 'header' && type !== 'body') return
  const parameters = listOf(sent.find(part => String(part.type).toLowerCase() === type)?.parameters).map(objectOf)
  const format = String(component.format ?? 'TEXT').toUpperCase()
  if (type === 'header' && format !== 'TEXT') {
    checkMediaHeader(format, parameters)
    return
  }
  const text = template.category === 'AUTHENTICATION' && type === 'body' ? '{{1}} is your code' : component.text
  const variables = variablesOf(text)
  checkTexts(type, parameters, variables, template, version)
  if (type === 'body') checkLength(String(text ?? ''), parameters)
}

function checkTexts(type: string, parameters: Json[], variables: string[], template: Template, version: number): void {
  const wanted = new Set(variables).size
  if (parameters.length !== wanted) {
    const details = `${type}: number of localizable_params (${parameters.length}) does not match the expected number of params (${wanted})`
    throw new GraphError(132000, { details })
  }
  for (const [index, parameter] of parameters.entries()) {
    if (template.parameterFormat === 'NAMED' && !variables.includes(String(parameter.parameter_name))) {
      throw new GraphError(132012, { details: `${type}: Parameter name is missing or not part of the template` })
    }
    checkText(type, index, parameter, version)
  }
  const code = parameters[0]?.text
  if (template.category === 'AUTHENTICATION' && isText(code) && code.length > MAX_OTP) {
    throw new GraphError(version >= 23 ? 132018 : 132012, { details: `The code is longer than ${MAX_OTP} characters` })
  }
}

function checkText(type: string, index: number, parameter: Json, version: number): void {
  const kind = String(parameter.type)
  if (kind === 'currency' || kind === 'date_time') {
    if (!isText(objectOf(parameter[kind]).fallback_value)) mismatch(type, index, kind.toUpperCase(), 'nothing')
    return
  }
  if (kind !== 'text') mismatch(type, index, 'TEXT', kind.toUpperCase())
  if (!isText(parameter.text)) throw new GraphError(131008, { details: `${type}: Parameter of type text is missing text value` })
  if (/[\n\r\t]| {5,}/.test(parameter.text)) {
    const details = 'Param text cannot have new-line/tab characters or more than 4 consecutive spaces'
    throw new GraphError(version >= 23 ? 132018 : 132012, { details })
  }
}

function mismatch(type: string, index: number, expected: string, received: string): never {
  throw new GraphError(132012, {
    details: `${type}: Format mismatch in parameter ${index + 1}, expected ${expected}, received ${received}`,
  })
}

function checkMediaHeader(format: string, parameters: Json[]): void {
  const [parameter] = parameters
  const received = isText(parameter?.type) ? parameter.type.toUpperCase() : 'UNKNOWN'
  const isWanted = received === format || (format === 'GIF' && received === 'VIDEO')
  if (!parameter || !isWanted || !isObject(parameter[String(parameter.type)])) {
    throw new GraphError(132012, { details: `header: Format mismatch, expected ${format}, received ${received}` })
  }
}

function checkLength(text: string, parameters: Json[]): void {
  const filled = parameters.reduce(
    (size, parameter) => size + String(parameter.text ?? '').length,
    text.replaceAll(VARIABLE, '').length,
  )
  if (filled > MAX_HYDRATED_BODY) throw new GraphError(132005)
}

/** A button with a variable needs its parameter, and every button in the send must exist in the template. */
function checkButtons(template: Template, sent: Json[]): void {
  const buttons = listOf(objectOf(template.components.find(({ type }) => String(type).toUpperCase() === 'BUTTONS')).buttons).map(
    objectOf,
  )
  const given = sent.filter(({ type }) => String(type).toLowerCase() === 'button')
  for (const part of given) {
    if (!buttons[Number(part.index)])
      throw new GraphError(132012, { details: `Button at index ${part.index} is not part of the template` })
  }
  for (const [index, button] of buttons.entries()) {
    const needsParameter = variablesOf(button.url).length > 0 || button.type === 'OTP' || button.type === 'COPY_CODE'
    const part = given.find(({ index: at }) => Number(at) === index)
    if (needsParameter && listOf(part?.parameters).length !== 1) {
      const details = `Button at index ${index} of type ${button.type === 'COPY_CODE' ? 'CopyCode' : 'Url'} requires a parameter`
      throw new GraphError(131008, { details })
    }
  }
}
