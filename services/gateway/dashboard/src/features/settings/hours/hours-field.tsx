import { useLingui } from '@lingui/react'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { closedPeriodAt, type WorkingHours } from '#shared/domain/inbox/working-hours.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { Button, IconButton } from '../../../ui/button.tsx'
import { Check, Input } from '../../../ui/field.tsx'
import { FailIcon, Icon, PlusIcon, TrashIcon } from '../../../ui/icons.tsx'
import { Holidays } from './holidays.tsx'
import { addInterval, DAYS, dayName, type Interval, isWrong, mondayToFriday, USUAL_WEEK } from './week.ts'

interface HoursFieldProps {
  /** Null: people always answer. */
  hours: WorkingHours | null
  timezone: string | null
  problem: string | undefined
  onChange(hours: WorkingHours | null): void
}

/** When people answer: always, or a week with its holidays. */
export function HoursField({ hours, timezone, problem, onChange }: HoursFieldProps) {
  const t = useText()
  const [last, setLast] = useState(hours ?? USUAL_WEEK)
  const isOpen = hours !== null && timezone !== null && closedPeriodAt(hours, timezone, new Date()) === null
  return (
    <section className="grid gap-3">
      <h2>{t('hours.hours')}</h2>
      <Check
        label={t('hours.hours.on')}
        checked={hours !== null}
        onChange={({ target }) => {
          if (hours) setLast(hours)
          onChange(target.checked ? last : null)
        }}
      />
      {hours === null && <p className="text-ink-2">{t('hours.always.hint')}</p>}
      {hours !== null && (
        <>
          {timezone !== null && (
            <p className="text-ink-2">
              <Text
                id="hours.zone"
                values={{
                  zone: (
                    <bdi dir="ltr" className="weight-name">
                      {timezone}
                    </bdi>
                  ),
                }}
              />{' '}
              {t(isOpen ? 'hours.now.open' : 'hours.now.closed')}{' '}
              <Link to="/settings" search={{ section: 'company' }} className="text-brand underline">
                {t('hours.zone.change')}
              </Link>
            </p>
          )}
          <Week hours={hours} onChange={onChange} />
          <Holidays dates={hours.holidays} onChange={holidays => onChange({ ...hours, holidays })} />
          {problem && (
            <p className="flex gap-1.5 text-fail">
              <Icon of={FailIcon} size={16} className="mt-0.5" />
              <bdi dir="ltr">{problem}</bdi>
            </p>
          )}
        </>
      )}
    </section>
  )
}

function Week({ hours, onChange }: { hours: WorkingHours; onChange(hours: WorkingHours): void }) {
  const t = useText()
  const { i18n } = useLingui()
  const put = (one: Interval, other: Interval | null) =>
    onChange({ ...hours, intervals: hours.intervals.flatMap(known => (known === one ? (other ?? []) : known)) })
  return (
    <div className="grid gap-2">
      <ul className="border-b border-line">
        {DAYS.map(day => (
          <li
            key={day}
            className="grid grid-cols-[7rem_minmax(0,1fr)] items-start gap-x-3 border-t border-line py-1.5 max-two:grid-cols-1"
          >
            <p className="weight-name pt-1.5">{dayName(day, i18n.locale)}</p>
            <div className="grid justify-items-start gap-1">
              {hours.intervals.every(one => one.day !== day) && <p className="pt-1.5 text-ink-3">{t('hours.closed')}</p>}
              {hours.intervals.map((one, i) =>
                one.day === day ? (
                  <IntervalFields
                    // biome-ignore lint/suspicious/noArrayIndexKey: an interval is its place
                    key={i}
                    one={one}
                    isWrong={isWrong(hours, one)}
                    onChange={other => put(one, other)}
                  />
                ) : null,
              )}
              <Button
                kind="quiet"
                icon={PlusIcon}
                aria-label={t('hours.add.of', { day: dayName(day, i18n.locale) })}
                onClick={() => onChange(addInterval(hours, day))}
              >
                {t('hours.add')}
              </Button>
            </div>
          </li>
        ))}
      </ul>
      <div>
        <Button onClick={() => onChange(mondayToFriday(hours))}>{t('hours.copy')}</Button>
      </div>
    </div>
  )
}

interface IntervalFieldsProps {
  one: Interval
  isWrong: boolean
  onChange(one: Interval | null): void
}

/** From and to of an interval. A day ends at 24:00, which fields of time write as 00:00. */
function IntervalFields({ one, isWrong, onChange }: IntervalFieldsProps) {
  const t = useText()
  const { i18n } = useLingui()
  const day = dayName(one.day, i18n.locale)
  return (
    <div className="grid w-full gap-1">
      <div className="flex items-center gap-2">
        <Input
          type="time"
          required
          dir="ltr"
          className="max-w-32"
          aria-label={t('hours.from.of', { day })}
          aria-invalid={isWrong || undefined}
          value={one.from}
          onChange={({ target }) => onChange({ ...one, from: target.value })}
        />
        <span aria-hidden="true">–</span>
        <Input
          type="time"
          required
          dir="ltr"
          className="max-w-32"
          aria-label={t('hours.to.of', { day })}
          aria-invalid={isWrong || undefined}
          value={one.to === '24:00' ? '00:00' : one.to}
          onChange={({ target }) => onChange({ ...one, to: target.value === '00:00' ? '24:00' : target.value })}
        />
        <IconButton icon={TrashIcon} label={t('hours.remove.of', { day })} onClick={() => onChange(null)} />
      </div>
      {isWrong && <p className="text-fail">{t('hours.wrong')}</p>}
    </div>
  )
}
