import type { ReactNode } from 'react'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { IconButton } from '../../../ui/button.tsx'
import { CloseIcon, Icon, ReplyIcon, type TablerIcon, TemplatesIcon } from '../../../ui/icons.tsx'
import { changeComposer, useComposer } from './state.ts'

/** What goes with the message: the message that it answers, the template that goes out instead of it. */
export function Chips({ conversationId }: { conversationId: string }) {
  const { quote, fallback } = useComposer(conversationId)
  return (
    <>
      {quote && (
        <Chip icon={ReplyIcon} onRemove={() => changeComposer(conversationId, { quote: null })}>
          <span className="weight-name block text-meta">
            <Text id={quote.isOwn ? 'inbox.composer.quote.own' : 'inbox.composer.quote'} />
          </span>
          <bdi dir="auto" className="line-clamp-1">
            {quote.text}
          </bdi>
        </Chip>
      )}
      {fallback && (
        <Chip icon={TemplatesIcon} onRemove={() => changeComposer(conversationId, { fallback: null })}>
          <Text id="inbox.composer.fallback" values={{ name: fallback.name }} />
        </Chip>
      )}
    </>
  )
}

function Chip({ icon, children, onRemove }: { icon: TablerIcon; children: ReactNode; onRemove(): void }) {
  const t = useText()
  return (
    <div className="mx-5 mt-2 flex items-center gap-2.5 rounded-2 border-s-2 border-brand bg-sunk py-1 ps-3 pe-1 text-ui text-ink-2 max-two:mx-4">
      <Icon of={icon} size={16} className="turns" />
      <div className="min-w-0 flex-1">{children}</div>
      <IconButton icon={CloseIcon} label={t('inbox.composer.remove')} small onClick={onRemove} />
    </div>
  )
}
