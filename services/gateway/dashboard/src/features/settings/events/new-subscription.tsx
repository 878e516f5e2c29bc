import { useState } from 'react'
import { useRepeatKey } from '../../../lib/api/repeat-key.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { Dialog } from '../../../ui/dialog.tsx'
import { createSubscription, useEventsChange } from './data.ts'
import { AboutForm } from './form.tsx'
import { SecretDialog } from './secret-dialog.tsx'

/** Where to, and of what; then the secret, once. */
export function NewSubscription({ onClose }: { onClose(): void }) {
  const t = useText()
  const [secret, setSecret] = useState<string | null>(null)
  const repeat = useRepeatKey()
  const create = useEventsChange(createSubscription)
  if (secret !== null) return <SecretDialog title={t('events.made')} secret={secret} onClose={onClose} />
  return (
    <Dialog wide title={t('events.new')} onClose={onClose}>
      <AboutForm
        given={{ name: '', url: '', types: [] }}
        error={create.error}
        isBusy={create.isPending}
        submit={t('events.create')}
        onCancel={onClose}
        onSubmit={about =>
          create.mutate(
            { ...about, key: repeat.current() },
            { onSuccess: made => setSecret(made.secret), onError: repeat.onError },
          )
        }
      />
    </Dialog>
  )
}
