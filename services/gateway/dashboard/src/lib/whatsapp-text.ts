/** A piece of a message's text: plain, or marked as WhatsApp shows it. */
export type TextPart =
  | string
  | { kind: 'bold' | 'italic' | 'strike'; parts: TextPart[] }
  | { kind: 'code' | 'link'; text: string }

const MARKS = { '*': 'bold', _: 'italic', '~': 'strike' } as const
/** Code, a link, or a mark that stands at the edges of words, with something between that neither begins nor ends with a space. */
const MARKED =
  /```([\s\S]+?)```|`([^`\n]+)`|(https?:\/\/[^\s<>"]+)|(?<![\p{L}\p{N}])([*_~])(?=\S)((?:(?!\4)[^\n])+(?<=\S))\4(?![\p{L}\p{N}])/gu
/** What ends a sentence and not an address. */
const BEHIND_LINK = /[.,;:!?)\]}'*_~»…]+$/u

/** Reads *bold*, _italic_, ~struck~, `code` and addresses out of a text, as WhatsApp does. */
export function readText(text: string): TextPart[] {
  const parts: TextPart[] = []
  let from = 0
  for (const match of text.matchAll(MARKED)) {
    const [whole, block, code, link, mark, inner] = match
    const { part, length } = partOf({ block, code, link, mark, inner }, whole)
    if (match.index > from) parts.push(text.slice(from, match.index))
    parts.push(part)
    from = match.index + length
  }
  if (from < text.length) parts.push(text.slice(from))
  return parts
}

type Found = Record<'block' | 'code' | 'link' | 'mark' | 'inner', string | undefined>

function partOf({ block, code, link, mark, inner }: Found, whole: string): { part: TextPart; length: number } {
  const { length } = whole
  if (link !== undefined) {
    const address = link.replace(BEHIND_LINK, '')
    return { part: { kind: 'link', text: address }, length: address.length }
  }
  const kind = MARKS[mark as keyof typeof MARKS]
  if (kind !== undefined) return { part: { kind, parts: readText(inner ?? '') }, length }
  return { part: { kind: 'code', text: block ?? code ?? '' }, length }
}
