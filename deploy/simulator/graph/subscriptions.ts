import { randomInt } from 'node:crypto'
import { request } from 'undici'
import { type AuthorizedCall, SUCCESS } from '../call.ts'
import { isText, textOf } from '../params.ts'
import type { Override, Waba } from '../world/world.ts'
import { GraphError } from './errors.ts'

const MAX_URL = 200
const HANDSHAKE_MS = 5000

/** `GET /{waba}/subscribed_apps`. */
export function getSubscribedApps({ sim }: AuthorizedCall, waba: Waba): object {
  if (!waba.subscribed) return { data: [] }
  const { id, name } = sim.world.app
  const data = { id, name, link: `https://www.facebook.com/games/?app_id=${id}` }
  return { data: [{ whatsapp_business_api_data: data, ...(waba.override && { override_callback_uri: waba.override.url }) }] }
}

/** `POST /{waba}/subscribed_apps`: sets the override after a handshake; a call without one removes the previous override. */
export async function postSubscribedApps({ params }: AuthorizedCall, waba: Waba): Promise<object> {
  const url = textOf(params.override_callback_uri)
  waba.override = url === undefined ? null : await verifyCallback(url, params.verify_token)
  waba.subscribed = true
  return SUCCESS
}

/** `DELETE /{waba}/subscribed_apps`. */
export function deleteSubscribedApps(_call: AuthorizedCall, waba: Waba): object {
  waba.subscribed = false
  waba.override = null
  return SUCCESS
}

/** `GET /{app}/subscriptions`. */
export function getAppSubscriptions({ sim }: AuthorizedCall): object {
  const { webhookUrl } = sim.world.app
  if (!webhookUrl) return { data: [] }
  const fields = sim.world.app.fields.map(name => ({ name, version: `v${sim.world.app.webhookVersion}.0` }))
  return { data: [{ object: 'whatsapp_business_account', callback_url: webhookUrl, active: true, fields }] }
}

/** `POST /{app}/subscriptions`: sets the app's own callback after a handshake. */
export async function postAppSubscriptions({ sim, params }: AuthorizedCall): Promise<object> {
  if (params.object !== 'whatsapp_business_account')
    throw new GraphError(100, { details: 'Param object must be whatsapp_business_account' })
  const { url, verifyToken } = await verifyCallback(params.callback_url, params.verify_token)
  sim.world.app.webhookUrl = url
  sim.world.app.verifyToken = verifyToken
  const { fields } = params
  if (fields !== undefined) sim.world.app.fields = Array.isArray(fields) ? fields.map(String) : String(fields).split(',')
  return SUCCESS
}

/** `DELETE /{app}/subscriptions`. */
export function deleteAppSubscriptions({ sim }: AuthorizedCall): object {
  sim.world.app.webhookUrl = null
  return SUCCESS
}

/**
 * The handshake: a GET whose answer must be 200 with nothing but the challenge.
 * @throws GraphError 100 with status 422 when it is not
 */
export async function verifyCallback(url: unknown, verifyToken: unknown): Promise<Override> {
  if (!isText(url) || !URL.canParse(url) || url.length > MAX_URL) throw unreachable()
  if (!isText(verifyToken)) throw new GraphError(100, { details: 'The parameter verify_token is required.' })
  const challenge = String(randomInt(1_000_000_000, 2_000_000_000))
  const asked = new URL(url)
  asked.searchParams.set('hub.mode', 'subscribe')
  asked.searchParams.set('hub.challenge', challenge)
  asked.searchParams.set('hub.verify_token', verifyToken)
  const answer = await get(asked)
  if (answer !== challenge) throw unreachable()
  return { url, verifyToken }
}

async function get(url: URL): Promise<string | null> {
  try {
    const { statusCode, body } = await request(url, { headersTimeout: HANDSHAKE_MS, bodyTimeout: HANDSHAKE_MS })
    const text = await body.text()
    return statusCode === 200 ? text : null
  } catch {
    return null
  }
}

function unreachable(): GraphError {
  const message = 'Webhook callback URL is not reachable or invalid'
  return new GraphError(100, { status: 422, type: 'GraphMethodException', message })
}
