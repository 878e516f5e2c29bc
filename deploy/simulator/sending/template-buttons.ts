import { GraphError } from '../graph/errors.ts'
import { listOf, objectOf } from '../params.ts'
import type { Json } from '../world/world.ts'
import { checkCode, variablesOf } from './template-texts.ts'

/** What Meta asks of a button in a send. */
interface Asked {
  subType: string
  /** Code of the refusal when the button is not named; null: it may be left out. */
  unnamed: number | null
  needsParameter: boolean
  parameter: string
}

const asked = (subType: string, unnamed: number | null, needsParameter: boolean, parameter: string): Asked => ({
  subType,
  unnamed,
  needsParameter,
  parameter,
})

/** By type of the template's button. Those that are missing here (calls by telephone, fixed addresses) are not named at all. */
const ASKED: Record<string, Asked> = {
  QUICK_REPLY: asked('QUICK_REPLY', null, false, 'payload'),
  OTP: asked('URL', 131008, true, 'text'),
  COPY_CODE: asked('COPY_CODE', 131008, true, 'coupon_code'),
  FLOW: asked('FLOW', 131009, false, 'action'),
  CATALOG: asked('CATALOG', 131009, false, 'action'),
  MPM: asked('MPM', 131009, true, 'action'),
  SPM: asked('SPM', null, false, 'action'),
  VOICE_CALL: asked('VOICE_CALL', null, false, ''),
}
const OPEN_URL = asked('URL', 131008, true, 'text')

/** @throws GraphError 131008 or 131009 for a button that must be named, 100 for one that must not, 132012 for one that is not there */
export function checkButtons(components: Json[], sent: Json[], version: number): void {
  const buttons = listOf(objectOf(components.find(({ type }) => String(type).toUpperCase() === 'BUTTONS')).buttons).map(objectOf)
  const given = sent.filter(({ type }) => String(type).toLowerCase() === 'button')
  for (const part of given) checkGiven(buttons[Number(part.index)], part)
  for (const [index, button] of buttons.entries()) {
    const wanted = askedOf(button)
    if (wanted === undefined) continue
    const part = given.find(({ index: at }) => Number(at) === index)
    if (part !== undefined || wanted.unnamed !== null) checkParameters(index, button, wanted, part, version)
  }
}

function askedOf(button: Json): Asked | undefined {
  if (String(button.type).toUpperCase() === 'URL') return variablesOf(button.url).length > 0 ? OPEN_URL : undefined
  return ASKED[String(button.type).toUpperCase()]
}

function checkGiven(button: Json | undefined, part: Json): void {
  if (button === undefined) throw new GraphError(132012, { details: `Button at index ${part.index} is not part of the template` })
  const wanted = askedOf(button)
  if (wanted === undefined)
    throw new GraphError(100, { details: `Button at index ${part.index} of type ${button.type} takes no component` })
  if (String(part.sub_type).toUpperCase() !== wanted.subType)
    throw new GraphError(131009, { details: `Components sub_type invalid at index: ${part.index} and type: ${button.type}` })
}

function checkParameters(index: number, button: Json, wanted: Asked, part: Json | undefined, version: number): void {
  const name = `Button at index ${index} of type ${NAMES[wanted.subType] ?? wanted.subType}`
  const parameters = listOf(part?.parameters).map(objectOf)
  if (part === undefined || (wanted.needsParameter && parameters.length !== 1))
    throw new GraphError(wanted.unnamed ?? 131008, { details: `${name} requires a parameter` })
  for (const parameter of parameters) {
    const kind = String(parameter.type).toLowerCase()
    if (wanted.parameter !== '' && kind !== wanted.parameter)
      throw new GraphError(132012, { details: `${name}: expected a parameter of type ${wanted.parameter}, received ${kind}` })
  }
  if (/[?&]otp_type=/.test(String(button.url)) || button.type === 'OTP') checkCode(parameters[0]?.text, version)
}

const NAMES: Record<string, string> = { URL: 'Url', COPY_CODE: 'CopyCode', FLOW: 'Flow', CATALOG: 'Catalog' }
