import { createHmac } from 'node:crypto'
import { z } from 'zod'
import { safeEqual } from '#shared/auth/constant-time.ts'

/** What the browser keeps between the start of a sign-in at the identity provider and its return. */
const Memo = z.object({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  /** Path of the dashboard to go on with. */
  returnTo: z.string(),
  /** End, in ms since 1970. */
  until: z.number(),
})
export type Memo = z.infer<typeof Memo>

/** A memo as the value of a cookie, signed, so that it is the one that we gave. */
export function sealMemo(memo: Memo, secret: string): string {
  const text = Buffer.from(JSON.stringify(memo)).toString('base64url')
  return `${text}.${signatureOf(text, secret)}`
}

/** The memo of a cookie; null when it is not ours or too old. */
export function openMemo(value: string, secret: string, now: Date): Memo | null {
  const [text, signature, ...more] = value.split('.')
  if (text === undefined || signature === undefined || more.length > 0) return null
  if (!safeEqual(signature, signatureOf(text, secret))) return null
  const memo = Memo.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString())).data
  return memo !== undefined && memo.until > now.getTime() ? memo : null
}

/** The secret also signs access tokens: the prefix keeps one from passing as the other. */
const signatureOf = (text: string, secret: string) =>
  createHmac('sha256', secret).update(`linko-oidc:${text}`).digest('base64url')

/** Path on the dashboard that a sign-in may end at: of its own pages alone, never another site. */
export const safePath = (path: string | undefined): string =>
  path !== undefined && /^\/(?![/\\])[\w\-./?=&%]*$/.test(path) ? path : '/'
