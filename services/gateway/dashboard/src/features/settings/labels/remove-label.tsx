import { useQuery } from '@tanstack/react-query'
import type { LabelView } from '../../../lib/data/inbox-aids.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { Button } from '../../../ui/button.tsx'
import { Dialog } from '../../../ui/dialog.tsx'
import { Refused } from '../../../ui/refused.tsx'
import { Bone, ErrorRow } from '../../../ui/states.tsx'
import { removeLabel, useLabelChange, usesQuery } from './data.ts'
import { UseList } from './uses.tsx'

/** Names the label and says what loses it, before it is deleted. */
export function RemoveLabel({ label: { id, name }, onClose }: { label: LabelView; onClose(): void }) {
  const t = useText()
  const { data, error, refetch } = useQuery(usesQuery(id))
  const remove = useLabelChange(removeLabel)
  const isNamed = data !== undefined && data.views + data.rules > 0
  return (
    <Dialog
      title={t('labels.remove.title', { name })}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{t('ui.cancel')}</Button>
          <Button
            kind="danger"
            disabled={!data && !error}
            busy={remove.isPending}
            onClick={() => remove.mutate(id, { onSuccess: onClose })}
          >
            {t('labels.remove')}
          </Button>
        </>
      }
    >
      <p>{t('labels.remove.text')}</p>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('labels.uses.failed')}
        </ErrorRow>
      )}
      {!data && !error && <Bone width="12rem" />}
      {data && <UseList uses={data} />}
      {isNamed && <p className="text-time">{t('labels.remove.named')}</p>}
      <Refused error={remove.error} />
    </Dialog>
  )
}
