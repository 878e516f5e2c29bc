import { Text, useText } from '../../../lib/i18n/text.tsx'
import { usePreferences } from '../../../lib/preferences.ts'
import { Button, IconButton } from '../../../ui/button.tsx'
import { DownIcon, SendIcon } from '../../../ui/icons.tsx'
import { Key } from '../../../ui/key.tsx'
import type { Extra } from './state.ts'
import { Tools } from './tools.tsx'

const MOST_LETTERS = 4096
const COUNTED_FROM = 3500

interface SendRowProps {
  conversationId: string
  /** How long the text is. */
  letters: number
  canSend: boolean
  open: Extra | null
  onOpen(extra: Extra): void
  onQuickReply(): void
}

/** Under the text field: what else can be sent, the count near the limit, and the button, which also sends later. */
export function SendRow({ conversationId, letters, canSend, open, onOpen, onQuickReply }: SendRowProps) {
  const t = useText()
  const enterSends = usePreferences(state => state.enterSends)
  return (
    <div className="flex flex-wrap items-center gap-x-1 gap-y-2 px-3 pb-2 max-two:px-2">
      <Tools conversationId={conversationId} open={open} onOpen={onOpen} onQuickReply={onQuickReply} />
      <div className="ms-auto flex items-center gap-2">
        {letters > COUNTED_FROM && (
          <span role="status" className={`figures text-meta ${letters > MOST_LETTERS ? 'text-fail' : 'text-ink-3'}`}>
            {letters} / {MOST_LETTERS}
          </span>
        )}
        <span className="text-meta text-ink-3 max-two:hidden pointer-coarse:hidden">
          <Text id="inbox.composer.enter" values={{ key: <Key>{enterSends ? 'Enter' : 'Ctrl Enter'}</Key> }} />
        </span>
        <span className="flex gap-px">
          <Button type="submit" kind="primary" icon={SendIcon} turns disabled={!canSend}>
            {t('inbox.composer.send')}
          </Button>
          <IconButton
            kind="primary"
            icon={DownIcon}
            label={t('inbox.composer.later')}
            aria-expanded={open === 'later'}
            onClick={() => onOpen('later')}
          />
        </span>
      </div>
    </div>
  )
}
