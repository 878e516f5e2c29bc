import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useText } from '../../../lib/i18n/text.tsx'
import { buttonClass } from '../../../ui/button.tsx'
import { BackIcon, Icon } from '../../../ui/icons.tsx'

/** What is edited, and the way back to all templates, where the one with `open` is shown. */
export function EditorHead({ open, children }: { open?: string; children: ReactNode }) {
  const t = useText()
  return (
    <header className="flex items-center gap-3">
      <Link
        to="/templates"
        search={open ? { open } : {}}
        aria-label={t('editor.back')}
        title={t('editor.back')}
        className={buttonClass({ kind: 'quiet', iconOnly: true })}
      >
        <Icon of={BackIcon} className="turns" />
      </Link>
      <h1 className="min-w-0 wrap-anywhere">{children}</h1>
    </header>
  )
}
