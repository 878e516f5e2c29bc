import { type ReactNode, useEffect, useRef } from 'react'
import { create } from 'zustand'
import { useText } from '../lib/i18n/text.tsx'
import { CheckIcon, CloseIcon, FailIcon, Icon } from './icons.tsx'

/** How long something can be undone. */
export const UNDO_MS = 8000
const MOST = 3

export interface Toast {
  /** What was done, or what failed. */
  text: ReactNode
  /** Errors stay until they are closed. */
  kind?: 'done' | 'fail'
  /** Word of the one action: Undo, Compare, Copy. */
  action?: { label: string; run(): void }
}

interface Shown extends Toast {
  id: number
}

const useToasts = create<{ toasts: Shown[] }>(() => ({ toasts: [] }))
let last = 0

/** Shows a toast; @returns what takes it away */
export function showToast(toast: Toast): () => void {
  const id = ++last
  useToasts.setState(({ toasts }) => ({ toasts: [...toasts, { ...toast, id }].slice(-MOST) }))
  return () => dismiss(id)
}

const dismiss = (id: number) => useToasts.setState(({ toasts }) => ({ toasts: toasts.filter(toast => toast.id !== id) }))

/** The toasts, in the top layer, and the one live region that reads them out. */
export function Toasts() {
  const { toasts } = useToasts()
  const region = useRef<HTMLDivElement>(null)
  const isEmpty = toasts.length === 0
  // Shown anew with each toast, so that it lies above a dialog that was opened meanwhile.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the length is what changes
  useEffect(() => {
    const element = region.current
    if (!element?.showPopover) return
    if (element.matches(':popover-open')) element.hidePopover()
    if (!isEmpty) element.showPopover()
  }, [toasts.length, isEmpty])
  return (
    <div
      ref={region}
      popover="manual"
      role="status"
      aria-live="polite"
      className="fixed inset-auto end-4 bottom-4 m-0 w-[min(24rem,calc(100vw-2rem))] gap-2 border-0 bg-transparent p-0 open:grid max-two:bottom-18"
    >
      {toasts.map(toast => (
        <ToastCard key={toast.id} toast={toast} onClose={() => dismiss(toast.id)} />
      ))}
    </div>
  )
}

function ToastCard({ toast: { text, kind = 'done', action }, onClose }: { toast: Shown; onClose(): void }) {
  const t = useText()
  const isStaying = kind === 'fail'
  const close = useRef(onClose)
  close.current = onClose
  useEffect(() => {
    if (isStaying) return
    const timer = setTimeout(() => close.current(), UNDO_MS)
    return () => clearTimeout(timer)
  }, [isStaying])
  return (
    <div className="flex items-center gap-3 rounded-2 bg-ink py-2 ps-3 pe-2 text-sheet shadow-3">
      <Icon of={kind === 'fail' ? FailIcon : CheckIcon} />
      <p className="min-w-0 flex-1">{text}</p>
      {action && (
        <button
          type="button"
          className="min-h-6 rounded-1 px-2 font-medium underline underline-offset-2"
          onClick={() => {
            action.run()
            onClose()
          }}
        >
          {action.label}
        </button>
      )}
      {isStaying && (
        <button type="button" aria-label={t('ui.close')} className="grid size-6 place-items-center rounded-1" onClick={onClose}>
          <Icon of={CloseIcon} />
        </button>
      )}
    </div>
  )
}
