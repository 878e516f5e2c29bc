import { type ReactNode, useEffect, useId, useRef } from 'react'
import { useText } from '../lib/i18n/text.tsx'
import { IconButton } from './button.tsx'
import { CloseIcon } from './icons.tsx'

interface DialogProps {
  title: ReactNode
  children: ReactNode
  /** Buttons: the safe one first, the one that acts says the verb. */
  footer?: ReactNode
  onClose(): void
  /** False: only its own buttons close it. A field with `data-autofocus` has the focus first. */
  canClose?: boolean
  wide?: boolean
}

/** Dialog of the browser: the rest of the page is inert, Esc closes, and the focus returns to where it was. Mounted means open. */
export function Dialog({ title, children, footer, onClose, canClose = true, wide = false }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  const t = useText()
  useEffect(() => {
    const opener = document.activeElement
    dialog.current?.showModal()
    dialog.current?.querySelector<HTMLElement>('[data-autofocus]')?.focus()
    return () => {
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus()
    }
  }, [])
  return (
    <dialog
      ref={dialog}
      aria-labelledby={id}
      onCancel={event => {
        event.preventDefault()
        if (canClose) onClose()
      }}
      onClick={event => {
        if (canClose && event.target === dialog.current) onClose()
      }}
      onKeyDown={event => event.stopPropagation()}
      className={`m-auto max-h-[min(90dvh,44rem)] w-full ${wide ? 'max-w-180' : 'max-w-108'} overflow-auto rounded-3 border-0 bg-raised p-0 text-ink shadow-3 backdrop:bg-scrim max-two:max-w-[calc(100vw-1rem)]`}
    >
      <div className="grid gap-3 p-5">
        <header className="flex items-start justify-between gap-3">
          <h2 id={id} className="text-head leading-(--l-head)">
            {title}
          </h2>
          {canClose && <IconButton icon={CloseIcon} label={t('ui.close')} small onClick={onClose} />}
        </header>
        {children}
        {footer && <footer className="flex flex-wrap justify-end gap-2">{footer}</footer>}
      </div>
    </dialog>
  )
}
