import type { ConversationView } from '#shared/contracts/views.ts'
import { useText } from '../../../../lib/i18n/text.tsx'
import { Dialog } from '../../../../ui/dialog.tsx'
import { changeComposer } from '../state.ts'
import TemplatePicker from './template-picker.tsx'

/** Chooses the template that goes out instead of a message when the window has closed by then. */
export default function FallbackDialog({ conversation, onClose }: { conversation: ConversationView; onClose(): void }) {
  const t = useText()
  return (
    <Dialog title={t('composer.fallback')} wide onClose={onClose}>
      <p className="text-ink-2">{t('composer.fallback.text')}</p>
      <TemplatePicker
        conversation={conversation}
        isWindowOpen
        onUse={(template, name) => {
          changeComposer(conversation.id, { fallback: { template, name } })
          onClose()
        }}
        onCancel={onClose}
      />
    </Dialog>
  )
}
