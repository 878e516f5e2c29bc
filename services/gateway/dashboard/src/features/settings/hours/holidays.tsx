import { useState } from 'react'
import { useFormat } from '../../../lib/i18n/format.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { Button, IconButton } from '../../../ui/button.tsx'
import { Field, Input } from '../../../ui/field.tsx'
import { TrashIcon } from '../../../ui/icons.tsx'

/** Dates on which nobody works, in their order. */
export function Holidays({ dates, onChange }: { dates: readonly string[]; onChange(dates: string[]): void }) {
  const t = useText()
  const { day } = useFormat()
  const [date, setDate] = useState('')
  // Noon, so that the date is the same in every zone; far from today, so that the year is said.
  const shown = (date: string) => day(`${date}T12:00:00`, new Date(0))
  return (
    <fieldset className="grid gap-2">
      <legend className="weight-name mb-1">{t('hours.holidays')}</legend>
      {dates.length === 0 && <p className="text-ink-2">{t('hours.holidays.none')}</p>}
      {dates.length > 0 && (
        <ul className="border-b border-line">
          {dates.map(one => (
            <li key={one} className="flex items-center justify-between gap-2 border-t border-line py-1">
              <time dateTime={one}>{shown(one)}</time>
              <IconButton
                icon={TrashIcon}
                label={t('hours.holidays.remove', { date: shown(one) })}
                onClick={() => onChange(dates.filter(other => other !== one))}
              />
            </li>
          ))}
        </ul>
      )}
      <div className="flex flex-wrap items-end gap-2">
        <Field label={t('hours.holidays.date')}>
          {ids => (
            <Input
              {...ids}
              type="date"
              dir="ltr"
              className="max-w-48"
              value={date}
              onChange={({ target }) => setDate(target.value)}
            />
          )}
        </Field>
        <Button
          disabled={date === '' || dates.includes(date)}
          onClick={() => {
            onChange([...dates, date].toSorted())
            setDate('')
          }}
        >
          {t('hours.holidays.add')}
        </Button>
      </div>
    </fieldset>
  )
}
