import { isText, listOf } from '../params.ts'
import { variablesOf } from '../sending/template-texts.ts'
import type { Json } from '../world/world.ts'
import { missing, refuse } from './template-refusals.ts'

const MAX_BUTTONS = 10
const MAX_LABEL = 25
const MAX_URL = 2000
const MAX_PHONE = 20
const MAX_COPY_CODE = 20

/** Most buttons of each type in one template. */
const MAX_OF: Record<string, number> = {
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

/** @throws GraphError 100 with the subcode of the broken rule */
export function checkTemplateButtons(buttons: Json[]): void {
  if (buttons.length === 0) missing('BUTTONS', 'buttons')
  if (buttons.length > MAX_BUTTONS) wrong(`There may be at most ${MAX_BUTTONS} buttons.`)
  for (const button of buttons) checkButton(button)
  for (const [type, max] of Object.entries(MAX_OF)) {
    if (buttons.filter(button => button.type === type).length > max) wrong(`There may be at most ${max} buttons of type ${type}.`)
  }
  const kinds = buttons.map(({ type }) => (type === 'QUICK_REPLY' ? 'quick' : 'other'))
  const changes = kinds.filter((kind, index) => index > 0 && kind !== kinds[index - 1]).length
  if (changes > 1) wrong('Quick replies and other buttons must each stand together.')
}

function checkButton(button: Json): void {
  const type = String(button.type)
  if (!(type in MAX_OF)) wrong(`Buttons of type ${type} are not supported.`)
  if (type !== 'OTP' && type !== 'COPY_CODE' && type !== 'REQUEST_CONTACT_INFO') checkLabel(button.text)
  if (type === 'URL') checkUrl(button)
  if (type === 'PHONE_NUMBER' && !(isText(button.phone_number) && button.phone_number.length <= MAX_PHONE))
    missing('BUTTONS', 'phone_number')
  if (type === 'COPY_CODE') checkCode(button.example)
}

function checkLabel(text: unknown): void {
  if (!isText(text) || text === '') missing('BUTTONS', 'text')
  if ([...text].length > MAX_LABEL)
    refuse(2388040, 'Character limit exceeded', `The field BUTTONS exceeded the maximum of ${MAX_LABEL} characters.`)
}

function checkUrl({ url, example }: Json): void {
  if (!isText(url) || !/^https?:\/\//i.test(url)) missing('BUTTONS', 'url')
  if (url.length > MAX_URL)
    refuse(2388040, 'Character limit exceeded', `The field URL exceeded the maximum of ${MAX_URL} characters.`)
  const variables = variablesOf(url)
  if (variables.length === 0) return
  if (variables.length > 1 || !url.trim().endsWith('}}')) wrong('A URL may hold one variable, at its end.')
  if (!(isText(example) || listOf(example).some(isText))) missing('BUTTONS', 'example')
}

function checkCode(example: unknown): void {
  const [code] = isText(example) ? [example] : listOf(example)
  if (!isText(code)) missing('BUTTONS', 'example')
  if (code.length > MAX_COPY_CODE)
    refuse(2388040, 'Character limit exceeded', `The field example exceeded the maximum of ${MAX_COPY_CODE} characters.`)
}

function wrong(message: string): never {
  refuse(2388072, 'Buttons format incorrect', message)
}
