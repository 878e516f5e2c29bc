import { useState } from 'react'
import { useText } from '../../../lib/i18n/text.tsx'
import { Button } from '../../../ui/button.tsx'
import { Dialog } from '../../../ui/dialog.tsx'
import { Check, Field, Select } from '../../../ui/field.tsx'
import { Refused } from '../../../ui/refused.tsx'
import { replaySince, useEventsChange } from './data.ts'

const HOUR_MS = 3_600_000
/** Hours back; deliveries are kept for a week. */
const SPANS = [1, 24, 168] as const

/** Everything of the last hours once more, or what failed of it. */
export function ReplayDialog({ id, onClose }: { id: string; onClose(): void }) {
  const t = useText()
  const [hours, setHours] = useState(24)
  const [onlyFailed, setOnlyFailed] = useState(true)
  const replay = useEventsChange(replaySince)
  const from = () => new Date(Date.now() - hours * HOUR_MS).toISOString()
  return (
    <Dialog
      title={t('events.replay.title')}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{t('ui.cancel')}</Button>
          <Button
            kind="primary"
            busy={replay.isPending}
            onClick={() => replay.mutate({ id, from: from(), onlyFailed }, { onSuccess: onClose })}
          >
            {t('events.replay')}
          </Button>
        </>
      }
    >
      <p>{t('events.replay.text')}</p>
      <Field label={t('events.replay.from')}>
        {ids => (
          <Select {...ids} value={hours} onChange={event => setHours(Number(event.target.value))}>
            {SPANS.map(span => (
              <option key={span} value={span}>
                {t(`events.replay.${span}`)}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Check label={t('events.replay.onlyFailed')} checked={onlyFailed} onChange={event => setOnlyFailed(event.target.checked)} />
      <Refused error={replay.error} />
    </Dialog>
  )
}
