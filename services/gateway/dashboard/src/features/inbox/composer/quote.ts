import type { MessageView } from '#shared/contracts/views.ts'
import type { ComposerState } from './state.ts'

/** A message as the composer shows what is answered. */
export const quoteOf = ({ id, content, type, direction }: MessageView): NonNullable<ComposerState['quote']> => ({
  messageId: id,
  text: content.text ?? content.media?.filename ?? type,
  isOwn: direction === 'OUTBOUND',
})
