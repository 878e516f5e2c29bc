import { Suspense } from 'react'
import type { ConversationView } from '#shared/contracts/views.ts'
import { EmojiPanel, FallbackDialog, InteractiveDialog, LaterPanel, VoicePanel } from './parts.ts'
import { type Extra, useComposer } from './state.ts'

interface ExtrasProps {
  conversation: ConversationView
  open: Extra | null
  canSend: boolean
  onOpen(extra: Extra): void
  onClose(): void
  onSend(sendAt: string): void
  onEmoji(emoji: string): void
}

/** What is open above the text field; one at a time, and outside of its form. */
export function Extras({ conversation, open, canSend, onOpen, onClose, onSend, onEmoji }: ExtrasProps) {
  const { fallback } = useComposer(conversation.id)
  return (
    <Suspense fallback={null}>
      {open === 'emoji' && <EmojiPanel onChoose={onEmoji} onClose={onClose} />}
      {open === 'later' && (
        <LaterPanel
          windowExpiresAt={conversation.windowExpiresAt}
          fallback={fallback}
          canSend={canSend}
          onChoose={onSend}
          onFallback={() => onOpen('fallback')}
          onClose={onClose}
        />
      )}
      {open === 'fallback' && <FallbackDialog conversation={conversation} onClose={onClose} />}
      {open === 'interactive' && <InteractiveDialog conversation={conversation} onClose={onClose} />}
      {open === 'voice' && <VoicePanel conversationId={conversation.id} onClose={onClose} />}
    </Suspense>
  )
}
