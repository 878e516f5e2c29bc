import type { ReactNode } from 'react'
import { useText } from '../../../lib/i18n/text.tsx'
import { BackLink } from '../../../ui/back-link.tsx'

/** What is edited, and the way back to all templates, where the one with `open` is shown. */
export function EditorHead({ open, children }: { open?: string; children: ReactNode }) {
  const t = useText()
  return (
    <header className="flex items-center gap-3">
      <BackLink to="/templates" search={open ? { open } : {}} label={t('editor.back')} />
      <h1 className="min-w-0 wrap-anywhere">{children}</h1>
    </header>
  )
}
