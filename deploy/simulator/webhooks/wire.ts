import { createHmac } from 'node:crypto'

/**
 * JSON in Meta's encoding: ASCII, other characters as lower-case `\u` escapes, slashes as `\/`. A receiver that hashes
 * re-encoded JSON instead of the bytes it received fails here, as it would with Meta.
 */
export function wireJson(value: unknown): string {
  return escapeJson(JSON.stringify(value))
}

/** Meta's encoding of a text that is JSON already. */
export function escapeJson(json: string): string {
  if (!/[\u0080-\uffff/]/.test(json)) return json
  return json.replaceAll(/(\\.)|[\u0080-\uffff/]/g, (match, escaped?: string) => {
    if (escaped) return escaped
    return match === '/' ? '\\/' : `\\u${match.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

/** Value of `X-Hub-Signature-256`. */
export function signatureOf(body: string | Buffer, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
}

/** `appsecret_proof` of a token: lower-case hex. */
export function appSecretProof(token: string, secret: string): string {
  return createHmac('sha256', secret).update(token).digest('hex')
}
