import { createHmac, timingSafeEqual } from 'node:crypto'

const HEADER = /^sha256=[0-9a-f]{64}$/

/** Value of the header `X-Hub-Signature-256` for a body. */
export const sign = (rawBody: Buffer | string, secret: string): string =>
  `sha256=${createHmac('sha256', secret).update(rawBody).digest('hex')}`

/** Whether the header has Meta's form; only then is a body worth reading. */
export const isSignature = (header: string | undefined): header is string => header !== undefined && HEADER.test(header)

/**
 * Whether the header is the HMAC-SHA256 of the received bytes under one of the secrets (several while one is being replaced).
 * Only Meta's own form counts: `sha256=` and 64 lower-case hex digits. An empty secret signs nothing: everybody knows it.
 */
export function signatureIsValid(rawBody: Buffer, header: string | undefined, secrets: readonly string[]): boolean {
  if (!isSignature(header)) return false
  const given = Buffer.from(header)
  let isValid = false
  for (const secret of secrets) if (secret !== '') isValid = timingSafeEqual(given, Buffer.from(sign(rawBody, secret))) || isValid
  return isValid
}
