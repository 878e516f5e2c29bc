import { GraphError } from '../graph/errors.ts'
import { isBlank, isObject, isText, objectOf } from '../params.ts'
import type { Json } from '../world/world.ts'

const MAX_HYDRATED_BODY = 1024
const MAX_OTP = 15
const VARIABLE = /\{\{\s*([\w]+)\s*\}\}/g

/** Names of the variables in a text, in order: `['1', '2']` or `['first_name']`. */
export const variablesOf = (text: unknown): string[] =>
  isText(text) ? [...text.matchAll(VARIABLE)].map(match => match[1] as string) : []

/** @throws GraphError 132000 unless there is one parameter for each variable, 132012 for a wrong name or type, 132018 for its text */
export function checkTexts(
  type: string,
  parameters: Json[],
  text: unknown,
  { isNamed, version }: { isNamed: boolean; version: number },
): void {
  const variables = new Set(variablesOf(text))
  if (parameters.length !== variables.size) wrongNumber(type, parameters.length, variables.size)
  const names = new Set(parameters.map(({ parameter_name }) => String(parameter_name)))
  if (isNamed && !(names.size === parameters.length && [...names].every(name => variables.has(name))))
    throw new GraphError(132012, { details: `${type}: Parameter name is missing or not part of the template` })
  for (const [index, parameter] of parameters.entries()) checkText(type, index, parameter, version)
}

/** @throws GraphError 132000 in Meta's words */
export function wrongNumber(type: string, given: number, wanted: number): never {
  const details = `${type}: number of localizable_params (${given}) does not match the expected number of params (${wanted})`
  throw new GraphError(132000, { details })
}

function checkText(type: string, index: number, parameter: Json, version: number): void {
  const kind = String(parameter.type)
  if (kind === 'currency' || kind === 'date_time') {
    if (!isText(objectOf(parameter[kind]).fallback_value)) mismatch(type, index, kind.toUpperCase(), 'nothing')
    return
  }
  if (kind !== 'text') mismatch(type, index, 'TEXT', kind.toUpperCase())
  if (!isText(parameter.text) || isBlank(parameter.text))
    throw new GraphError(131008, { details: `${type}: Parameter of type text is missing text value` })
  if (/[\n\r\t]| {5,}/.test(parameter.text)) {
    const details = 'Param text cannot have new-line/tab characters or more than 4 consecutive spaces'
    throw new GraphError(version >= 23 ? 132018 : 132012, { details })
  }
}

/** @throws GraphError 132018, before v23 132012, for a code that is too long */
export function checkCode(code: unknown, version: number): void {
  if (isText(code) && code.length > MAX_OTP)
    throw new GraphError(version >= 23 ? 132018 : 132012, { details: `The code is longer than ${MAX_OTP} characters` })
}

function mismatch(type: string, index: number, expected: string, received: string): never {
  throw new GraphError(132012, {
    details: `${type}: Format mismatch in parameter ${index + 1}, expected ${expected}, received ${received}`,
  })
}

/** @throws GraphError 132012 unless the header has the one file, place or product of its format */
export function checkMediaHeader(format: string, parameters: Json[]): void {
  const [parameter] = parameters
  const received = isText(parameter?.type) ? parameter.type.toUpperCase() : 'UNKNOWN'
  const isWanted = received === format || (format === 'GIF' && received === 'VIDEO')
  if (!parameter || !isWanted || !isObject(parameter[String(parameter.type).toLowerCase()]))
    throw new GraphError(132012, { details: `header: Format mismatch, expected ${format}, received ${received}` })
}

/** @throws GraphError 132005 for a text that is too long when it is filled */
export function checkLength(text: string, parameters: Json[]): void {
  const filled = parameters.reduce((size, parameter) => size + shownText(parameter).length, text.replaceAll(VARIABLE, '').length)
  if (filled > MAX_HYDRATED_BODY) throw new GraphError(132005)
}

const shownText = ({ text, currency, date_time: time }: Json) =>
  String(text ?? objectOf(currency).fallback_value ?? objectOf(time).fallback_value ?? '')
