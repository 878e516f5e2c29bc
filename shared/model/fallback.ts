import type { Fallback, MessageDoc, TimelineEntry } from './documents.ts'

/** Fields of a message whose fallback template goes out instead: the template's content and price. */
export function fallenBack(
  { type, content }: Pick<MessageDoc, 'type' | 'content'>,
  fallback: Fallback,
  because: NonNullable<Fallback['because']>,
  at: Date,
): Pick<MessageDoc, 'type' | 'content' | 'payload' | 'cost' | 'metaCost' | 'fallback' | 'directSend'> {
  const used = { ...fallback, usedAt: at, because, instead: { type, text: content.text } }
  const metaCost = fallback.metaCost ?? null
  const { payload, cost } = fallback
  return { type: 'template', content: fallback.content, payload, cost, metaCost, fallback: used, directSend: null }
}

const WHY: Record<NonNullable<Fallback['because']>, string> = {
  accepted: 'The customer service window was closed',
  sending: 'The customer service window had closed when the message was due',
  refused: 'WhatsApp refused the message because the customer service window was closed (131047)',
  'not-eligible': 'WhatsApp takes no message without a template from this account',
}

export function fallbackNote({ template }: Fallback, because: NonNullable<Fallback['because']>, at: Date): TimelineEntry {
  const why = WHY[because]
  return {
    kind: 'note',
    at,
    reason: 'fallback',
    detail: `${why}. The template ${template.name} (${template.language}) is sent instead.`,
  }
}
