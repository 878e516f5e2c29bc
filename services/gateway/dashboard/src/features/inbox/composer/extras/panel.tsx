import { type ReactNode, useEffect, useRef } from 'react'
import { useText } from '../../../../lib/i18n/text.tsx'
import { IconButton } from '../../../../ui/button.tsx'
import { CloseIcon } from '../../../../ui/icons.tsx'

/** What opens above the text field. Takes the focus; Esc closes it. */
export function Panel({ title, children, onClose }: { title: string; children: ReactNode; onClose(): void }) {
  const t = useText()
  const panel = useRef<HTMLElement>(null)
  useEffect(() => {
    panel.current?.querySelector<HTMLElement>('[data-first], button, input, select')?.focus()
  }, [])
  return (
    <section
      ref={panel}
      aria-label={title}
      onKeyDown={event => {
        if (event.key !== 'Escape') return
        event.stopPropagation()
        onClose()
      }}
      className="max-h-[45dvh] overflow-auto border-y border-line bg-sheet px-5 py-2 max-two:px-4"
    >
      <header className="flex items-center justify-between gap-2">
        <h3>{title}</h3>
        <IconButton icon={CloseIcon} label={t('ui.close')} small onClick={onClose} />
      </header>
      {children}
    </section>
  )
}
