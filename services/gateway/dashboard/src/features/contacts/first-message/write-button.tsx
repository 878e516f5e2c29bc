import { Suspense, useState } from 'react'
import { useText } from '../../../lib/i18n/text.tsx'
import { lazyPart } from '../../../lib/lazy-part.ts'
import { useMay } from '../../../lib/session/rights.ts'
import { Button, IconButton } from '../../../ui/button.tsx'
import { SendIcon } from '../../../ui/icons.tsx'
import { titleOf } from '../contact-title.tsx'
import type { Contact } from '../data.ts'
import { addressOf } from './data.ts'

const FirstMessageDialog = lazyPart(() => import('./first-message-dialog.tsx'), 'features/contacts/first-message', 'ui/templates')

interface WriteButtonProps {
  /** Null: somebody whose number is typed. */
  contact: Contact | null
  /** An icon in a row of the list; otherwise the words. */
  isRow?: boolean
}

/** Opens the dialog of a first message; nothing for who may not send templates, or for a contact that cannot be reached. */
export function WriteButton({ contact, isRow = false }: WriteButtonProps) {
  const t = useText()
  const maySend = useMay('messages.sendTemplate')
  const [isOpen, setOpen] = useState(false)
  if (!maySend || (contact && addressOf(contact) === null)) return null
  const open = () => setOpen(true)
  return (
    <>
      {isRow && contact ? (
        <IconButton icon={SendIcon} turns label={t('contacts.first.writeTo', { name: titleOf(contact, t) })} onClick={open} />
      ) : (
        <Button icon={SendIcon} turns onClick={open}>
          {t(contact ? 'contacts.first.template' : 'contacts.first.write')}
        </Button>
      )}
      <Suspense fallback={null}>{isOpen && <FirstMessageDialog contact={contact} onClose={() => setOpen(false)} />}</Suspense>
    </>
  )
}
