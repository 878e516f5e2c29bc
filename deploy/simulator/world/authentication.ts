import { isText, listOf, objectOf } from '../params.ts'
import type { Json } from './world.ts'

const ADDRESS = 'https://www.whatsapp.com/otp/code/'
const SAMPLE = '123456'

/** Meta's own text by language, where it is known here. */
const TEXTS: Record<string, [code: string, security: string, expiry: (minutes: unknown) => string]> = {
  fr: [
    'Votre code de vérification est *{{1}}*.',
    ' Pour votre sécurité, ne partagez pas ce code.',
    minutes => `Ce code expire dans ${minutes} minutes.`,
  ],
  en: [
    '*{{1}}* is your verification code.',
    ' For your security, do not share this code.',
    minutes => `This code expires in ${minutes} minutes.`,
  ],
}

/** An authentication template as Meta lists it: with its own texts, and its code button as an address. */
export function asListed(components: readonly Json[], language: string): Json[] {
  const [code, security, expiry] = TEXTS[language.slice(0, 2)] ?? (TEXTS.en as (typeof TEXTS)[string])
  const { code_expiration_minutes: minutes } = components.find(({ type }) => type === 'FOOTER') ?? {}
  return components.map(component => {
    if (component.type === 'BODY' && !isText(component.text))
      return {
        ...component,
        text: `${code}${component.add_security_recommendation === true ? security : ''}`,
        example: { body_text: [[SAMPLE]] },
      }
    if (component.type === 'FOOTER' && !isText(component.text) && minutes !== undefined)
      return { ...component, text: expiry(minutes) }
    if (component.type !== 'BUTTONS') return component
    return { ...component, buttons: listOf(component.buttons).map(button => listedButton(objectOf(button), minutes)) }
  })
}

function listedButton(button: Json, minutes: unknown): Json {
  const { type, otp_type: kind, text } = button
  if (String(type).toUpperCase() !== 'OTP') return button
  const query = `otp_type=${String(kind).toUpperCase()}${minutes === undefined ? '' : `&code_expiration_minutes=${minutes}`}`
  const url = `${ADDRESS}?${query}&code=otp`
  return { type: 'URL', text: isText(text) ? text : 'Copy code', url: `${url}{{1}}`, example: [`${url}${SAMPLE}`] }
}
