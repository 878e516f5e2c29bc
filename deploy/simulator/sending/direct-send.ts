import { GraphError } from '../graph/errors.ts'
import { isText, objectOf } from '../params.ts'
import type { Json, Waba } from '../world/world.ts'
import type { MessageType } from './shape.ts'

/** Bounds of `ttl_seconds` by category. */
const TTL: Record<string, [number, number]> = { utility: [30, 43_200], authentication: [30, 900] }
const INTERACTIVE = new Set(['button', 'cta_url', 'voice_call'])
const MAX_BODY = 1024

/**
 * The category under which a message without a template is sent outside the window; null for an ordinary message.
 * @throws GraphError 139200 when the account misused it, 100 when it is not eligible or the message does not fit
 */
export function directSendOf(body: Json, type: MessageType, waba: Waba): string | null {
  const category = isText(body.category) ? body.category.toLowerCase() : 'service'
  if (category === 'service' || type === 'template') {
    if (body.ttl_seconds !== undefined) refuse('ttl_seconds needs the category of a Direct Send message.')
    return null
  }
  const bounds = TTL[category]
  if (bounds === undefined) refuse('Param category must be one of {UTILITY, AUTHENTICATION, SERVICE}')
  if (waba.directSend === 'BLOCKED')
    throw new GraphError(139200, { details: `${title(category)} messages by Direct Send are blocked for this account.` })
  if (waba.directSend !== 'ELIGIBLE') refuse('Direct Send is not enabled for this account.')
  checkTtl(body.ttl_seconds, bounds)
  checkContent(body, type)
  return category
}

function checkTtl(ttl: unknown, [least, most]: [number, number]): void {
  if (ttl === undefined) return
  if (!Number.isInteger(ttl) || Number(ttl) < least) refuse(`The time-to-live must be at least ${least}.`)
  if (Number(ttl) > most) refuse(`The time-to-live must be at most ${most}.`)
}

function checkContent(body: Json, type: MessageType): void {
  const interactive = objectOf(body.interactive)
  if (type !== 'text' && !(type === 'interactive' && INTERACTIVE.has(String(interactive.type))))
    refuse(`A message of type ${type} cannot be sent by Direct Send.`)
  const text = type === 'text' ? objectOf(body.text).body : objectOf(interactive.body).text
  if ([...String(text ?? '')].length > MAX_BODY) refuse(`The body must be at most ${MAX_BODY} characters long.`)
}

const title = (category: string) => category.slice(0, 1).toUpperCase() + category.slice(1)

function refuse(details: string): never {
  throw new GraphError(100, { details })
}
