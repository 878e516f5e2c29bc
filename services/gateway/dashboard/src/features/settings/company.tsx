import { type Translate, useText } from '../../lib/i18n/text.tsx'
import { Check, Field, Input, Select, TextArea } from '../../ui/field.tsx'
import type { FieldWords } from '../../ui/form/conflict.tsx'
import { problemAt } from '../../ui/form/field-problems.ts'
import type { CompanySettings } from './data.ts'
import { SettingsForm } from './settings-form.tsx'

const SWITCHES = ['sendReadReceipts', 'leadsEnabled', 'requireSecondFactor'] as const

/** What holds for everybody of the company. */
export function Company() {
  const t = useText()
  return (
    <SettingsForm label={t('settings.section.company')} fields={wordsOf(t)}>
      {({ now, set }, error) => (
        <>
          <div className="grid gap-3">
            {SWITCHES.map(name => (
              <div key={name}>
                <Check
                  label={t(`settings.${name}`)}
                  checked={now[name]}
                  onChange={({ target }) => set({ [name]: target.checked })}
                />
                <p className="ps-6 text-meta text-ink-3">{t(`settings.${name}.hint`)}</p>
              </div>
            ))}
          </div>
          <div className="grid grid-cols-2 gap-4 max-two:grid-cols-1">
            <Field label={t('settings.timezone')} problem={problemAt(error, 'timezone')}>
              {ids => (
                <Input
                  {...ids}
                  required
                  dir="ltr"
                  value={now.timezone}
                  onChange={({ target }) => set({ timezone: target.value })}
                />
              )}
            </Field>
            <Field label={t('settings.maxWait')} hint={t('settings.maxWait.hint')} problem={problemAt(error, 'maxWaitHours')}>
              {ids => (
                <Input
                  {...ids}
                  required
                  type="number"
                  min={1}
                  max={720}
                  value={Number.isNaN(now.maxWaitHours) ? '' : now.maxWaitHours}
                  onChange={({ target }) => set({ maxWaitHours: target.valueAsNumber })}
                />
              )}
            </Field>
          </div>
          <Field
            label={t('settings.unknownOutcome')}
            hint={t('settings.unknownOutcome.hint')}
            problem={problemAt(error, 'unknownOutcome')}
          >
            {ids => (
              <Select
                {...ids}
                value={now.unknownOutcome}
                onChange={({ target }) => set({ unknownOutcome: target.value === 'retry' ? 'retry' : 'fail' })}
              >
                <option value="fail">{t('settings.unknownOutcome.fail')}</option>
                <option value="retry">{t('settings.unknownOutcome.retry')}</option>
              </Select>
            )}
          </Field>
          <Field label={t('settings.stopWords')} hint={t('settings.stopWords.hint')} problem={problemAt(error, 'stopWords')}>
            {ids => (
              <TextArea
                {...ids}
                dir="auto"
                rows={4}
                value={now.stopWords.join('\n')}
                onChange={({ target }) => set({ stopWords: target.value.split('\n') })}
              />
            )}
          </Field>
        </>
      )}
    </SettingsForm>
  )
}

const wordsOf = (t: Translate): FieldWords<CompanySettings>[] => [
  ...SWITCHES.map(name => ({
    name,
    label: t(`settings.${name}`),
    show: (settings: CompanySettings) => t(settings[name] ? 'settings.on' : 'settings.off'),
  })),
  { name: 'timezone', label: t('settings.timezone'), show: ({ timezone }) => timezone },
  { name: 'maxWaitHours', label: t('settings.maxWait'), show: ({ maxWaitHours }) => String(maxWaitHours) },
  {
    name: 'unknownOutcome',
    label: t('settings.unknownOutcome'),
    show: ({ unknownOutcome }) => t(`settings.unknownOutcome.${unknownOutcome}`),
  },
  { name: 'stopWords', label: t('settings.stopWords'), show: ({ stopWords }) => stopWords.join(', ') },
]
