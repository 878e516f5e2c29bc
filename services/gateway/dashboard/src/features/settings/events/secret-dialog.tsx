import { useText } from '../../../lib/i18n/text.tsx'
import { Button } from '../../../ui/button.tsx'
import { Dialog } from '../../../ui/dialog.tsx'
import { Secret } from '../secret.tsx'

/** A secret that is shown once. Only its button closes it. */
export function SecretDialog({ title, secret, onClose }: { title: string; secret: string; onClose(): void }) {
  const t = useText()
  return (
    <Dialog
      title={title}
      canClose={false}
      onClose={onClose}
      footer={
        <Button kind="primary" onClick={onClose}>
          {t('events.secret.kept')}
        </Button>
      }
    >
      <p>{t('events.secret.once')}</p>
      <Secret text={secret} />
    </Dialog>
  )
}
