import { type Translate, useText } from '../../../lib/i18n/text.tsx'
import type { TextId } from '../../../lib/i18n/text-ids.ts'
import { Check, Field, Input, Select } from '../../../ui/field.tsx'
import type { FieldWords } from '../../../ui/form/conflict.tsx'
import type { Draft } from '../../../ui/form/draft.ts'
import { problemAt } from '../../../ui/form/field-problems.ts'
import type { Assignment, CompanySettings } from '../data.ts'
import { SettingsForm } from '../settings-form.tsx'
import { Capacities } from './capacities.tsx'
import { Rules } from './rules.tsx'
import { TemplateField } from './template-field.tsx'

const SWITCHES = ['agentsSeeOwnOnly', 'onlyAssigneeReplies'] as const
const TEMPLATES = ['reengageTemplate', 'initiateTemplate'] as const
const MODES: Record<Assignment['mode'], TextId> = {
  off: 'settings.assignment.off',
  'round-robin': 'settings.assignment.roundRobin',
  'least-busy': 'settings.assignment.leastBusy',
}

/** Who gets a conversation, who sees and answers it, and what opens it again? */
export default function AssignmentPane() {
  const t = useText()
  return (
    <SettingsForm label={t('settings.section.assignment')} fields={wordsOf(t)}>
      {(draft, error) => (
        <>
          <WhoGets draft={draft} error={error} />
          <section className="grid gap-3">
            <h2>{t('assignment.visibility')}</h2>
            {SWITCHES.map(name => (
              <div key={name}>
                <Check
                  label={t(`settings.${name}`)}
                  checked={draft.now[name]}
                  onChange={({ target }) => draft.set({ [name]: target.checked })}
                />
                <p className="ps-6 text-meta text-ink-3">{t(`settings.${name}.hint`)}</p>
              </div>
            ))}
          </section>
          <section className="grid gap-3">
            <h2>{t('assignment.templates')}</h2>
            {TEMPLATES.map(name => (
              <TemplateField
                key={name}
                name={name}
                chosen={draft.now[name]}
                problem={problemAt(error, name)}
                onChange={template => draft.set({ [name]: template })}
              />
            ))}
          </section>
        </>
      )}
    </SettingsForm>
  )
}

function WhoGets({ draft: { now, set }, error }: { draft: Draft<CompanySettings>; error: unknown }) {
  const t = useText()
  const { assignment } = now
  const put = (part: Partial<Assignment>) => set({ assignment: { ...assignment, ...part } })
  const isOn = assignment.mode !== 'off'
  return (
    <section className="grid gap-4">
      <h2>{t('assignment.who')}</h2>
      <Field label={t('settings.assignment')} hint={t('settings.assignment.hint')} problem={problemAt(error, 'assignment')}>
        {ids => (
          <Select {...ids} value={assignment.mode} onChange={({ target }) => put({ mode: target.value as Assignment['mode'] })}>
            {Object.entries(MODES).map(([mode, text]) => (
              <option key={mode} value={mode}>
                {t(text)}
              </option>
            ))}
          </Select>
        )}
      </Field>
      {isOn && (
        <>
          <div className="grid grid-cols-2 gap-4 max-two:grid-cols-1">
            <CountField
              label={t('assignment.capacity')}
              hint={t('assignment.capacity.hint')}
              most={10_000}
              value={assignment.capacity}
              onChange={capacity => put({ capacity })}
            />
            <CountField
              label={t('assignment.giveBack')}
              hint={t('assignment.giveBack.hint')}
              most={1440}
              value={assignment.giveBackMinutes}
              onChange={giveBackMinutes => put({ giveBackMinutes })}
            />
          </div>
          <Capacities
            capacities={assignment.capacities}
            usual={assignment.capacity}
            onChange={capacities => put({ capacities })}
          />
          <Rules rules={assignment.rules} onChange={rules => put({ rules })} />
        </>
      )}
    </section>
  )
}

interface CountFieldProps {
  label: string
  hint: string
  most: number
  value: number | null
  onChange(value: number | null): void
}

/** A whole number, or nothing. */
function CountField({ label, hint, most, value, onChange }: CountFieldProps) {
  return (
    <Field label={label} hint={hint}>
      {ids => (
        <Input
          {...ids}
          type="number"
          min={1}
          max={most}
          value={value ?? ''}
          onChange={({ target }) => onChange(target.value === '' ? null : target.valueAsNumber)}
        />
      )}
    </Field>
  )
}

const wordsOf = (t: Translate): FieldWords<CompanySettings>[] => [
  {
    name: 'assignment',
    label: t('settings.section.assignment'),
    show: ({ assignment: { mode, capacity, rules, giveBackMinutes } }) =>
      [
        t(MODES[mode]),
        `${t('assignment.capacity')}: ${capacity ?? '–'}`,
        `${t('assignment.giveBack')}: ${giveBackMinutes ?? '–'}`,
        `${t('assignment.rules')}: ${rules.length}`,
      ].join(' · '),
  },
  ...SWITCHES.map(name => ({
    name,
    label: t(`settings.${name}`),
    show: (settings: CompanySettings) => t(settings[name] ? 'settings.on' : 'settings.off'),
  })),
  ...TEMPLATES.map(name => ({
    name,
    label: t(`assignment.${name}`),
    show: (settings: CompanySettings) => settings[name]?.name ?? '–',
  })),
]
