import { createHash, timingSafeEqual } from 'node:crypto'

/** Whether two secrets are equal; the time of the comparison reveals neither the first difference nor the length. */
export function safeEqual(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b))
}

const digest = (text: string) => createHash('sha256').update(text, 'utf8').digest()
