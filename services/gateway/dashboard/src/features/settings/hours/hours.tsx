import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { type NumberView, nameOfNumber, numbersQuery } from '../../../lib/data/numbers.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { buttonClass } from '../../../ui/button.tsx'
import { Field, Select } from '../../../ui/field.tsx'
import { NumbersIcon } from '../../../ui/icons.tsx'
import { Bone, Empty, ErrorRow } from '../../../ui/states.tsx'
import { companyQuery } from '../data.ts'
import { AnswersForm } from './answers-form.tsx'
import { answersQuery } from './data.ts'

/** When do people answer at each number, and what is said by itself? */
export default function Hours() {
  const t = useText()
  const { open } = useSearch({ from: '/shell/settings' })
  const { data, error, refetch } = useQuery(numbersQuery)
  const chosen = data?.find(({ id }) => id === open) ?? data?.[0]
  return (
    <div className="grid gap-5">
      <p className="max-w-[40rem] text-ink-2">{t('hours.text')}</p>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('hours.numbers.failed')}
        </ErrorRow>
      )}
      {!data && !error && <Bone width="100%" height="12rem" />}
      {data?.length === 0 && (
        <Empty
          icon={NumbersIcon}
          title={t('hours.none')}
          text={t('hours.none.text')}
          action={
            <Link to="/numbers" className={buttonClass({})}>
              {t('hours.none.action')}
            </Link>
          }
        />
      )}
      {data && chosen && data.length > 1 && <NumberField numbers={data} chosen={chosen} />}
      {chosen && <OfNumber key={chosen.id} number={chosen} />}
    </div>
  )
}

function NumberField({ numbers, chosen }: { numbers: readonly NumberView[]; chosen: NumberView }) {
  const t = useText()
  const navigate = useNavigate()
  return (
    <div className="max-w-[40rem]">
      <Field label={t('hours.number')}>
        {ids => (
          <Select
            {...ids}
            value={chosen.id}
            onChange={({ target }) => void navigate({ to: '/settings', search: { section: 'hours', open: target.value } })}
          >
            {numbers.map(number => (
              <option key={number.id} value={number.id}>
                {nameOfNumber(number)}
              </option>
            ))}
          </Select>
        )}
      </Field>
    </div>
  )
}

function OfNumber({ number }: { number: NumberView }) {
  const t = useText()
  const { data, error, refetch } = useQuery(answersQuery(number.id))
  const { data: company } = useQuery(companyQuery)
  if (!data && !error) return <Bone width="100%" height="20rem" />
  return (
    <>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('hours.failed')}
        </ErrorRow>
      )}
      {data && <AnswersForm number={number} shown={data} timezone={company?.timezone ?? null} />}
    </>
  )
}
