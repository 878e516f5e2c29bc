import { useBlocker } from '@tanstack/react-router'
import { useText } from '../../lib/i18n/text.tsx'
import { Button } from '../button.tsx'
import { Dialog } from '../dialog.tsx'

/** Asks before a page with unsaved changes is left, by a link, by Back or by closing the tab. */
export function LeaveGuard({ isDirty }: { isDirty: boolean }) {
  const t = useText()
  const { status, proceed, reset } = useBlocker({
    shouldBlockFn: () => isDirty,
    enableBeforeUnload: isDirty,
    withResolver: true,
  })
  if (status !== 'blocked') return null
  return (
    <Dialog
      title={t('form.leave.title')}
      onClose={reset}
      footer={
        <>
          <Button onClick={reset}>{t('form.leave.stay')}</Button>
          <Button kind="danger" onClick={proceed}>
            {t('form.leave.go')}
          </Button>
        </>
      }
    >
      <p>{t('form.leave.text')}</p>
    </Dialog>
  )
}
