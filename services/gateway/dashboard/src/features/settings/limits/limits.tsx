import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { request } from '../../../lib/api/client.ts'
import { type Formats, useFormat } from '../../../lib/i18n/format.ts'
import { Text, type Translate, useText } from '../../../lib/i18n/text.tsx'
import { Field, Input } from '../../../ui/field.tsx'
import type { FieldWords } from '../../../ui/form/conflict.tsx'
import { useDraft } from '../../../ui/form/draft.ts'
import { DraftForm } from '../../../ui/form/draft-form.tsx'
import { problemAt } from '../../../ui/form/field-problems.ts'
import { Bone, ErrorRow } from '../../../ui/states.tsx'
import { type Limits, limitsQuery, type OwnLimit, onlyChanged, type ShownLimits } from './data.ts'
import { LimitsEffect } from './effect.tsx'

const OWN = ['messagesPerMinute', 'messagesPerDay'] as const
const MOST = { messagesPerMinute: 1_000_000, messagesPerDay: 100_000_000 }

/** How fast may we send, all together and from each number? */
export default function LimitsPane() {
  const t = useText()
  const { data, error, refetch } = useQuery(limitsQuery)
  return (
    <>
      <p className="max-w-[40rem] text-ink-2">{t('limits.text')}</p>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('limits.failed')}
        </ErrorRow>
      )}
      {!data && !error && <Bone width="100%" height="12rem" />}
      {data && <LimitsForm shown={data} />}
    </>
  )
}

function LimitsForm({ shown }: { shown: ShownLimits }) {
  const t = useText()
  const format = useFormat()
  const queries = useQueryClient()
  const draft = useDraft(limitsOf(shown))
  const save = useMutation({
    mutationFn: ({ change, expected }: { change: Partial<Limits>; expected: Partial<Limits> }) =>
      request<ShownLimits>('PUT', '/limits', { body: onlyChanged(change, expected) }),
    onSuccess: saved => queries.setQueryData(limitsQuery.queryKey, saved),
  })
  const { now, set } = draft
  const setNumber = (id: string, maxPerSecond: number | null) =>
    set({ numbers: now.numbers.map(one => (one.id === id ? { id, maxPerSecond } : one)) })
  return (
    <DraftForm
      label={t('settings.section.limits')}
      draft={draft}
      fields={wordsOf(t, format, shown)}
      error={save.error}
      isBusy={save.isPending}
      onSave={(change, expected) => save.mutate({ change, expected }, { onSuccess: () => draft.undo() })}
      onCurrent={() => {
        void queries.invalidateQueries({ queryKey: limitsQuery.queryKey })
        save.reset()
      }}
    >
      <div className="grid grid-cols-2 gap-4 max-two:grid-cols-1">
        {OWN.map(name => (
          <RateField
            key={name}
            label={t(`limits.${name}`)}
            hint={<OwnHint limit={shown[name]} />}
            problem={problemAt(save.error, name)}
            least={1}
            step={1}
            most={shown[name].ceiling ?? MOST[name]}
            value={now[name]}
            onChange={value => set({ [name]: value })}
          />
        ))}
      </div>
      <section className="grid gap-3">
        <h2>{t('limits.numbers')}</h2>
        {shown.numbers.length === 0 && <p className="text-ink-2">{t('limits.numbers.none')}</p>}
        {shown.numbers.map(({ id, whatsappNumber, throughput }) => (
          <RateField
            key={id}
            label={t('limits.maxPerSecond', { number: `\u2066${whatsappNumber ?? id}\u2069` })}
            hint={<Text id="limits.maxPerSecond.hint" values={{ count: format.number(throughput) }} />}
            problem={problemAt(save.error, 'numbers')}
            least={0.1}
            step="any"
            most={1000}
            value={now.numbers.find(one => one.id === id)?.maxPerSecond ?? null}
            onChange={value => setNumber(id, value)}
          />
        ))}
      </section>
      <LimitsEffect change={onlyChanged(draft.change(), draft.expected())} />
    </DraftForm>
  )
}

interface RateFieldProps {
  label: string
  hint: ReactNode
  problem: string | undefined
  least: number
  most: number
  step: number | 'any'
  value: number | null
  onChange(value: number | null): void
}

function RateField({ label, hint, problem, least, most, step, value, onChange }: RateFieldProps) {
  const t = useText()
  return (
    <Field label={label} hint={hint} problem={problem}>
      {ids => (
        <Input
          {...ids}
          type="number"
          dir="ltr"
          min={least}
          max={most}
          step={step}
          placeholder={t('limits.none')}
          value={value ?? ''}
          onChange={({ target }) => onChange(target.value === '' ? null : target.valueAsNumber)}
        />
      )}
    </Field>
  )
}

/** What is used of it now, and what the platform allows at most. */
function OwnHint({ limit: { used, ceiling } }: { limit: OwnLimit }) {
  const t = useText()
  const { number } = useFormat()
  return (
    <>
      {used !== null && (
        <>
          <Text id="limits.used" values={{ count: number(used) }} />{' '}
        </>
      )}
      {ceiling === null ? t('limits.ceiling.none') : <Text id="limits.ceiling" values={{ count: number(ceiling) }} />}
    </>
  )
}

const limitsOf = ({ messagesPerMinute, messagesPerDay, numbers }: ShownLimits): Limits => ({
  messagesPerMinute: messagesPerMinute.own,
  messagesPerDay: messagesPerDay.own,
  numbers: numbers.map(({ id, maxPerSecond }) => ({ id, maxPerSecond })),
})

const wordsOf = (t: Translate, { number, list }: Formats, shown: ShownLimits): FieldWords<Limits>[] => [
  ...OWN.map(name => ({
    name,
    label: t(`limits.${name}`),
    show: (limits: Limits) => (limits[name] === null ? t('limits.none') : number(limits[name])),
  })),
  {
    name: 'numbers',
    label: t('limits.numbers'),
    show: ({ numbers }) =>
      list(
        numbers.map(({ id, maxPerSecond }) => {
          const name = shown.numbers.find(one => one.id === id)?.whatsappNumber ?? id
          return `\u2066${name}\u2069: ${maxPerSecond === null ? t('limits.none') : number(maxPerSecond)}`
        }),
      ),
  },
]
