import { useState } from 'react'
import { Text, useText } from '../../lib/i18n/text.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { showToast } from '../../ui/toasts.tsx'
import { titleOf } from './contact-title.tsx'
import { type Contact, eraseContact, useContactsChange } from './data.ts'
import { FormProblem } from './form-problem.tsx'

interface EraseDialogProps {
  contact: Contact
  onErased(): void
  onClose(): void
}

/** Erases a contact for good, after its name has been typed. */
export function EraseDialog({ contact, onErased, onClose }: EraseDialogProps) {
  const t = useText()
  const [typed, setTyped] = useState('')
  const erase = useContactsChange(eraseContact)
  const name = titleOf(contact, t)
  const isNamed = sameText(typed, name)
  return (
    <Dialog title={<Text id="contacts.erase.title" values={{ name }} />} onClose={onClose} canClose={!erase.isPending}>
      <form
        className="grid gap-4"
        onSubmit={event => {
          event.preventDefault()
          if (!isNamed || erase.isPending) return
          erase.mutate(contact.id, {
            onSuccess: () => {
              showToast({ text: <Text id="contacts.erased.done" values={{ name }} /> })
              onErased()
            },
          })
        }}
      >
        <p>{t('contacts.erase.text')}</p>
        <Field label={t('contacts.erase.type', { name })}>
          {ids => <Input {...ids} dir="auto" autoComplete="off" value={typed} onChange={event => setTyped(event.target.value)} />}
        </Field>
        <FormProblem error={erase.error} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose} disabled={erase.isPending}>
            {t('ui.cancel')}
          </Button>
          <Button type="submit" kind="danger" disabled={!isNamed} busy={erase.isPending}>
            {t('contacts.erase.submit')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

/** A name may be typed with other spaces, or composed otherwise, than it was stored; capitals count. */
const plain = (text: string) => text.normalize('NFC').replace(/\s+/g, ' ').trim()
const sameText = (typed: string, name: string) => plain(typed) === plain(name)
