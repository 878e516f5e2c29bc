import { useRef } from 'react'
import { useText } from '../../../lib/i18n/text.tsx'
import { IconButton } from '../../../ui/button.tsx'
import { AttachIcon, BuilderIcon, EmojiIcon, QuickReplyIcon, TemplatesIcon, VoiceIcon } from '../../../ui/icons.tsx'
import { addFiles } from './add-files.ts'
import { changeComposer, type Extra } from './state.ts'

interface ToolsProps {
  conversationId: string
  open: Extra | null
  onOpen(extra: Extra): void
  onQuickReply(): void
}

/** What else can be sent than words. */
export function Tools({ conversationId, open, onOpen, onQuickReply }: ToolsProps) {
  const t = useText()
  const picker = useRef<HTMLInputElement>(null)
  return (
    <>
      <input
        ref={picker}
        type="file"
        multiple
        hidden
        aria-label={t('inbox.composer.attach')}
        onChange={event => {
          void addFiles(conversationId, [...(event.target.files ?? [])])
          event.target.value = ''
        }}
      />
      <IconButton icon={AttachIcon} label={t('inbox.composer.attach')} onClick={() => picker.current?.click()} />
      <IconButton
        icon={EmojiIcon}
        label={t('inbox.composer.emoji')}
        aria-expanded={open === 'emoji'}
        onClick={() => onOpen('emoji')}
      />
      <IconButton
        icon={VoiceIcon}
        label={t('inbox.composer.voice')}
        aria-expanded={open === 'voice'}
        onClick={() => onOpen('voice')}
      />
      <IconButton icon={QuickReplyIcon} label={t('inbox.composer.quick')} onClick={onQuickReply} />
      <IconButton
        icon={TemplatesIcon}
        label={t('inbox.composer.template')}
        onClick={() => changeComposer(conversationId, { mode: 'template' })}
      />
      <IconButton icon={BuilderIcon} label={t('inbox.composer.interactive')} onClick={() => onOpen('interactive')} />
    </>
  )
}
