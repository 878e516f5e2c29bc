import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { Problem } from '../../lib/api/client.ts'
import { Text, useText } from '../../lib/i18n/text.tsx'
import { connectionOf, heardIn, openSignupWindow, type SessionEvent } from '../../lib/signup-window.ts'
import { Button } from '../../ui/button.tsx'
import { Check } from '../../ui/field.tsx'
import { FailIcon, Icon, PlusIcon } from '../../ui/icons.tsx'
import { CONNECTION, dialogAddress, useNumberChange } from './data.ts'

/** How often it is looked whether the window was closed: no event tells of that. */
const LOOK_MS = 1000

/** Meta's dialog in its window. `closed`: without having returned. */
type Dialog = { address: string; state: 'open' | 'closed'; said: SessionEvent | null }

/** Opens Meta's dialog: in a window of its own, or in place of this page, to which it returns either way. */
export function Connect() {
  const t = useText()
  const [coexistence, setCoexistence] = useState(false)
  const { dialog, begin, error, isPending } = useSignup()
  return (
    <div className="grid justify-items-end gap-2 max-two:justify-items-start">
      <div className="flex flex-wrap items-center gap-4">
        <Check label={t('numbers.coexistence')} checked={coexistence} onChange={event => setCoexistence(event.target.checked)} />
        <Button kind="primary" icon={PlusIcon} busy={isPending} onClick={() => begin(coexistence)}>
          {t('numbers.connect')}
        </Button>
      </div>
      {dialog && <DialogState dialog={dialog} />}
      {error && (
        <p role="alert" className="flex gap-1.5 text-fail">
          <Icon of={FailIcon} size={16} className="mt-0.5" />
          <span>
            {t('numbers.failed')} <bdi>{error instanceof Problem ? error.detail : null}</bdi>
          </span>
        </p>
      )}
    </div>
  )
}

function DialogState({ dialog: { address, state, said } }: { dialog: Dialog }) {
  const t = useText()
  return (
    <div role="status" className="grid max-w-prose justify-items-end gap-2 text-meta text-ink-2 max-two:justify-items-start">
      <p>
        {said?.kind === 'left' && <Text id="numbers.window.left" values={{ step: said.step ?? '–' }} />}
        {said?.kind === 'failed' && <Text id="numbers.window.failed" values={{ text: said.text, code: said.code ?? '–' }} />}
        {(said === null || said.kind === 'finished') && t(state === 'open' ? 'numbers.window.open' : 'numbers.window.closed')}
      </p>
      {state === 'open' && (
        <Button small kind="quiet" onClick={() => window.location.assign(address)}>
          {t('numbers.window.here')}
        </Button>
      )}
    </div>
  )
}

function useSignup() {
  const [dialog, setDialog] = useState<Dialog | null>(null)
  const popup = useRef<Window | null>(null)
  const { mutate, error, isPending } = useNumberChange(dialogAddress)
  useDialogMessages(dialog, setDialog)
  useEffect(() => {
    if (dialog?.state !== 'open') return
    const timer = setInterval(() => {
      if (popup.current?.closed !== false) setDialog({ ...dialog, state: 'closed' })
    }, LOOK_MS)
    return () => clearInterval(timer)
  }, [dialog])

  function begin(coexistence: boolean): void {
    popup.current = openSignupWindow()
    setDialog(null)
    const onSuccess = (address: string) => {
      if (popup.current === null || popup.current.closed) return window.location.assign(address)
      popup.current.location.replace(address)
      setDialog({ address, state: 'open', said: null })
    }
    mutate({ coexistence }, { onSuccess, onError: () => popup.current?.close() })
  }
  return { dialog, begin, error, isPending }
}

/** Hears what the dialog says of itself, and when it has returned. */
function useDialogMessages(dialog: Dialog | null, setDialog: (next: Dialog | null) => void): void {
  const navigate = useNavigate()
  const queries = useQueryClient()
  useEffect(() => {
    if (dialog === null) return
    const onMessage = (message: MessageEvent) => {
      const heard = heardIn(message, window.location.origin, new URL(dialog.address).origin)
      if (heard === null) return
      if (heard.kind !== 'returned') return setDialog({ ...dialog, said: heard })
      if (heard.connection !== connectionOf(dialog.address)) return
      setDialog(null)
      void queries.invalidateQueries({ queryKey: [CONNECTION] })
      void navigate({ to: '/numbers', search: { connection: heard.connection } })
    }
    window.addEventListener('message', onMessage)
    return () => window.removeEventListener('message', onMessage)
  }, [dialog, setDialog, navigate, queries])
}
