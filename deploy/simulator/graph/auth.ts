import { timingSafeEqual } from 'node:crypto'
import type { AuthorizedCall, Call } from '../call.ts'
import { textOf } from '../params.ts'
import { appSecretProof } from '../webhooks/wire.ts'
import { TOKEN_SCOPES } from '../world/demo.ts'
import type { Token, World } from '../world/world.ts'
import { GraphError } from './errors.ts'

/** The token of a call: `Authorization: Bearer …` or `OAuth …`, else the parameter `access_token`. */
export function tokenTextOf(call: Call): string | undefined {
  const header = /^(?:Bearer|OAuth)\s+(.+)$/i.exec(call.headers.authorization ?? '')?.[1]
  return header?.trim() ?? textOf(call.params.access_token)
}

/** @throws GraphError 190, with a subcode for the reason */
export function authorize(call: Call): AuthorizedCall {
  const text = tokenTextOf(call)
  if (text === undefined) {
    throw new GraphError(190, { message: 'An access token is required to request this resource.', details: null })
  }
  const token = findToken(call.sim.world, text)
  if (!token) throw new GraphError(190)
  checkToken(token, call.sim.now(), call.sim.world.app.id)
  checkProof(call, text)
  return { ...call, token }
}

/** A token by its text. The app's own token is `{app id}|{app secret}`. */
export function findToken(world: World, text: string): Token | undefined {
  const { app } = world
  if (text === `${app.id}|${app.secret}`) return appToken(text)
  return world.tokens.get(text)
}

export function checkToken(token: Token, now: number, appId: string): void {
  if (token.refused) {
    const { code, subcode } = token.refused
    const refusal = new GraphError(code, { subcode })
    throw new GraphError(code, { subcode, message: refusal.message.replace('APP_ID', appId), details: null })
  }
  if (token.expiresAt !== 0 && token.expiresAt <= now) {
    throw new GraphError(190, { subcode: 463, message: expiryMessage(token.expiresAt, now) })
  }
}

export function expiryMessage(expiresAt: number, now?: number): string {
  const text = `Error validating access token: Session has expired on ${pacific(expiresAt)}.`
  return now === undefined ? text : `${text} The current time is ${pacific(now)}.`
}

const PACIFIC = new Intl.DateTimeFormat('en-US', {
  timeZone: 'America/Los_Angeles',
  weekday: 'long',
  day: '2-digit',
  month: 'short',
  year: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
  timeZoneName: 'short',
})

/** `Friday, 20-Nov-26 01:00:00 PST`: a time as Meta writes it in messages. */
function pacific(ms: number): string {
  const part = Object.fromEntries(PACIFIC.formatToParts(ms).map(({ type, value }) => [type, value]))
  return `${part.weekday}, ${part.day}-${part.month}-${part.year} ${part.hour}:${part.minute}:${part.second} ${part.timeZoneName}`
}

/** A proof that is given must be right; it must be given when the app asks for it. */
function checkProof(call: Call, token: string): void {
  const { app } = call.sim.world
  const proof = textOf(call.params.appsecret_proof)
  const options = { type: 'GraphMethodException', details: null }
  if (proof === undefined) {
    if (!app.requireProof) return
    throw new GraphError(100, { ...options, message: 'API calls from the server require an appsecret_proof argument' })
  }
  const expected = Buffer.from(appSecretProof(token, app.secret))
  const given = Buffer.from(proof)
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new GraphError(100, { ...options, message: 'Invalid appsecret_proof provided in the API argument' })
  }
}

/** Whether the token gives access to the WABA. */
export const canAccess = (token: Token, wabaId: string) => token.wabaIds === null || token.wabaIds.includes(wabaId)

function appToken(token: string): Token {
  return { token, type: 'APP', wabaIds: null, scopes: TOKEN_SCOPES, issuedAt: 0, expiresAt: 0, refused: null, userId: '' }
}
