import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useText } from '../../lib/i18n/text.tsx'
import type { TextId } from '../../lib/i18n/text-ids.ts'
import { Button } from '../../ui/button.tsx'
import { Check, Field, Input, Select, TextArea } from '../../ui/field.tsx'
import { Refused } from '../../ui/refused.tsx'
import { Bone, ErrorRow } from '../../ui/states.tsx'
import { type CompanySettings, changeCompany, companyQuery, useSettingsChange } from './data.ts'

/** What holds for everybody of the company. */
export function Company() {
  const t = useText()
  const { data, error, refetch } = useQuery(companyQuery)
  return (
    <>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('settings.company.failed')}
        </ErrorRow>
      )}
      {!data && !error && <Bone width="100%" height="12rem" />}
      {data && <CompanyForm key={JSON.stringify(data)} settings={data} />}
    </>
  )
}

const SWITCHES = ['agentsSeeOwnOnly', 'onlyAssigneeReplies', 'sendReadReceipts', 'leadsEnabled', 'requireSecondFactor'] as const
type Mode = CompanySettings['assignment']['mode']
const MODES: readonly { mode: Mode; text: TextId }[] = [
  { mode: 'off', text: 'settings.assignment.off' },
  { mode: 'round-robin', text: 'settings.assignment.roundRobin' },
  { mode: 'least-busy', text: 'settings.assignment.leastBusy' },
]

function CompanyForm({ settings }: { settings: CompanySettings }) {
  const t = useText()
  const [edited, setEdited] = useState<Partial<CompanySettings>>({})
  const change = useSettingsChange(changeCompany)
  const now = { ...settings, ...edited }
  const isEdited = Object.keys(edited).length > 0
  const set = (part: Partial<CompanySettings>) => setEdited(before => ({ ...before, ...part }))
  return (
    <form
      className="grid max-w-[40rem] gap-5"
      onSubmit={event => {
        event.preventDefault()
        if (isEdited && !change.isPending) change.mutate(edited)
      }}
    >
      <div className="grid gap-3">
        {SWITCHES.map(name => (
          <div key={name}>
            <Check label={t(`settings.${name}`)} checked={now[name]} onChange={event => set({ [name]: event.target.checked })} />
            <p className="ps-6 text-meta text-ink-3">{t(`settings.${name}.hint`)}</p>
          </div>
        ))}
      </div>
      <Field label={t('settings.assignment')} hint={t('settings.assignment.hint')}>
        {ids => (
          <Select
            {...ids}
            value={now.assignment.mode}
            onChange={({ target }) => set({ assignment: { ...now.assignment, mode: target.value as Mode } })}
          >
            {MODES.map(({ mode, text }) => (
              <option key={mode} value={mode}>
                {t(text)}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <div className="grid grid-cols-2 gap-4 max-two:grid-cols-1">
        <Field label={t('settings.timezone')}>
          {ids => (
            <Input {...ids} required dir="ltr" value={now.timezone} onChange={event => set({ timezone: event.target.value })} />
          )}
        </Field>
        <Field label={t('settings.maxWait')} hint={t('settings.maxWait.hint')}>
          {ids => (
            <Input
              {...ids}
              required
              type="number"
              min={1}
              max={720}
              value={now.maxWaitHours}
              onChange={event => set({ maxWaitHours: event.target.valueAsNumber })}
            />
          )}
        </Field>
      </div>
      <Ceiling settings={now} set={set} />
      <Field label={t('settings.stopWords')} hint={t('settings.stopWords.hint')}>
        {ids => (
          <TextArea
            {...ids}
            dir="auto"
            rows={4}
            value={now.stopWords.join('\n')}
            onChange={event => set({ stopWords: event.target.value.split('\n') })}
          />
        )}
      </Field>
      <Refused error={change.error} />
      {isEdited && (
        <div className="sticky bottom-0 flex gap-2 border-t border-line bg-desk py-3">
          <Button type="submit" kind="primary" busy={change.isPending}>
            {t('settings.save')}
          </Button>
          <Button onClick={() => setEdited({})}>{t('settings.undo')}</Button>
        </div>
      )}
    </form>
  )
}

/** Most that messages may cost in a month; nothing: no bound. */
function Ceiling({ settings, set }: { settings: CompanySettings; set(part: Partial<CompanySettings>): void }) {
  const t = useText()
  const { spendCeiling, currency } = settings
  return (
    <Field
      label={t('settings.ceiling')}
      aside={spendCeiling?.of !== 'metaCost' && <bdi dir="ltr">{currency}</bdi>}
      hint={t('settings.ceiling.hint')}
    >
      {ids => (
        <Input
          {...ids}
          type="number"
          min={0}
          step="any"
          max={1_000_000_000}
          value={spendCeiling?.amount ?? ''}
          onChange={({ target: { value, valueAsNumber } }) =>
            set({ spendCeiling: value === '' ? null : { ...spendCeiling, amount: valueAsNumber } })
          }
        />
      )}
    </Field>
  )
}
