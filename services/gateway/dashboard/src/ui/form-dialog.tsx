import type { ReactNode } from 'react'
import { useText } from '../lib/i18n/text.tsx'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'

interface FormDialogProps {
  title: ReactNode
  /** What the button does, as a verb. */
  submit: ReactNode
  isBusy: boolean
  /** False while what is there cannot be sent. */
  canSubmit?: boolean
  canClose?: boolean
  wide?: boolean
  /** Not called while the last one is under way. */
  onSubmit(): void
  onClose(): void
  /** Fields, and above the buttons why the server refused. */
  children: ReactNode
}

/** A dialog with a form, a button that cancels and one that sends. */
export function FormDialog(props: FormDialogProps) {
  const { title, submit, isBusy, canSubmit = true, canClose, wide, onSubmit, onClose, children } = props
  const t = useText()
  return (
    <Dialog title={title} wide={wide} canClose={canClose} onClose={onClose}>
      <form
        className="grid gap-4"
        onSubmit={event => {
          event.preventDefault()
          if (!isBusy && canSubmit) onSubmit()
        }}
      >
        {children}
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>{t('ui.cancel')}</Button>
          <Button type="submit" kind="primary" busy={isBusy} disabled={!canSubmit}>
            {submit}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
