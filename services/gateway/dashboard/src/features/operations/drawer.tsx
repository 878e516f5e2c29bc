import { type ReactNode, useRef } from 'react'
import { useText } from '../../lib/i18n/text.tsx'
import { IconButton } from '../../ui/button.tsx'
import { CloseIcon } from '../../ui/icons.tsx'
import { useBorrowedFocus } from '../../ui/use-borrowed-focus.ts'
import { useEscape } from '../../ui/use-escape.ts'

/** One thing of a list, over it. Esc closes it, and the focus returns. */
export function Drawer({ title, children, onClose }: { title: ReactNode; children: ReactNode; onClose(): void }) {
  const t = useText()
  const heading = useRef<HTMLHeadingElement>(null)
  useEscape(onClose)
  useBorrowedFocus(heading)
  return (
    <aside
      aria-label={t('operations.one')}
      className="fixed inset-y-0 end-0 z-drawer grid w-full max-w-[40rem] content-start gap-4 overflow-auto border-s border-line bg-sheet p-5 shadow-3 max-two:p-4"
    >
      <header className="flex items-start justify-between gap-3">
        <h2 ref={heading} tabIndex={-1} className="min-w-0 text-head leading-(--l-head) break-words outline-none">
          {title}
        </h2>
        <IconButton icon={CloseIcon} label={t('ui.close')} onClick={onClose} />
      </header>
      {children}
    </aside>
  )
}

/** A payload, indented where it is JSON. */
export function readable(payload: string): string {
  try {
    return JSON.stringify(JSON.parse(payload), null, 2)
  } catch {
    return payload
  }
}
