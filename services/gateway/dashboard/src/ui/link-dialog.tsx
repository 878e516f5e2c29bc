import { useState } from 'react'
import { useFormat } from '../lib/i18n/format.ts'
import { Text, useText } from '../lib/i18n/text.tsx'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'
import { CopyIcon } from './icons.tsx'

/** It is in one answer of the server and cannot be had again. */
export interface OneTimeLink {
  url: string
  purpose: 'invitation' | 'reset'
  expiresAt: string
}

interface LinkDialogProps {
  /** Whom it is for. */
  name: string
  link: OneTimeLink
  onClose(): void
}

/** A one-time link, to hand on: it cannot be shown again. */
export function LinkDialog({ name, link, onClose }: LinkDialogProps) {
  const t = useText()
  const { full } = useFormat()
  const [isCopied, setCopied] = useState(false)
  const copy = () =>
    navigator.clipboard?.writeText(link.url).then(
      () => setCopied(true),
      () => undefined,
    )
  return (
    <Dialog
      title={<Text id="ui.link.title" values={{ name }} />}
      onClose={onClose}
      footer={<Button onClick={onClose}>{t('ui.close')}</Button>}
    >
      <p>
        <Text id="ui.link.text" values={{ at: full(link.expiresAt) }} />
      </p>
      <p className="rounded-2 border border-line bg-sunk px-3 py-2 font-mono text-meta break-all select-all">
        <bdi dir="ltr">{link.url}</bdi>
      </p>
      <div>
        <Button kind="primary" icon={CopyIcon} onClick={() => void copy()}>
          {t(isCopied ? 'ui.link.copied' : 'ui.link.copy')}
        </Button>
      </div>
    </Dialog>
  )
}
