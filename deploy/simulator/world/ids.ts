import { createHash, randomBytes, randomUUID } from 'node:crypto'

const DIRECTION = { outbound: 0x11, inbound: 0x12 } as const

/**
 * A message id in Meta's format: base64 of the person's phone, a direction byte and a hex id.
 * @param phone digits; null, for a person without a visible phone, becomes twelve zeros
 */
export function wamid(phone: string | null, direction: keyof typeof DIRECTION): string {
  const digits = phone ?? '000000000000'
  const unique = randomUUID().replaceAll('-', '').toUpperCase()
  const hex = direction === 'inbound' ? `3A${unique.slice(0, 18)}` : unique.slice(0, 18)
  const bytes = Buffer.alloc(10 + digits.length + hex.length)
  bytes.set([0x1c, 0x18, digits.length])
  bytes.write(digits, 3, 'latin1')
  bytes.set([0x15, 0x02, 0x00, DIRECTION[direction], 0x18, hex.length], 3 + digits.length)
  bytes.write(hex, 9 + digits.length, 'latin1')
  return `wamid.${bytes.toString('base64')}`
}

/** Whether an id has the format of an inbound message. Ids of earlier runs are accepted by their format alone. */
export function looksInbound(id: string): boolean {
  if (!id.startsWith('wamid.')) return false
  const bytes = Buffer.from(id.slice(6), 'base64')
  const phoneLength = bytes[2] ?? 0
  return bytes[0] === 0x1c && bytes[1] === 0x18 && bytes[6 + phoneLength] === DIRECTION.inbound
}

/** A Graph object id: decimal, 15 to 16 digits. */
export function objectId(): string {
  return String(10 ** 14 + Number(randomBytes(6).readUIntBE(0, 6)) * 3)
}

export const accessToken = () => `EAA${randomBytes(60).toString('base64url').replaceAll(/[-_]/g, 'Z')}`
export const oauthCode = () => `AQB${randomBytes(48).toString('base64url')}`
export const traceToken = () => `A${randomBytes(17).toString('base64url').slice(0, 22)}`
export const conversationId = (seed: string) => createHash('md5').update(seed).digest('hex')

const COUNTRIES: [string, string][] = [
  ['212', 'MA'],
  ['213', 'DZ'],
  ['216', 'TN'],
  ['33', 'FR'],
  ['34', 'ES'],
  ['44', 'GB'],
  ['49', 'DE'],
  ['52', 'MX'],
  ['55', 'BR'],
  ['91', 'IN'],
  ['1', 'US'],
]

/** A business-scoped user id. The same person has a different one for every portfolio. */
export function userIdFor(portfolioId: string, waId: string): string {
  const country = COUNTRIES.find(([prefix]) => waId.startsWith(prefix))?.[1] ?? 'US'
  const digest = createHash('sha256').update(`${portfolioId}:${waId}`).digest()
  return `${country}.${digest.readBigUInt64BE(0).toString().padStart(20, '1')}`
}

export const isUserId = (text: string) => /^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$/.test(text)
