import { useLingui } from '@lingui/react'
import { useQueryClient } from '@tanstack/react-query'
import { type NumberView, nameOfNumber } from '../../../lib/data/numbers.ts'
import { type Formats, useFormat } from '../../../lib/i18n/format.ts'
import { Text, type Translate, useText } from '../../../lib/i18n/text.tsx'
import { Field, Input } from '../../../ui/field.tsx'
import type { FieldWords } from '../../../ui/form/conflict.tsx'
import { useDraft } from '../../../ui/form/draft.ts'
import { DraftForm } from '../../../ui/form/draft-form.tsx'
import { problemAt } from '../../../ui/form/field-problems.ts'
import { AnswerField } from './answer-field.tsx'
import { type Answers, answersQuery, type ShownAnswers, useAnswersChange } from './data.ts'
import { HoursField } from './hours-field.tsx'
import { weekInWords } from './week.ts'

interface AnswersFormProps {
  number: NumberView
  shown: ShownAnswers
  /** Of the account; null while it is not known. */
  timezone: string | null
}

export function AnswersForm({ number, shown, timezone }: AnswersFormProps) {
  const t = useText()
  const format = useFormat()
  const { i18n } = useLingui()
  const queries = useQueryClient()
  const { greeting, away, hours, monthlyCap, price } = shown
  const draft = useDraft<Answers>({ greeting, away, hours, monthlyCap })
  const save = useAnswersChange(number.id)
  const { now } = draft
  return (
    <DraftForm
      label={t('hours.of', { name: nameOfNumber(number) })}
      draft={draft}
      fields={wordsOf(t, format, i18n.locale, price.currency)}
      error={save.error}
      isBusy={save.isPending}
      onSave={(change, expected) => save.mutate({ change, expected }, { onSuccess: () => draft.undo() })}
      onCurrent={current => {
        queries.setQueryData(answersQuery(number.id).queryKey, { ...shown, ...current })
        save.reset()
      }}
    >
      <HoursField
        hours={now.hours}
        timezone={timezone}
        problem={problemAt(save.error, 'hours')}
        onChange={hours => draft.set({ hours })}
      />
      <AnswerField
        kind="greeting"
        saved={greeting}
        text={now.greeting}
        problem={problemAt(save.error, 'greeting')}
        onChange={greeting => draft.set({ greeting })}
      />
      <AnswerField
        kind="away"
        saved={away}
        text={now.away}
        problem={problemAt(save.error, 'away')}
        note={now.away !== null && now.hours === null ? t('hours.away.never') : undefined}
        onChange={away => draft.set({ away })}
      />
      <Cost shown={shown} />
      <Field
        label={t('hours.cap', { currency: price.currency })}
        hint={t('hours.cap.hint')}
        problem={problemAt(save.error, 'monthlyCap')}
      >
        {ids => (
          <Input
            {...ids}
            type="number"
            dir="ltr"
            className="max-w-40"
            min={0}
            step="any"
            value={now.monthlyCap ?? ''}
            onChange={({ target }) => draft.set({ monthlyCap: target.value === '' ? null : target.valueAsNumber })}
          />
        )}
      </Field>
    </DraftForm>
  )
}

/** What an answer costs and what that means, and what this month has cost so far. */
function Cost({ shown: { price, spent } }: { shown: ShownAnswers }) {
  const t = useText()
  const { money, number } = useFormat()
  return (
    <section className="grid gap-1">
      <h2>{t('hours.cost')}</h2>
      <p className="figures">
        {price.amount === 0 ? (
          t('hours.cost.free')
        ) : (
          <Text id="hours.cost.each" values={{ price: money(price.amount, price.currency) }} />
        )}
      </p>
      <p className="text-ink-2">{t('hours.cost.meaning')}</p>
      <p className="figures text-ink-2">
        <Text
          id="hours.cost.spent"
          values={{ n: spent.count, count: number(spent.count), amount: money(spent.amount, price.currency) }}
        />
      </p>
    </section>
  )
}

const wordsOf = (t: Translate, { money }: Formats, locale: string, currency: string): FieldWords<Answers>[] => [
  {
    name: 'hours',
    label: t('hours.hours'),
    show: ({ hours }) => (hours === null ? t('hours.always') : [weekInWords(hours, locale), ...hours.holidays].join(' · ')),
  },
  { name: 'greeting', label: t('hours.greeting'), show: ({ greeting }) => greeting ?? t('hours.off') },
  { name: 'away', label: t('hours.away'), show: ({ away }) => away ?? t('hours.off') },
  {
    name: 'monthlyCap',
    label: t('hours.cap', { currency }),
    show: ({ monthlyCap }) => (monthlyCap === null ? t('hours.cap.none') : money(monthlyCap, currency)),
  },
]
