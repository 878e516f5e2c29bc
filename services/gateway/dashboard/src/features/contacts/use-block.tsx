import { Text, useText } from '../../lib/i18n/text.tsx'
import { showToast } from '../../ui/toasts.tsx'
import { titleOf } from './contact-title.tsx'
import { type Contact, moveBlock, useContactsChange } from './data.ts'
import { useFail } from './opt-out-switch.tsx'

/** Blocks and unblocks a contact, with an Undo. */
export function useBlock(contact: Contact) {
  const t = useText()
  const change = useContactsChange(moveBlock)
  const fail = useFail()
  const move = (to: 'block' | 'unblock', isUndo = false): void =>
    change.mutate(
      { id: contact.id, to },
      {
        onError: fail,
        onSuccess: () => {
          if (isUndo) return
          const id = to === 'block' ? 'contacts.blocked.done' : 'contacts.unblocked.done'
          showToast({
            text: <Text id={id} values={{ name: titleOf(contact, t) }} />,
            action: { label: t('contacts.undo'), run: () => move(to === 'block' ? 'unblock' : 'block', true) },
          })
        },
      },
    )
  return { move, isPending: change.isPending }
}
