import { Problem } from '../../lib/api/client.ts'
import { Text, useText } from '../../lib/i18n/text.tsx'
import { useMay } from '../../lib/session/rights.ts'
import { Switch } from '../../ui/field.tsx'
import { showToast } from '../../ui/toasts.tsx'
import { titleOf } from './contact-title.tsx'
import { type Contact, useContactChange } from './data.ts'

/** Shows why nothing was changed. */
export function useFail() {
  const t = useText()
  return (error: unknown) =>
    void showToast({
      kind: 'fail',
      text: (
        <>
          {t('contacts.failed')} <bdi>{error instanceof Problem ? error.detail : null}</bdi>
        </>
      ),
    })
}

/** Whether marketing may be sent to a contact. Changed at once, with an Undo. */
export function OptOutSwitch({ contact }: { contact: Contact }) {
  const t = useText()
  const mayChange = useMay('contacts.write')
  const change = useContactChange()
  const fail = useFail()
  const set = (optOut: boolean, isUndo = false) =>
    change.mutate(
      { id: contact.id, optOut },
      {
        onError: fail,
        onSuccess: () => {
          if (isUndo) return
          const name = titleOf(contact, t)
          showToast({
            text: <Text id={optOut ? 'contacts.optedOut.done' : 'contacts.optedIn.done'} values={{ name }} />,
            action: { label: t('contacts.undo'), run: () => set(!optOut, true) },
          })
        },
      },
    )
  return (
    <Switch
      label={t('contacts.optOut')}
      checked={contact.optOut}
      disabled={!mayChange || change.isPending}
      onChange={optOut => set(optOut)}
    />
  )
}
