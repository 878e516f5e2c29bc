import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { colleaguesQuery } from '../../lib/data/inbox-aids.ts'
import { nameOfNumber, useNumbers } from '../../lib/data/numbers.ts'
import { useFormat } from '../../lib/i18n/format.ts'
import { Text, useText } from '../../lib/i18n/text.tsx'
import { IconButton } from '../../ui/button.tsx'
import { CloseIcon } from '../../ui/icons.tsx'
import { type MessagesReport, messagesAsked, type Narrowed, reportQuery } from './data.ts'
import { type AnalyticsSearch, type Days, PERIODS, readAnalyticsSearch, withDay } from './search.ts'

const SELECT =
  'min-h-(--control) max-w-52 rounded-2 border border-line-strong bg-raised px-2 text-ui text-ink pointer-coarse:text-[1rem]'

/** The period and the filters; all are in the address. */
export function Head({ narrowed }: { narrowed: Narrowed | null }) {
  const t = useText()
  const { data } = useQuery({
    ...reportQuery<MessagesReport>(messagesAsked(narrowed ?? { days: {} }, 'day')),
    enabled: narrowed !== null,
  })
  const search = useSearch({ from: '/shell/analytics' })
  const change = useChange()
  return (
    <header className="grid gap-2">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <h1>{t('app.nav.analytics')}</h1>
        <search className="flex flex-wrap items-center gap-2">
          <PeriodSelect search={search} shown={data} onChange={change} />
          <NumberSelect chosen={search.number} onChange={number => change({ number })} />
          <AgentSelect chosen={search.agent} onChange={agent => change({ agent })} />
          <TemplateSelect narrowed={narrowed} chosen={search.template} onChange={template => change({ template })} />
          {(search.number || search.agent || search.template) && (
            <IconButton
              icon={CloseIcon}
              label={t('analytics.filter.clear')}
              onClick={() => change({ number: undefined, agent: undefined, template: undefined })}
            />
          )}
        </search>
      </div>
      <p className="min-h-4 text-meta text-ink-3">{data && <Counted head={data} />}</p>
    </header>
  )
}

function Counted({ head: { timezone, countedAt, isRebuilding } }: { head: MessagesReport }) {
  const t = useText()
  const { seconds } = useFormat()
  return (
    <>
      <Text id="analytics.zone" values={{ zone: timezone.replaceAll('_', ' ') }} />{' '}
      {countedAt === null ? (
        <span className="text-time">{t('analytics.building')}</span>
      ) : (
        <Text id="analytics.countedAt" values={{ at: seconds(countedAt) }} />
      )}{' '}
      {countedAt !== null && isRebuilding && <span className="text-time">{t('analytics.rebuilding')}</span>}
    </>
  )
}

type Change = { [Name in keyof AnalyticsSearch]?: AnalyticsSearch[Name] | undefined }

function useChange() {
  const navigate = useNavigate({ from: '/analytics' })
  // What is undefined is left out by reading it again.
  return (change: Change) => void navigate({ search: before => readAnalyticsSearch({ ...before, ...change }), replace: true })
}

interface PeriodProps {
  search: AnalyticsSearch
  /** Days that are shown. */
  shown: Days | undefined
  onChange(change: Change): void
}

function PeriodSelect({ search: { days, from, to }, shown, onChange }: PeriodProps) {
  const t = useText()
  const isOwn = from !== undefined && to !== undefined
  const own = isOwn ? { from, to } : null
  return (
    <>
      <select
        aria-label={t('analytics.period')}
        value={own ? 'own' : String(days ?? 30)}
        onChange={({ target: { value } }) => {
          if (value !== 'own') onChange({ days: Number(value) as 7, from: undefined, to: undefined })
          else if (shown) onChange({ from: shown.from, to: shown.to, days: undefined })
        }}
        className={SELECT}
      >
        {PERIODS.map(period => (
          <option key={period} value={period}>
            {t('analytics.period.days', { n: period })}
          </option>
        ))}
        <option value="own">{t('analytics.period.own')}</option>
      </select>
      {own && (
        <span className="flex flex-wrap items-center gap-2">
          {(['from', 'to'] as const).map(end => (
            <input
              key={end}
              type="date"
              required
              aria-label={t(`analytics.period.${end}`)}
              value={own[end]}
              onChange={({ target: { value } }) => value && onChange(withDay(own, end, value))}
              className={SELECT}
            />
          ))}
        </span>
      )}
    </>
  )
}

interface FilterProps {
  chosen: string | undefined
  onChange(chosen: string | undefined): void
}

function Choice({
  label,
  all,
  chosen,
  options,
  onChange,
}: FilterProps & { label: string; all: string; options: readonly (readonly [value: string, text: string])[] }) {
  // What the address says is in force, also where it is not among the choices any more.
  const isKnown = chosen === undefined || options.some(([value]) => value === chosen)
  return (
    <select
      aria-label={label}
      value={chosen ?? ''}
      onChange={({ target: { value } }) => onChange(value || undefined)}
      className={SELECT}
    >
      <option value="">{all}</option>
      {!isKnown && <option value={chosen}>{chosen}</option>}
      {options.map(([value, text]) => (
        <option key={value} value={value}>
          {text}
        </option>
      ))}
    </select>
  )
}

function NumberSelect(props: FilterProps) {
  const t = useText()
  const numbers = useNumbers() ?? []
  if (numbers.length < 2 && props.chosen === undefined) return null
  const options = numbers.map(number => [number.id, nameOfNumber(number)] as const)
  return <Choice {...props} label={t('analytics.by.number')} all={t('analytics.filter.numbers')} options={options} />
}

function AgentSelect(props: FilterProps) {
  const t = useText()
  const { data = [] } = useQuery(colleaguesQuery)
  const options = data.map(({ id, name }) => [id, name] as const)
  return <Choice {...props} label={t('analytics.by.agent')} all={t('analytics.filter.agents')} options={options} />
}

/** Templates that went out in the period. */
function TemplateSelect({ narrowed, ...props }: FilterProps & { narrowed: Narrowed | null }) {
  const t = useText()
  const asked = messagesAsked({ days: {}, ...narrowed, template: undefined }, 'template')
  const { data } = useQuery({ ...reportQuery<MessagesReport>(asked), enabled: narrowed !== null })
  const options = (data?.data ?? []).flatMap(({ key }) => (key === null ? [] : [[key, key] as const]))
  return (
    <Choice {...props} label={t('analytics.by.template')} all={t('analytics.filter.templates')} options={options.toSorted()} />
  )
}
